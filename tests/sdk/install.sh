#!/usr/bin/env bash
# Installs the Node clients of package-lock.json into BUILD/sdk and prints that folder. Does nothing
# where they are there already.
set -euo pipefail
readonly here="$(cd "${BASH_SOURCE[0]%/*}" && pwd)"
readonly work="$1/sdk"

mkdir -p "$work"
exec 9>"$work/.lock"
flock 9
if ! cmp --quiet "$here/package-lock.json" "$work/.installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$work/"
  (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts) >&2
  cp "$here/package-lock.json" "$work/.installed"
fi
echo "$work"
