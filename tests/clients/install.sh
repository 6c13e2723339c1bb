#!/usr/bin/env bash
# Installs the clients of package-lock.json and requirements.txt into BUILD/clients and prints that
# folder. Does nothing where they are there already. They need 2 GB.
set -euo pipefail
readonly here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
readonly work="$1/clients"

mkdir -p "$work"
exec 9>"$work/.lock"
flock 9
if ! cat "$here/package-lock.json" "$here/requirements.txt" | cmp --quiet - "$work/.installed"; then
  rm -rf "$work/node_modules" "$work/venv"
  cp "$here/package.json" "$here/package-lock.json" "$work/"
  cd "$work"
  npm ci --no-audit --no-fund --ignore-scripts >&2
  # The package puts the program for this machine in place after it was installed.
  node node_modules/@anthropic-ai/claude-code/install.cjs >&2
  /usr/bin/python3 -m venv venv
  venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: \
    --requirement "$here/requirements.txt" >&2
  cat "$here/package-lock.json" "$here/requirements.txt" >.installed
fi
echo "$work"
