#!/usr/bin/env bash
# Builds the Debian packages of the working tree's files in build-package/, from a copy of them.
#
#     scripts/package.sh [FOLDER]
#
# PENSTOCK_PROFILE_USE names a folder with a profile to optimise with.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

readonly folder="${1:-build-package}"
readonly source="$folder/penstock"

mkdir -p "$folder"
rm -rf "$source" "$folder"/*.deb "$folder"/*.changes "$folder"/*.buildinfo
mkdir "$source"
git ls-files --cached --others --exclude-standard -z |
  tar --create --null --files-from - --ignore-failed-read 2>/dev/null |
  tar --extract --directory "$source"

# debhelper gives the build a home of its own, where no compiler cache is.
if command -v ccache >/dev/null; then
  CCACHE_DIR="$(ccache --get-config cache_dir)"
  export CCACHE_DIR
fi
# The time of what is packaged is the changelog's, whoever calls: the same source, the same package.
unset SOURCE_DATE_EPOCH
export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=$(nproc)}"
if ! (cd "$source" && dpkg-buildpackage --build=binary --no-sign) >"$folder/log" 2>&1; then
  tail -n 40 "$folder/log" >&2
  echo "The whole log: $folder/log" >&2
  exit 1
fi
lintian --fail-on error,warning,info --info --display-info "$folder"/*.changes
ls -l "$folder"/*.deb
