#!/usr/bin/env bash
# Tries the Debian packages of build-package/ as an administrator would, in a fresh Debian 12 with
# systemd: install, edit one line, get an answer of the simulator; reload, upgrade, make a mistake,
# remove, purge. Prints the times, and fails if anything is left behind.
#
#     sudo scripts/try-package.sh [FOLDER]
#
# FOLDER becomes the system's root (default: a new folder under /var/tmp). PACKAGES is the folder
# with the packages.
set -euo pipefail

readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
readonly packages="${PACKAGES:-$tree/build-package}"
readonly root="${PENSTOCK_SYSTEM:-${1:-$(mktemp -d /var/tmp/penstock-package.XXXXXX)}}"

. "$tree/scripts/debian-system.sh"
enter_own_namespace "$@"

readonly config=/etc/penstock/run.yaml key=sk-of-the-upstream

# The time since the last step.
step_began="$(date +%s%N)"
step() {
  local now
  now="$(date +%s%N)"
  printf '== %-64s %7d ms\n' "$1" $(((now - step_began) / 1000000))
  step_began="$(date +%s%N)"
}
fail() {
  echo "try-package: $1" >&2
  exit 1
}

# Every file and folder with its type, mode and owner; not what apt, dpkg and systemd keep of their
# own work.
list_files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run \
    -o -path ./tmp -o -path ./root -o -path ./packages -o -path ./var/cache -o -path ./var/lib/apt \
    -o -path ./var/lib/dpkg -o -path ./var/log/apt -o -path './var/log/*.log' -o -path './etc/*-' \
    -o -path './var/tmp/systemd-private-*' -o -path './var/lib/systemd/timers' \) -prune \
    -o -printf '%p %y %m %u %g\n' | sort)
}

apt_get() {
  "$1" apt-get --quiet=2 --yes --no-install-recommends -o Dpkg::Use-Pty=0 "${@:2}" \
    >"$root/packages/log" 2>&1 || {
    cat "$root/packages/log"
    fail "apt-get failed: $*"
  }
}

# Makes a package with a higher version of an existing one, and another default configuration.
make_upgrade() {
  local work="$root/packages/upgrade"
  dpkg-deb --raw-extract "$root/packages/$1" "$work"
  sed -i 's/^Version: .*/&+next/' "$work/DEBIAN/control"
  echo '# A line that only the next version has.' >>"$work$config"
  (cd "$work" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z |
    xargs -0 md5sum) >"$root/packages/sums"
  mv "$root/packages/sums" "$work/DEBIAN/md5sums"
  dpkg-deb --root-owner-group --build "$work" "$root/packages/penstock-next.deb" >/dev/null
}

answer() {
  nsenter --target "$system" --net curl --silent --max-time 10 --noproxy '*' \
    http://127.0.0.1:8321/v1/chat/completions \
    -H 'Content-Type: application/json' \
    -d '{"model": "passthrough/sim-small", "messages": [{"role": "user", "content": "Hello"}]}'
}
expect_answer() {
  answer >"$root/packages/answer" || true
  if ! grep -q 'chat.completion' "$root/packages/answer"; then
    cat "$root/packages/answer"
    booted journalctl --no-pager --unit=penstock --lines=30
    fail "no answer after: $1"
  fi
}
process() { booted systemctl show --property=MainPID --value penstock; }

make_system systemd systemd-sysv
# Timers of apt would hold its lock.
ln -sf /dev/null "$root/etc/systemd/system/apt-daily.timer"
ln -sf /dev/null "$root/etc/systemd/system/apt-daily-upgrade.timer"
step "a fresh Debian 12 with systemd"

rm -rf "$root/packages"
mkdir "$root/packages"
cp "$packages"/penstock_*.deb "$packages"/penstock-sim_*.deb "$root/packages/"
server="$(cd "$root/packages" && echo penstock_*.deb)"
simulator="$(cd "$root/packages" && echo penstock-sim_*.deb)"
make_upgrade "$server"

# The libraries are other packages' files: what is compared is what these two leave.
inside apt-get install --simulate --no-install-recommends "/packages/$server" \
  "/packages/$simulator" >"$root/packages/log"
mapfile -t libraries < <(awk '$1 == "Inst" && $2 !~ /^penstock/ { print $2 }' \
  "$root/packages/log")
