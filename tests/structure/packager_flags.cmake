# A7: the flags that a packager gives reach the compiler, and nothing lowers them.
#
#     cmake -DSOURCE=… -DSCRATCH=… -P packager_flags.cmake

function(expect flags environment wanted unwanted)
  file(REMOVE_RECURSE ${SCRATCH})
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env "CXXFLAGS=${environment}"
      ${CMAKE_COMMAND} -S ${SOURCE} -B ${SCRATCH} -G Ninja
      -DPENSTOCK_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Release ${flags}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${SCRATCH}/compile_commands.json commands)
  foreach(flag IN LISTS wanted)
    if(NOT commands MATCHES "${flag}")
      message(SEND_ERROR "with '${flags}' and CXXFLAGS='${environment}': no ${flag}")
    endif()
  endforeach()
  foreach(flag IN LISTS unwanted)
    if(commands MATCHES "${flag}")
      message(SEND_ERROR "with '${flags}' and CXXFLAGS='${environment}': has ${flag}")
    endif()
  endforeach()
endfunction()

expect("" "" "-O2;-DNDEBUG;_FORTIFY_SOURCE=2" "-O3")
expect("-DCMAKE_CXX_FLAGS_RELEASE=-O3 -D_FORTIFY_SOURCE=3" "" "-O3;_FORTIFY_SOURCE=3"
  "-O2;_FORTIFY_SOURCE=2")
expect("" "-O3 -Wp,-D_FORTIFY_SOURCE=3" "-O3;_FORTIFY_SOURCE=3" "-O2;_FORTIFY_SOURCE=2")
