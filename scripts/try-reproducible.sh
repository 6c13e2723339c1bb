#!/usr/bin/env bash
# Makes the tarball and the Debian packages twice, from two copies of the committed tree in two
# folders, with one profile, and compares them byte for byte.
#
#     scripts/try-reproducible.sh [PROFILE]
#
# PROFILE: that of `make release-pgo` if not given. AGAINST=FOLDER makes everything once only, and
# compares it with what is in the folder, such as a dist/ of the same commit. ONLY=tarball or
# ONLY=packages leaves the other out. TRY_WORKTREE=1 takes the files of the working tree. The
# compiler's cache is not used: it would compare a build with itself.
set -euo pipefail
readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
profile="$(realpath "${1:-$tree/build-profile/profile}")"
work="$(mktemp -d /var/tmp/penstock-twice.XXXXXX)"
readonly profile work only="${ONLY:-tarball packages}"
trap 'rm -rf "$work"' EXIT
export CCACHE_DISABLE=1
SOURCE_DATE_EPOCH="$(git -C "$tree" log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

copy_tree() { # folder
  mkdir -p "$1"
  if [[ "${TRY_WORKTREE:-}" == 1 ]]; then
    (cd "$tree" && git ls-files --cached --others --exclude-standard -z |
      tar --create --null --files-from -) | tar --extract --directory "$1"
  else
    git -C "$tree" archive HEAD | tar --extract --directory "$1"
  fi
  # The files are found by git.
  git -C "$1" init --quiet
}

make_everything() { # folder of the sources, folder of what is made
  mkdir -p "$2"
  if [[ " $only " == *" tarball "* ]]; then
    (cd "$1" && PROFILE="$profile" OUT="$2" scripts/make-tarball.sh)
  fi
  if [[ " $only " == *" packages "* ]]; then
    (cd "$1" && PENSTOCK_PROFILE_USE="$profile" scripts/package.sh)
    cp "$1"/build-package/*.deb "$2/"
  fi
}

# Folders whose names differ in length, and that are not equally deep.
other="$work/out-one"
if [[ -n "${AGAINST:-}" ]]; then
  other="$(realpath "$AGAINST")"
else
  copy_tree "$work/one"
  make_everything "$work/one" "$other"
fi
copy_tree "$work/another/copy"
make_everything "$work/another/copy" "$work/out"

differing=0
for file in "$work"/out/*; do
  sha256sum "$file" "$other/${file##*/}"
  cmp "$file" "$other/${file##*/}" || differing=1
done
if ((differing)); then
  echo "Not the same: what cmp names above." >&2
  exit 1
fi
echo "Two builds, one result."
