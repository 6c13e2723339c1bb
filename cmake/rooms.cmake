# Compiles a target as a part of what is optimised as a whole.
function(penstock_part_of_whole target)
  target_compile_options(${target} PRIVATE ${PENSTOCK_WHOLE_PROGRAM_OPTIONS})
  if(PENSTOCK_WHOLE_PROGRAM_OPTIONS)
    # File by file: the link lays it out by function, and a profile is found by the path of the
    # source, which is absolute in a batch.
    set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  endif()
endfunction()

# A room is a folder of src/ and a library of the same name. It may include only what it links to:
# the list in CMakeLists.txt is the order of ranks, and tests/structure compares the include lines
# with it.
function(penstock_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(penstock_${name} STATIC ${sources})
  target_include_directories(penstock_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  penstock_part_of_whole(penstock_${name})
  target_link_libraries(penstock_${name} PUBLIC penstock_options ${ROOM_LIBRARIES})
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(penstock_${name} PUBLIC penstock_${used})
  endforeach()
endfunction()

# The unit tests of a room: tests/<name>/*_test.cc in one program.
function(penstock_tests name)
  cmake_parse_arguments(TESTS "" "" "USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE
    ${PROJECT_SOURCE_DIR}/tests ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(${name}_tests PRIVATE
    GTest::gmock GTest::gtest_main nlohmann_json::nlohmann_json)
  foreach(used IN LISTS TESTS_USES)
    target_link_libraries(${name}_tests PRIVATE penstock_${used})
  endforeach()
  target_compile_options(${name}_tests PRIVATE ${PENSTOCK_TEST_OPTIONS})
  gtest_discover_tests(${name}_tests DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 300)
endfunction()
