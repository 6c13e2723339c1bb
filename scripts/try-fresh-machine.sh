#!/usr/bin/env bash
# Tries the two commands of the README, `make run` and `make test`, as a new user on a fresh
# Debian 12: a minimal system made by debootstrap, with nothing but sudo, git and make added.
#
#     sudo scripts/try-fresh-machine.sh [FOLDER]
#
# FOLDER becomes the system's root (default: a new folder under /var/tmp). One that already contains
# a system is reused, which saves the debootstrap but is not quite as fresh. Tries the committed
# tree, or with TRY_WORKTREE=1 the files of the working tree. Copies ../shared too if it exists.
set -euo pipefail

readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
readonly root="${PENSTOCK_SYSTEM:-${1:-$(mktemp -d /var/tmp/penstock-fresh.XXXXXX)}}"
readonly user=newcomer
readonly home="/home/$user"

. "$tree/scripts/debian-system.sh"
enter_own_namespace "$@"

make_user() {
  inside useradd --create-home --shell /bin/bash "$user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
}

as_user() {
  inside su "$user" --login --whitelist-environment="$(printf '%s,' "${proxy_names[@]}")LANG" \
    --command "cd penstock && $1" </dev/null
}

copy_sources() {
  copy_tree "$tree" "$home/penstock"
  rm -rf "$root$home/shared"
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

make_system sudo git make
if ! inside id "$user" >/dev/null 2>&1; then make_user; fi
copy_sources
time try_run
echo "== make test"
time as_user 'make test'