step "which packages does it need? ${#libraries[@]}"
if ((${#libraries[@]})); then apt_get inside install "${libraries[@]}"; fi
step "download and install those"
boot_system
step "boot it, without a network"
list_files >"$root/packages/before"

apt_get booted install "/packages/$server"
step "apt install ./$server"
booted systemctl is-active --quiet penstock || {
  booted journalctl --no-pager --unit=penstock --lines=30
  fail "the service is not active"
}
[[ "$(booted stat --format='%a %U %G' /etc/penstock/environment)" == "640 root penstock" ]] ||
  fail "/etc/penstock/environment can be read by others"
for file in man1/penstock.1.gz man5/penstock.yaml.5.gz; do
  [[ -s "$root/usr/share/man/$file" ]] || fail "there is no manual page $file"
done
apt_get booted install "/packages/$simulator"
booted systemd-run --quiet --unit=simulator penstock-sim
step "install penstock-sim and start it"

sed -i "s|base_url: http.*|base_url: http://127.0.0.1:9321|" "$root$config"
booted systemctl restart penstock
expect_answer "one edited line and a restart"
step "edit a line, restart, get an answer"
head -c 160 "$root/packages/answer"
echo "…"
rating="$(booted systemd-analyze security --no-pager penstock.service | tail -n 1)"
echo "${rating#→ }"

before="$(process)"
booted systemctl reload penstock
expect_answer "a reload"
[[ "$(process)" == "$before" ]] || fail "the reload started another process"
step "reload, and get an answer of the same process"

# A key that only systemd can read, which postinst's check needs as well. The upstream asks for it.
mkdir "$root/etc/systemd/system/penstock.service.d" "$root/etc/penstock/keys"
cp "$root/usr/share/doc/penstock/examples/credentials.conf" \
  "$root/etc/systemd/system/penstock.service.d/"
(umask 077 && echo "$key" >"$root/etc/penstock/keys/upstream")
sed -i 's|^\( *api_key:\) .*|\1 ${file:${env.CREDENTIALS_DIRECTORY}/upstream-key}|' "$root$config"
booted systemctl stop simulator
booted systemd-run --quiet --unit=simulator penstock-sim --api-key "$key"
booted systemctl daemon-reload
booted systemctl restart penstock
expect_answer "the key has become a credential"
booted env CREDENTIALS_DIRECTORY=/run/credentials/penstock.service \
  penstock check "$config" >"$root/packages/log" || fail "the credentials cannot be checked by hand"
! grep --quiet "$key" "$root/packages/log" || fail "check prints the key"
before="$(process)"
step "make the upstream's key a credential, restart, get an answer"

cp "$root$config" "$root/packages/edited"
apt_get booted -o Dpkg::Options::=--force-confold install /packages/penstock-next.deb
cmp "$root$config" "$root/packages/edited" || fail "the upgrade changed the configuration"
[[ "$(process)" != "$before" ]] || fail "the upgrade did not restart the service"
expect_answer "an upgrade"
step "upgrade with the edited configuration, and get an answer"

before="$(process)"
echo "porridge: true" >>"$root$config"
booted dpkg-reconfigure penstock >"$root/packages/log" 2>&1 || fail "dpkg-reconfigure failed"
grep -q 'has the mistakes above' "$root/packages/log" || {
  cat "$root/packages/log"
  fail "postinst does not say that the configuration has a mistake"
}
[[ "$(process)" == "$before" ]] || fail "a mistake ended the server that ran"
expect_answer "a mistake in the configuration"
step "upgrade with a mistake in the configuration: still an answer"

apt_get booted remove penstock
[[ -e "$root$config" ]] || fail "removing the package removed its configuration"
! booted systemctl is-active --quiet penstock || fail "the removed service is still active"
booted systemctl stop simulator
apt_get booted purge penstock penstock-sim
[[ -e "$root/etc/penstock/keys/upstream" ]] || fail "the purge removed a file of the site"
rm -r "$root/etc/systemd/system/penstock.service.d" "$root/etc/penstock"
step "remove and purge"
list_files >"$root/packages/after"
diff "$root/packages/before" "$root/packages/after" || fail "the packages left this behind"
echo "Nothing is left behind in $root."
