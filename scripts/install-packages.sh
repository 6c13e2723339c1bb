#!/usr/bin/env bash
# Installs the Debian packages of the named groups (scripts/packages.txt) that are missing.
#
#     scripts/install-packages.sh build test
#
# Prints nothing if nothing is missing. Uses sudo if the user is not root. Does nothing without apt,
# or with PENSTOCK_SKIP_PACKAGES=1: CMake then names what it cannot find.
set -euo pipefail

readonly list="${BASH_SOURCE[0]%/*}/packages.txt"

if [[ "${PENSTOCK_SKIP_PACKAGES:-}" == 1 ]] || ! command -v dpkg-query >/dev/null; then
  exit 0
fi

declare -A wanted=()
while read -r group package command; do
  [[ -z "$group" || "$group" == \#* || " $* " != *" $group "* ]] && continue
  if [[ -z "$command" ]] || ! command -v "$command" >/dev/null; then
    wanted[$package]=1
  fi
done <"$list"

# Of those, the ones that dpkg does not have.
if ((${#wanted[@]})); then
  while read -r package status; do
    if [[ "$status" == installed ]]; then unset "wanted[$package]"; fi
  done < <(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "${!wanted[@]}" \
    2>/dev/null || true)
fi
if ((${#wanted[@]} == 0)); then
  exit 0
fi

mapfile -t missing < <(printf '%s\n' "${!wanted[@]}" | sort)
echo "Installing Debian packages: ${missing[*]}"

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "Not root, and there is no sudo. As root, run:" >&2
    echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
  # Without a terminal nobody can type a password: fail instead of waiting for one.
  if [[ ! -t 0 ]]; then as_root=(sudo --non-interactive); fi
fi

apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes \
    -o Dpkg::Use-Pty=0 "$@"
}

apt_get update || echo "apt-get update failed: trying the package lists at hand." >&2
apt_get install --no-install-recommends "${missing[@]}"
