# A program for machines that have none of Debian's libraries (PENSTOCK_SELF_CONTAINED). Only the
# link differs: everything is compiled as it always is, and then linked with what Debian has as an
# archive, and with fmt and spdlog, compiled from Debian's headers. Of simdjson Debian has the
# shared library only: it is found in ../lib beside the program, and so is the C++ runtime, which
# both share. The C library stays the machine's, as look-ups of names load parts of it
# (docs/decisions/0027-what-is-shipped.md).
option(PENSTOCK_SELF_CONTAINED "Link for machines that have none of Debian's libraries" OFF)
if(NOT PENSTOCK_SELF_CONTAINED)
  return()
endif()

set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
set(OPENSSL_USE_STATIC_LIBS ON)

# By the names of the packages' own targets, which dependencies.cmake then does not look for, and
# with the definitions that they have.
add_library(penstock_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/self_contained/fmt.cc)
target_compile_definitions(penstock_fmt PUBLIC FMT_SHARED)
target_link_libraries(penstock_fmt PRIVATE penstock_options)
add_library(fmt::fmt ALIAS penstock_fmt)

add_library(penstock_spdlog STATIC ${CMAKE_CURRENT_LIST_DIR}/self_contained/spdlog.cc)
target_compile_definitions(penstock_spdlog PUBLIC
  SPDLOG_SHARED_LIB SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
target_link_libraries(penstock_spdlog PUBLIC penstock_fmt Threads::Threads
  PRIVATE penstock_options)
add_library(spdlog::spdlog ALIAS penstock_spdlog)

find_library(PENSTOCK_YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
add_library(yaml-cpp STATIC IMPORTED)
set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION ${PENSTOCK_YAML_CPP_ARCHIVE})

# $ORIGIN is the folder of the program itself, wherever the tarball is unpacked.
# From the first link: a path that `cmake --install` would replace has room for the new one after
# it, which the loader reads as the working directory.
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
