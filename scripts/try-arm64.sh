#!/usr/bin/env bash
# Builds Penstock for arm64 with Debian's cross compiler, and runs the unit tests of the rooms that
# look into bytes under qemu's user mode: they contain what differs between processors, the scans of
# wire/json and http/characters, which have no vectors on arm64.
#
#     sudo scripts/try-arm64.sh [FOLDER]
#
# Everything happens in a Debian 12 below FOLDER (default: a new folder under /var/tmp), so that
# this machine gets no packages of another architecture. TRY_WORKTREE=1 takes the files of the
# working tree. ARM64_TESTS lists test programs, without their `_tests`; ARM64_OPTIONS has further
# options for CMake, such as -DPENSTOCK_LTO=OFF, which is faster; JOBS is the number of compilers.
set -euo pipefail

readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
readonly root="${PENSTOCK_SYSTEM:-${1:-$(mktemp -d /var/tmp/penstock-arm64.XXXXXX)}}"
readonly tests="${ARM64_TESTS:-core wire http}"
readonly jobs="${JOBS:-$(nproc)}"

. "$tree/scripts/debian-system.sh"
enter_own_namespace "$@"

# The tools for this machine, and the libraries of scripts/packages.txt for the other one.
# Libraries of headers alone are the same for every architecture.
install_packages() {
  local libraries
  if inside test -e /usr/bin/aarch64-linux-gnu-g++; then return; fi
  inside dpkg --add-architecture arm64
  inside apt-get update
  mapfile -t libraries < <(awk '$1 ~ /^(build|test)$/ && $2 ~ /^(lib.*|zlib1g)-dev$/ {
    print $2 ($2 ~ /^(libcli11-dev)$/ ? "" : ":arm64") }' "$tree/scripts/packages.txt")
  inside apt-get install --yes --no-install-recommends cmake ninja-build pkg-config git ccache \
    g++-aarch64-linux-gnu qemu-user-static python3 nlohmann-json3-dev "${libraries[@]}"
}

build() {
  # shellcheck disable=SC2086  # lists of words
  inside cmake -S /penstock -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_TOOLCHAIN_FILE=/penstock/cmake/aarch64-linux-gnu.cmake \
    ${ARM64_OPTIONS:-}
  # shellcheck disable=SC2086
  nice -n 10 chroot "$root" cmake --build /build --parallel "$jobs" --target penstock \
    penstock-sim $(printf '%s_tests ' $tests)
}

# qemu 7.2 does not know epoll_pwait2(): what waits for real sockets cannot run under it.
readonly needs_sockets='ServerTest.*:DrainTest.*'

# One line with its figures for each program; everything only where a test fails.
run_tests() {
  local name log="$root/tmp/test.log" failed=0
  for name in $tests; do
    if inside nice -n 10 qemu-aarch64-static "/build/bin/${name}_tests" \
      --gtest_brief=1 --gtest_filter="-$needs_sockets" >"$log" 2>&1; then
      echo "$name: $(grep '^\[==========\]' "$log" | tail -n 1)"
    else
      tail -n 100 "$log"
      failed=1
    fi
  done
  return "$failed"
}

make_system
install_packages
copy_tree "$tree" /penstock
build
echo "== penstock $(inside qemu-aarch64-static /build/bin/penstock --version) for arm64"
run_tests
