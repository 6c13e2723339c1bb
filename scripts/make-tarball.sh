#!/usr/bin/env bash
# Makes dist/penstock-VERSION-linux-ARCH.tar.gz: the programs with everything but the C library,
# so that they run where none of Debian's packages are. The same sources and the same profile make
# the same file, byte for byte.
#
#     scripts/make-tarball.sh
#
# PROFILE=FOLDER: the profile to optimise by (default: build-profile/profile, which is trained if it
# is missing). BUILD=FOLDER: where to build (build-dist). OUT=FOLDER: where the file goes (dist).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022

version="$(sed -n 's/^project(penstock VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
readonly version build="${BUILD:-build-dist}" out="${OUT:-dist}"
readonly name="penstock-$version-linux-$(dpkg --print-architecture)"
if [[ -z "${SOURCE_DATE_EPOCH:-}" ]]; then
  SOURCE_DATE_EPOCH="$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)"
fi
export SOURCE_DATE_EPOCH

if [[ -z "${PROFILE:-}" && -d build-profile/profile ]]; then PROFILE=build-profile/profile; fi
PROFILE="${PROFILE:-}" BUILD="$build" scripts/release-pgo.sh -DPENSTOCK_SELF_CONTAINED=ON

readonly tree="$build/$name"
rm -rf "$tree"
mkdir -p "$tree"/{bin,lib,etc,share/penstock,systemd,docs,examples,licences} "$out"
for program in penstock penstock-sim; do
  strip --strip-unneeded -o "$tree/bin/$program" "$build/bin/$program"
done
# What is not in the program is beside it.
ldd "$build/bin/penstock" | awk '/libsimdjson|libstdc\+\+|libgcc_s/ { print $3 }' |
  xargs cp --dereference --target-directory "$tree/lib"
strip --strip-unneeded "$tree"/lib/*
cp packaging/tarball/run.yaml "$tree/etc/"
cp "$build/packaging/tarball/penstock.service" "$tree/systemd/"
cp packaging/prices/prices.json "$tree/share/penstock/"
cp docs/*.md "$tree/docs/"
cp examples/* "$tree/examples/"
cp LICENSE CHANGELOG.md "$tree/"
sed "s/@VERSION@/$version/" packaging/tarball/README.md >"$tree/README.md"
scripts/sbom.py --build "$build" >"$tree/sbom.cdx.json"
scripts/copy-licences.py "$tree/sbom.cdx.json" "$tree/licences"

# Where they run there is nothing but the C library, and what is in the folder.
own="$(realpath "$tree")/bin/../lib/"
if ldd "$tree"/bin/* | grep '=>' | grep -Ev "=> $own|linux-vdso|libc\.so|libm\.so"; then
  echo "The programs need these libraries of this machine (PENSTOCK_SELF_CONTAINED)." >&2
  exit 1
fi

tar --create --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  --mode=u=rwX,go=rX --format=gnu --directory "$build" "$name" |
  gzip --no-name --best >"$out/$name.tar.gz"
cp "$tree/sbom.cdx.json" "$out/penstock-$version.cdx.json"
ls -l "$out/$name.tar.gz"
