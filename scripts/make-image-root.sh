#!/usr/bin/env bash
# Makes the root file system of the container images: what a tarball has, the C library, the
# authorities' certificates, time zones, a user. No shell, no package manager.
#
#     scripts/make-image-root.sh dist/penstock-…-linux-amd64.tar.gz FOLDER
#
# FOLDER/penstock and FOLDER/penstock-sim become the roots of the two images.
set -euo pipefail
readonly tarball="$1" out="$2"
readonly here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

unpacked="$(mktemp -d)"
trap 'rm -rf "$unpacked"' EXIT
tar --extract --gzip --file "$tarball" --directory "$unpacked" --strip-components=1

make_root() { # program
  local root="$out/$1" library
  rm -rf "$root"
  mkdir -p "$root"/{usr/bin,usr/lib,etc/ssl/certs,var/lib/penstock,usr/share/doc/penstock}
  ln -s usr/lib "$root/lib"
  cp "$unpacked/bin/$1" "$root/usr/bin/"
  cp "$unpacked"/lib/* "$root/usr/lib/"
  # The C library and its loader, where the loader looks for them. Look-ups of names need no more
  # than this: files and DNS are inside the C library.
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done < <(ldd "$unpacked/bin/$1" | grep -oE '/\S+' | grep -E '/(ld-linux[^/]*|libc|libm)\.so')
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  echo 'penstock:x:65532:65532::/var/lib/penstock:/nonexistent' >"$root/etc/passwd"
  echo 'penstock:x:65532:' >"$root/etc/group"
  cp -r "$unpacked"/{LICENSE,licences,sbom.cdx.json} "$root/usr/share/doc/penstock/"
}

make_root penstock
mkdir -p "$out/penstock/etc/penstock" "$out/penstock/usr/share/penstock"
cp "$unpacked/share/penstock/prices.json" "$out/penstock/usr/share/penstock/"
# Of budgets.
tar --create --exclude=zoneinfo/right --exclude=zoneinfo/posix --directory /usr/share zoneinfo |
  tar --extract --directory "$out/penstock/usr/share"
cp "$here/packaging/container/run.yaml" "$out/penstock/etc/penstock/"
make_root penstock-sim
chmod -R go=rX "$out"
