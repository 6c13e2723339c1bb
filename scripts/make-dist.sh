#!/usr/bin/env bash
# Makes everything that a release consists of, in dist/: the tarball, the Debian packages, the
# chart, the bill of materials, the profile that the programs were optimised by, and SHA256SUMS.
#
#     scripts/make-dist.sh
#
# What this machine cannot make is left out, with a line that says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/build-tools/bin:$PATH"

version="$(sed -n 's/^project(penstock VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
readonly version
export SOURCE_DATE_EPOCH
if [[ -n "$(git status --porcelain)" ]]; then
  echo "There are uncommitted changes: what is made here is of no commit." >&2
fi
rm -rf dist
mkdir dist

scripts/make-tarball.sh
tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  --mode=u=rwX,go=rX --format=gnu --directory build-profile profile |
  gzip --no-name --best >"dist/penstock-$version-profile.tar.gz"

PENSTOCK_PROFILE_USE="$PWD/build-profile/profile" make package
cp build-package/*.deb dist/
if command -v helm >/dev/null; then
  helm package packaging/helm/penstock --destination dist >/dev/null
else
  echo "Left out: the chart (scripts/install-chart-tools.sh installs helm)." >&2
fi
cp CHANGELOG.md dist/
(cd dist && find . -type f ! -name SHA256SUMS -printf '%P\0' | sort --zero-terminated |
  xargs --null sha256sum >SHA256SUMS)
cat dist/SHA256SUMS
