#!/usr/bin/env bash
# Runs the tests of this folder: agents, at their defaults, do a task through BUILD/bin/penstock in
# front of BUILD/bin/penstock-sim, which plays the model.
#
#     tests/clients/run.sh BUILD [more arguments for node --test]
#
# With PENSTOCK_CLIENTS_DIRECT=1 they ask the simulator itself, without Penstock: a way to tell a
# fault of the gateway from one of the set-up.
set -euo pipefail
readonly here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
readonly build="$(cd "$1" && pwd)"
shift

work="$("$here/install.sh" "$build")"
rm -f "$work"/*.mjs "$work"/*.py
cp "$here"/*.mjs "$here"/*.py "$here/../sdk/programs.mjs" "$work/"
cd "$work"
PENSTOCK_BIN_DIR="$build/bin" exec node --test --test-reporter=spec "$@" ./*.test.mjs
