# How every target is compiled.
add_library(penstock_options INTERFACE)
target_compile_options(penstock_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wunused)
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
else()
  # All library functions are bound at startup (-z now), so calls need no stub.
  target_compile_options(penstock_options INTERFACE -fstack-protector-strong -fno-plt)
  # The level of a packager, or of the compiler itself, stays as it is.
  unset(PENSTOCK_HAS_FORTIFY CACHE)
  set(CMAKE_REQUIRED_FLAGS "${CMAKE_CXX_FLAGS_${PENSTOCK_BUILD_TYPE}}")
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles("
    #ifndef _FORTIFY_SOURCE
    #error no level
    #endif
    int main() {}" PENSTOCK_HAS_FORTIFY)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_QUIET)
  if(NOT PENSTOCK_HAS_FORTIFY)
    target_compile_definitions(penstock_options INTERFACE
      $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
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

# Optimisation across the rooms, for releases with GCC. The objects of src/ contain both plain code,
# for fast links of the many test programs, and what the link of a shipped program optimises.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"
    AND NOT PENSTOCK_SANITIZE)
  set(PENSTOCK_WHOLE_PROGRAM_OPTIONS -flto=auto -ffat-lto-objects)
  target_link_options(penstock_options INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:PENSTOCK_WHOLE_PROGRAM>>,-flto=auto,-fno-lto>)
  # With GCC's plugin, an archive's index would list symbols that only the whole program has, and a
  # linker without the plugin would load a member repeatedly for them: index without the plugin.
  set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> --plugin none qc <TARGET> <LINK_FLAGS> <OBJECTS>")
  set(CMAKE_CXX_ARCHIVE_FINISH "")
endif()
