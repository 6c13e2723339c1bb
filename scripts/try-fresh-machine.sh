#!/usr/bin/env bash
# Tries the two commands of the README, `make run` and `make test`, as a new user on a fresh
# Debian 12: a minimal system made by debootstrap, with nothing but sudo, git and make added.
#
#     sudo scripts/try-fresh-machine.sh [FOLDER]
#
# FOLDER becomes the system's root (default: a new folder under /var/tmp). One that already contains
# a system is reused, which saves the debootstrap but is not quite as fresh. Tries the committed
# tree, or with TRY_WORKTREE=1 the files of the working tree. Copies ../shared too if it exists. The
# system reaches Debian's packages the same way as this one: by its mirrors, apt proxy settings,
# proxy variables and the certificates that its administrator added.
set -euo pipefail

readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
readonly root="${1:-$(mktemp -d /var/tmp/penstock-fresh.XXXXXX)}"
readonly user=newcomer
readonly home="/home/$user"

if ((EUID != 0)); then
  echo "Only root can make a system with debootstrap: run it with sudo." >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  apt-get install --yes --no-install-recommends debootstrap
fi

# The mounts below belong to this process and its children, and disappear with them.
if [[ -z "${PENSTOCK_FRESH_INSIDE:-}" ]]; then
  PENSTOCK_FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child \
    "${BASH_SOURCE[0]}" "$root"
fi

# Debian's own archives in this machine's apt configuration, as lines of address, suite, component.
debian_archives() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
    'Created-By: Packages' | awk '$4 == "Debian" && $2 ~ /^bookworm/ { print $1, $2, $3 }' | sort -u
}

make_system() {
  local archives mirror
  archives="$(debian_archives)"
  if [[ -z "$archives" ]]; then archives="http://deb.debian.org/debian bookworm main"; fi
  mirror="$(awk '$2 == "bookworm" { print $1; exit }' <<<"$archives")"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"

  awk '{ print "deb", $1, $2, $3 }' <<<"$archives" >"$root/etc/apt/sources.list"
  apt-config dump Acquire | grep -E '^Acquire::(https?|ftp|Check|Retries)' \
    >"$root/etc/apt/apt.conf.d/99as-this-machine" || true
  find /usr/local/share/ca-certificates -name '*.crt' \
    -exec cp -t "$root/usr/local/share/ca-certificates" {} +
  inside update-ca-certificates

  # mktemp keeps its folder to root; a system's root is for everybody.
  chmod 755 "$root"
  inside apt-get update
  inside apt-get install --yes --no-install-recommends sudo git make
  inside useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
}

# Runs a command in the system, with none of this machine's environment but the proxies.
readonly proxy_names=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY)
inside() {
  local name kept=()
  for name in "${proxy_names[@]}"; do
    if [[ -n "${!name:-}" ]]; then kept+=("$name=${!name}"); fi
  done
  env -i "${kept[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    LANG=C.UTF-8 chroot "$root" "$@"
}
as_user() {
  inside su "$user" --login --whitelist-environment="$(printf '%s,' "${proxy_names[@]}")LANG" \
    --command "cd penstock && $1" </dev/null
}

mount_kernel_files() {
  mkdir -p "$root"/{proc,dev,sys}
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

copy_tree() {
  rm -rf "$root$home/penstock" "$root$home/shared"
  if [[ "${TRY_WORKTREE:-}" == 1 ]]; then
    mkdir "$root$home/penstock"
    (cd "$tree" && git ls-files --cached --others --exclude-standard -z |
      tar --create --null --files-from - --ignore-failed-read) |
      tar --extract --directory "$root$home/penstock"
  else
    git clone --quiet --no-hardlinks "$tree" "$root$home/penstock"
  fi
  if [[ -d "$tree/../shared" ]]; then cp -rL "$tree/../shared" "$root$home/shared"; fi
  inside chown -R "$user:$user" "$home"
}

# Runs `make run` until its curl line works, then sends Ctrl-C; nothing may be left running.
try_run() {
  local log="$root/tmp/run.log" answer="$root/tmp/answer.log" line
  echo "== make run"
  # su creates a session whose first process is the shell: the process group that Ctrl-C needs. A
  # script's background job ignores SIGINT unless told otherwise.
  as_user 'echo $$ >/tmp/run.pid && exec env --default-signal=INT make run' >"$log" 2>&1 &
  local job=$!
  until line="$(grep -m1 '^ *curl ' "$log")" &&
    inside bash -c "$line --silent --max-time 20" >"$answer" 2>/dev/null &&
    grep -q 'chat.completion' "$answer"; do
    if ! kill -0 "$job" 2>/dev/null || ((SECONDS > 1200)); then
      cat "$log"
      echo "make run did not come to serve." >&2
      return 1
    fi
    sleep 1
  done
  tail -n 8 "$log"
  head -c 600 "$answer"
  echo
  kill -INT -- "-$(<"$root/tmp/run.pid")"
  wait "$job" || true
  sleep 1
  if grep -lsz 'build/bin/[p]enstock' "$root"/proc/[0-9]*/cmdline; then
    echo "Left running after make run." >&2
    return 1
  fi
}

if [[ -e "$root/etc/debian_version" ]]; then
  mount_kernel_files
else
  make_system
  mount_kernel_files
fi
copy_tree
time try_run
echo "== make test"
time as_user 'make test'
