# Makes and enters a fresh Debian 12 below a folder: shared by the scripts/try-*.sh, which source it
# after they have set `root` to that folder. Only root can use it.
#
# The system reaches Debian's packages the same way as this one: by its mirrors, apt proxy settings,
# proxy variables and the certificates that its administrator added.

# Starts the calling script again, with the same arguments, where its mounts and processes end with
# it. The root folder is passed on, as it may be a temporary one.
enter_own_namespace() {
  if ((EUID != 0)); then
    echo "Only root can make a system with debootstrap: run it with sudo." >&2
    exit 1
  fi
  if ! command -v debootstrap >/dev/null; then
    apt-get install --yes --no-install-recommends debootstrap
  fi
  if [[ -z "${PENSTOCK_SYSTEM:-}" ]]; then
    PENSTOCK_SYSTEM="$root" exec unshare --mount --pid --fork --kill-child "$0" "$@"
  fi
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
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
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
