#!/usr/bin/env bash
# Makes the tarball twice, from two copies of the committed tree in two folders, with one profile,
# and compares them byte for byte.
#
#     scripts/try-reproducible.sh [PROFILE]
#
# PROFILE: that of `make release-pgo` if not given. TRY_WORKTREE=1 takes the files of the working
# tree. The compiler's cache is not used: it would compare a build with itself.
set -euo pipefail
readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
profile="$(realpath "${1:-$tree/build-profile/profile}")"
work="$(mktemp -d /var/tmp/penstock-twice.XXXXXX)"
readonly profile work
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
SOURCE_DATE_EPOCH="$(git -C "$tree" log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

# Folders whose names differ in length, and that are not equally deep.
for folder in "$work/one" "$work/another/copy"; do
  mkdir -p "$folder"
  if [[ "${TRY_WORKTREE:-}" == 1 ]]; then
    (cd "$tree" && git ls-files --cached --others --exclude-standard -z |
      tar --create --null --files-from -) | tar --extract --directory "$folder"
  else
    git -C "$tree" archive HEAD | tar --extract --directory "$folder"
  fi
  (cd "$folder" && PROFILE="$profile" OUT="$work/out-${folder##*/}" scripts/make-tarball.sh)
done

cd "$work"
sha256sum out-*/*
for file in out-one/*; do
  if ! cmp "$file" "out-copy/${file##*/}"; then
    for program in penstock penstock-sim; do
      sha256sum one/build-dist/bin/$program another/copy/build-dist/bin/$program
    done
    echo "Not the same: ${file##*/}" >&2
    exit 1
  fi
done
echo "Two builds, one result."
