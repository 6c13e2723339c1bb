# A program for machines that have none of Debian's libraries (PENSTOCK_SELF_CONTAINED): it contains
# what Debian has as an archive or as headers, and finds simdjson, which Debian has as a shared
# library only, in ../lib beside itself. The C library stays the machine's: look-ups of names are
# its business (docs/decisions/0027-what-is-shipped.md).
option(PENSTOCK_SELF_CONTAINED "Link everything but the C library and simdjson statically" OFF)
if(NOT PENSTOCK_SELF_CONTAINED)
  return()
endif()

set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
set(OPENSSL_USE_STATIC_LIBS ON)

# Targets by the names of the packages' own, which dependencies.cmake then does not look for.
find_path(PENSTOCK_FMT_HEADERS fmt/format.h REQUIRED)
add_library(fmt::fmt INTERFACE IMPORTED)
target_include_directories(fmt::fmt INTERFACE ${PENSTOCK_FMT_HEADERS})
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)

add_library(spdlog::spdlog INTERFACE IMPORTED)
target_compile_definitions(spdlog::spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(spdlog::spdlog INTERFACE fmt::fmt Threads::Threads)

find_library(PENSTOCK_YAML_CPP_ARCHIVE libyaml-cpp.a REQUIRED)
add_library(yaml-cpp STATIC IMPORTED)
set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION ${PENSTOCK_YAML_CPP_ARCHIVE})

# $ORIGIN is the folder of the program itself, wherever the tarball is unpacked.
add_link_options(-static-libstdc++ -static-libgcc "LINKER:-rpath,$ORIGIN/../lib")
