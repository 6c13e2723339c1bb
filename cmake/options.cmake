# How every target is compiled. What a packager decides is an option here; the flags, the launcher
# and the build type that the packager gives stay as they are.
option(PENSTOCK_HARDENING "Add stack protectors, _FORTIFY_SOURCE, -z relro and -z now" ON)
set(PENSTOCK_LTO AUTO CACHE STRING
  "Link the shipped programs as a whole, with GCC: ON, OFF, or AUTO (in release builds)")
set_property(CACHE PENSTOCK_LTO PROPERTY STRINGS AUTO ON OFF)

add_library(penstock_options INTERFACE)
target_compile_options(penstock_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wunused)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort() of libstdc++ 12 uses a function of its own that is deprecated, which clang
  # reports. GCC still tells where we use one.
  target_compile_options(penstock_options INTERFACE -Wno-deprecated-declarations)
endif()
if(CMAKE_UNITY_BUILD)
  # One source of a batch may shadow a name of another, or have members in an unnamed namespace. The
  # builds without batches warn where a source does so by itself.
  target_compile_options(penstock_options INTERFACE -Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(penstock_options INTERFACE -Wno-subobject-linkage)
  endif()
endif()
# Library assertions stay on in releases: a failed one is cheaper than a wrong answer.
target_compile_definitions(penstock_options INTERFACE _GLIBCXX_ASSERTIONS)

include(CheckCXXSourceCompiles)
string(TOUPPER "${CMAKE_BUILD_TYPE}" PENSTOCK_BUILD_TYPE)
if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_options INTERFACE
    -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(penstock_options INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
  target_compile_definitions(penstock_options INTERFACE PENSTOCK_SANITIZED)
elseif(PENSTOCK_HARDENING)
  # All library functions are bound at startup (-z now), so calls need no stub.
  target_compile_options(penstock_options INTERFACE -fstack-protector-strong -fno-plt)
  # The level of a packager, or of the compiler itself, stays as it is. Without optimisation there
  # is nothing to fortify, and the C library warns.
  unset(PENSTOCK_TAKES_FORTIFY CACHE)
  set(CMAKE_REQUIRED_FLAGS "${CMAKE_CXX_FLAGS_${PENSTOCK_BUILD_TYPE}}")
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles("
    #if defined(_FORTIFY_SOURCE) || !defined(__OPTIMIZE__)
    #error has a level, or cannot use one
    #endif
    int main() {}" PENSTOCK_TAKES_FORTIFY)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_QUIET)
  if(PENSTOCK_TAKES_FORTIFY)
    target_compile_definitions(penstock_options INTERFACE _FORTIFY_SOURCE=2)
  endif()
  target_link_options(penstock_options INTERFACE -Wl,-z,relro,-z,now)
endif()
target_compile_definitions(penstock_options INTERFACE PENSTOCK_VERSION="${PROJECT_VERSION}")
if(PENSTOCK_BUILD_FUZZERS)
  target_compile_options(penstock_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Tests are compiled once and run once: their compile time counts, not their speed. Optimising the
# checks of a sanitizer takes longer than running them as they are.
if(PENSTOCK_SANITIZE)
  set(PENSTOCK_TEST_OPTIONS -O0)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(PENSTOCK_TEST_OPTIONS -O1)
endif()

# Optimisation across the rooms. The objects of src/ contain both plain code,
# for fast links of the many test programs, and what the link of a shipped program optimises.
set(PENSTOCK_LINKS_AS_A_WHOLE ${PENSTOCK_LTO})
if(PENSTOCK_LTO STREQUAL "AUTO")
  set(PENSTOCK_LINKS_AS_A_WHOLE OFF)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"
      AND NOT PENSTOCK_SANITIZE)
    set(PENSTOCK_LINKS_AS_A_WHOLE ON)
  endif()
elseif(PENSTOCK_LTO AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "PENSTOCK_LTO=ON needs GCC, and the compiler is ${CMAKE_CXX_COMPILER_ID}: "
    "set it to OFF, and give the compiler's own flags in CXXFLAGS and LDFLAGS.")
endif()
if(PENSTOCK_LINKS_AS_A_WHOLE)
  set(PENSTOCK_WHOLE_PROGRAM_OPTIONS -flto=auto -ffat-lto-objects)
  target_link_options(penstock_options INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:PENSTOCK_WHOLE_PROGRAM>>,-flto=auto,-fno-lto>)
  # With GCC's plugin, an archive's index would list symbols that only the whole program has, and a
  # linker without the plugin would load a member repeatedly for them: index without the plugin.
  set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> --plugin none qc <TARGET> <LINK_FLAGS> <OBJECTS>")
  set(CMAKE_CXX_ARCHIVE_FINISH "")
endif()

include(profile)
