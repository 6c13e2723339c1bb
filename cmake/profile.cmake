# Profile-guided releases (`make release-pgo`): how the shipped programs are compiled with a
# profile, and how two builds in different folders come to be the same, byte for byte.

set(PENSTOCK_PROFILE_GENERATE "" CACHE PATH
  "Folder that an instrumented program writes its profile to when it ends; empty: not instrumented")
set(PENSTOCK_PROFILE_USE "" CACHE PATH
  "Folder of a profile to optimise by; empty: optimise without one")

if(PENSTOCK_PROFILE_GENERATE AND PENSTOCK_PROFILE_USE)
  message(FATAL_ERROR "A build either writes a profile or uses one: set PENSTOCK_PROFILE_GENERATE "
    "or PENSTOCK_PROFILE_USE, not both.")
endif()
if(PENSTOCK_PROFILE_USE AND NOT IS_DIRECTORY "${PENSTOCK_PROFILE_USE}")
  message(FATAL_ERROR "PENSTOCK_PROFILE_USE: there is no folder ${PENSTOCK_PROFILE_USE}. "
    "`make release-pgo` trains a profile.")
endif()

if(PENSTOCK_PROFILE_GENERATE OR PENSTOCK_PROFILE_USE)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "Profiles are GCC's: clang's have another format. "
      "Unset PENSTOCK_PROFILE_GENERATE and PENSTOCK_PROFILE_USE, or build with GCC.")
  endif()
  # A profile is found by the paths of objects and sources, which must not depend on where it was
  # made: both are made relative to the build, which is then always equally far from the sources.
  cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH parent)
  if(NOT parent STREQUAL PROJECT_SOURCE_DIR)
    message(FATAL_ERROR "A build with a profile lies directly in the source folder, such as "
      "${PROJECT_SOURCE_DIR}/build-pgo, not in ${PROJECT_BINARY_DIR}.")
  endif()
  list(PREPEND CMAKE_CXX_COMPILER_LAUNCHER
    ${PROJECT_SOURCE_DIR}/cmake/relative-paths.sh ${PROJECT_SOURCE_DIR})
  list(APPEND PENSTOCK_WHOLE_PROGRAM_OPTIONS -fprofile-prefix-path=${PROJECT_BINARY_DIR})
endif()
if(PENSTOCK_PROFILE_GENERATE)
  # Several threads count: without atomic counters the counts of a function contradict each other.
  list(APPEND PENSTOCK_WHOLE_PROGRAM_OPTIONS
    -fprofile-generate=${PENSTOCK_PROFILE_GENERATE} -fprofile-update=atomic)
  target_link_options(penstock_options INTERFACE -fprofile-generate)
endif()
if(PENSTOCK_PROFILE_USE)
  # A source that the training never reached has no profile, which is not a mistake. One whose
  # profile is of another text is: -Wcoverage-mismatch stays an error.
  list(APPEND PENSTOCK_WHOLE_PROGRAM_OPTIONS
    -fprofile-use=${PENSTOCK_PROFILE_USE} -Wno-missing-profile)
endif()

# No program says where it was built. The last option that fits a path is the one that counts.
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(penstock_options INTERFACE
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
  # By content, not by chance.
  target_link_options(penstock_options INTERFACE -Wl,--build-id=sha1)
endif()
