# A7: the flags and the launcher that a packager gives reach the compiler, and nothing lowers or
# replaces them; what a packager switches off is off.
#
#     cmake -DSOURCE=… -DSCRATCH=… -P packager_flags.cmake

function(expect flags environment wanted unwanted)
  file(REMOVE_RECURSE ${SCRATCH})
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env "CXXFLAGS=${environment}"
      ${CMAKE_COMMAND} -S ${SOURCE} -B ${SCRATCH} -G Ninja
      -DPENSTOCK_BUILD_TESTS=OFF -DCMAKE_BUILD_TYPE=Release ${flags}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${SCRATCH}/build.ninja commands)
  file(READ ${SCRATCH}/CMakeFiles/rules.ninja rules)
  string(APPEND commands ${rules})
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
# Debian's flags, with Debian's type of build.
expect("-DCMAKE_BUILD_TYPE=None;-DCMAKE_CXX_COMPILER_LAUNCHER=/usr/bin/env"
  "-g -O2 -fstack-protector-strong -Wp,-D_FORTIFY_SOURCE=3"
  "-O2;_FORTIFY_SOURCE=3;/usr/bin/env /" "_FORTIFY_SOURCE=2;-DNDEBUG;-flto;bin/ccache")
expect("-DPENSTOCK_LTO=OFF;-DPENSTOCK_HARDENING=OFF;-DCMAKE_CXX_COMPILER_LAUNCHER=" ""
  "-O2" "-flto;-fstack-protector;_FORTIFY_SOURCE;bin/ccache")
expect("-DPENSTOCK_LTO=ON;-DCMAKE_BUILD_TYPE=None" "-O2 -D_FORTIFY_SOURCE=3"
  "-flto=auto;_FORTIFY_SOURCE=3" "_FORTIFY_SOURCE=2")
# What is optimised as a whole is compiled file by file: a profile is found by the source's path.
expect("-DCMAKE_UNITY_BUILD=ON" "" "penstock.dir/src/app/main.cc;penstock_core.dir/src/core/"
  "CMakeFiles/penstock.dir/Unity;penstock_core.dir/Unity")
