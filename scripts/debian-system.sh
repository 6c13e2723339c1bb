# Makes and enters a fresh Debian 12 below a folder: shared by the scripts/try-*.sh, which source it
# after they have set `root` to that folder. Only root can use it.
#
# The system reaches Debian's packages the same way as this one: by its mirrors, apt proxy settings,
# proxy variables and the certificates that its administrator added.

# Starts the calling script again, with the same arguments, where its mounts and processes end with
# it, and removes the control groups that these had. The root folder is passed on, as it may be a
# temporary one.
enter_own_namespace() {
  local status=0
  if ((EUID != 0)); then
    echo "Only root can make a system with debootstrap: run it with sudo." >&2
    exit 1
  fi
  if ! command -v debootstrap >/dev/null; then
    apt-get install --yes --no-install-recommends debootstrap
  fi
  if [[ -z "${PENSTOCK_SYSTEM:-}" ]]; then
    PENSTOCK_SYSTEM="$root" unshare --mount --pid --fork --kill-child "$0" "$@" || status=$?
    if [[ -d "$(control_group)" ]]; then find "$(control_group)" -depth -type d -delete; fi
    exit "$status"
  fi
}

# The control group of a booted system.
control_group() {
  local groups=/sys/fs/cgroup
  if [[ -d "$groups/unified" ]]; then groups="$groups/unified"; fi
  echo "$groups/try-${root##*/}"
}

# Debian's own archives in this machine's apt configuration, as lines of address, suite, component.
debian_archives() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
    'Created-By: Packages' | awk '$4 == "Debian" && $2 ~ /^bookworm/ { print $1, $2, $3 }' | sort -u
}

# Makes the system unless the folder already has one, and mounts the kernel's files in it. The
# arguments are the packages that it has besides the minimum.
make_system() {
  local archives mirror
  if [[ -e "$root/etc/debian_version" ]]; then
    mount_kernel_files
    return
  fi
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
  if (($#)); then inside apt-get install --yes --no-install-recommends "$@"; fi
  mount_kernel_files
}

mount_kernel_files() {
  mkdir -p "$root"/{proc,dev,sys}
  mount -t proc proc "$root/proc"
  mount_devices
  mount --rbind /sys "$root/sys"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

# Devices of the system's own. A bind mount shares mode and owner with this machine's device: a
# login on a console that is /dev/null here would take /dev/null from everybody.
mount_devices() {
  local name major minor
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  while read -r name major minor; do
    mknod --mode=666 "$root/dev/$name" c "$major" "$minor"
  done <<'END'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
console 1 3
END
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  mount -t tmpfs tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for name in 0:stdin 1:stdout 2:stderr; do
    ln -s "fd/${name%:*}" "$root/dev/${name#*:}"
  done
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

# Copies the committed tree of $1 to the folder $2 of the system, or with TRY_WORKTREE=1 the files
# of its working tree.
copy_tree() {
  rm -rf "${root:?}$2"
  if [[ "${TRY_WORKTREE:-}" == 1 ]]; then
    mkdir -p "$root$2"
    (cd "$1" && git ls-files --cached --others --exclude-standard -z |
      tar --create --null --files-from - --ignore-failed-read) |
      tar --extract --directory "$root$2"
  else
    git clone --quiet --no-hardlinks "$1" "$root$2"
  fi
}

# Boots systemd in the system, with processes, control groups and a loopback interface of its own;
# there is no other network. It ends with the calling script. Afterwards, booted() runs commands in
# it.
boot_system() {
  local group
  group="$(control_group)"
  mkdir -p "$group"
  # The mounts are those of this script, and so are the process numbers that they show.
  mount -t proc proc /proc
  (
    echo 0 >"$group/cgroup.procs"
    export root
    exec unshare --mount --pid --ipc --uts --net --cgroup --fork --kill-child \
      bash -c "$(declare -f mount_devices become_systemd); become_systemd"
  ) &
  local unshared=$! tries state
  for ((tries = 0; tries < 600; tries++)); do
    sleep 0.1
    system="$(pgrep --parent "$unshared" || true)"
    kill -0 "$unshared" 2>/dev/null || break
    if [[ -z "$system" ]]; then continue; fi
    # A unit that cannot start here, such as a terminal, does not matter.
    state="$(booted systemctl is-system-running 2>/dev/null || true)"
    if [[ "$state" == running || "$state" == degraded ]]; then return; fi
  done
  echo "systemd did not start in $root." >&2
  return 1
}

become_systemd() {
  umount --recursive --lazy "$root/proc" "$root/sys" "$root/dev"
  # Services get mounts of their own, for which the root must be a mount.
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mkdir -p "$root/run"
  mount -t tmpfs tmpfs "$root/run" -o mode=755
  mount_devices
  cd "$root"
  mkdir run/before
  pivot_root . run/before
  umount --lazy /run/before
  rmdir /run/before
  # systemd mounts the credentials of a service in a namespace from which they spread to its own.
  mount --make-rshared /
  exec env -i container=penstock PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot . /lib/systemd/systemd --unit=multi-user.target
}

# As inside(), where systemd runs.
booted() {
  local name kept=()
  for name in "${proxy_names[@]}"; do
    if [[ -n "${!name:-}" ]]; then kept+=("$name=${!name}"); fi
  done
  nsenter --target "$system" --mount --uts --ipc --net --pid --cgroup --root --wdns=/ \
    env -i "${kept[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    LANG=C.UTF-8 "$@"
}
