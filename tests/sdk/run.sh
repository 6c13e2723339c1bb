#!/usr/bin/env bash
# Runs the Node tests of this folder against the programs in BUILD/bin.
#
#     tests/sdk/run.sh BUILD
#
# They run from a copy in BUILD/sdk, beside the packages of package-lock.json, so that they import
# the clients by name as every user does and the source tree stays clean.
set -euo pipefail
readonly here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
readonly build="$(cd "$1" && pwd)"

work="$("$here/install.sh" "$build")"
rm -f "$work"/*.mjs
cp "$here"/*.mjs "$work/"
cd "$work"
PENSTOCK_BIN_DIR="$build/bin" exec node --test --test-reporter=spec ./*.test.mjs
