# Builds for arm64 on another Debian machine, with g++-aarch64-linux-gnu and the libraries' :arm64
# packages. What is built runs under qemu-user-static where the build has to run it.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig)
find_program(PENSTOCK_EMULATOR NAMES qemu-aarch64-static qemu-aarch64)
if(PENSTOCK_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${PENSTOCK_EMULATOR})
endif()
