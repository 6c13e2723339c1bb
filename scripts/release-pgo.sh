#!/usr/bin/env bash
# Builds the release by a profile: an instrumented build, the load of the benchmark's cells, and the
# build that uses what they showed. Takes two builds and a minute.
#
#     scripts/release-pgo.sh [CMAKE OPTIONS]
#
# The programs are in build-pgo/bin (BUILD=FOLDER: in another, directly in the source folder), the
# profile in build-profile/profile. PROFILE=FOLDER uses that profile instead of training one: of the
# same sources, options and profile comes the same program, byte for byte.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly build="${BUILD:-build-pgo}"
readonly jobs="${JOBS:-$(nproc)}"
readonly programs=(--target penstock penstock-sim penstock-load)

profile="${PROFILE:-}"
if [[ -z "$profile" ]]; then
  profile="$PWD/build-profile/profile"
  cmake --preset release -B build-profile -DPENSTOCK_BUILD_TESTS=OFF "$@" \
    -DPENSTOCK_PROFILE_GENERATE="$profile"
  cmake --build build-profile --parallel "$jobs" "${programs[@]}"
  bench/e2e/train.py --build build-profile --profile "$profile"
fi
cmake --preset release -B "$build" -DPENSTOCK_BUILD_TESTS=OFF "$@" \
  -DPENSTOCK_PROFILE_USE="$(realpath "$profile")"
cmake --build "$build" --parallel "$jobs" "${programs[@]}"
