#!/usr/bin/env bash
# Runs the tests of this folder: a real llama.cpp server behind BUILD/bin/penstock.
#
#     tests/real/run.sh BUILD [more arguments for pytest]
#
# With PENSTOCK_REAL_DIRECT=1 the same tests ask the real server itself, without Penstock: a way to
# tell a fault of the gateway from one of the set-up.
set -euo pipefail
readonly here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
readonly build="$(mkdir -p "$1" && cd "$1" && pwd)"
shift

# The system's Python, as on a fresh machine; a user's own environment stays untouched.
readonly venv="$build/real/venv"
if ! cmp --quiet "$here/requirements.txt" "$venv/.installed"; then
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/.installed"
fi

node_work="$("$here/../sdk/install.sh" "$build")"
cp "$here"/*.mjs "$node_work/"

export PENSTOCK_BIN_DIR="$build/bin" PENSTOCK_REAL_WORK="$build/real"
export PENSTOCK_REAL_NODE_TEST="$node_work/node_client.mjs" PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" -m pytest -p no:cacheprovider --rootdir "$here" "$here" "$@"
