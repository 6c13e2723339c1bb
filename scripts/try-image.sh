#!/usr/bin/env bash
# Builds the images of the Containerfile around a tarball that exists, and runs them: without
# rights, with a root that cannot be written, until they answer; with what is missing, until they
# say so.
#
#     sudo scripts/try-image.sh [TARBALL]
#
# TARBALL: the newest in dist/ if not given; it takes the place of the first stage, so that nothing
# is compiled and no other image is needed. Needs podman and buildah (group `image` of
# scripts/packages.txt) and curl. Images and containers are in a folder of their own, which is
# removed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly size_max=25000000
tarball="${1:-$(ls -t dist/penstock-*-linux-*.tar.gz | head -n 1)}"
readonly tarball

# crun, which podman starts containers with, does not know cgroups of both versions at once. In a
# mount namespace of its own this script sees those of the first version only.
if [[ -z "${PENSTOCK_IMAGE_INSIDE:-}" ]]; then
  PENSTOCK_IMAGE_INSIDE=1 exec unshare --mount "$0" "$tarball"
fi
if mountpoint --quiet /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi

work="$(mktemp -d /var/tmp/penstock-image.XXXXXX)"
readonly work
readonly storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
# The limits of a machine like this one may not be raised, which is what podman does otherwise.
readonly confined=(--network host --cgroups disabled --ulimit nofile=4096:4096
  --ulimit nproc=1024:1024 --read-only --read-only-tmpfs=false --cap-drop all
  --security-opt no-new-privileges)
pod() { podman --log-level fatal "${storage[@]}" "$@"; }
clean_up() {
  pod rm --all --force --time 1 >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

fail() {
  echo "$*" >&2
  exit 1
}
free_port() {
  python3 -c 'import socket
probe = socket.socket()
probe.bind(("127.0.0.1", 0))
print(probe.getsockname()[1])'
}
inspected() { pod image inspect --format "$1" "$2"; }

echo "== build"
mkdir -p "$work/context/roots"
scripts/make-image-root.sh "$tarball" "$work/context/roots"
for image in penstock-sim penstock; do
  # The format of Docker has a health check, that of OCI has not.
  buildah "${storage[@]}" build --quiet --isolation chroot --pull-never --format docker \
    --build-context build="$work/context" --target "$image" --tag "$image" .
done

echo "== what they are"
for image in penstock-sim penstock; do
  size="$(inspected '{{.Size}}' "$image")"
  user="$(inspected '{{.User}}' "$image")"
  echo "$image: $size bytes, user $user"
  ((size < size_max)) || fail "$image is larger than $size_max bytes"
  [[ "$user" == 65532:65532 ]] || fail "$image runs as $user"
done
inspected '{{json .HealthCheck.Test}}' penstock | grep penstock || fail "no health check"
inspected '{{.Labels}}' penstock | grep org.opencontainers.image.licenses || fail "no labels"

echo "== what is missing is said"
expect_refusal() { # a part of the message, arguments of podman run
  local part="$1" said status=0
  shift
  said="$(pod run --rm "${confined[@]}" "$@" 2>&1)" || status=$?
  ((status == 2)) || fail "status $status: $said"
  grep --fixed-strings "$part" <<<"$said" || fail "not said: $part; but: $said"
}
expect_refusal PASSTHROUGH_URL --env PENSTOCK_API_KEY=a-key-of-sixteen-bytes penstock
expect_refusal PENSTOCK_API_KEY --env PASSTHROUGH_URL=http://127.0.0.1:1 penstock
mkdir "$work/open"
grep -v 'api_keys\|name: default\|key: ' packaging/container/run.yaml >"$work/open/run.yaml"
expect_refusal 'is not a loopback address' --env PASSTHROUGH_URL=http://127.0.0.1:1 \
  --volume "$work/open:/etc/penstock:ro" penstock

echo "== serve"
sim_port="$(free_port)"
readonly sim_port key=a-key-of-sixteen-bytes url=http://127.0.0.1:8321
pod run --detach --name sim "${confined[@]}" penstock-sim --port "$sim_port" >/dev/null
began="$(date +%s%N)"
pod run --detach --name gateway "${confined[@]}" --env PENSTOCK_API_KEY="$key" \
  --env PASSTHROUGH_URL="http://127.0.0.1:$sim_port" penstock >/dev/null
ask() {
  curl --silent --max-time 10 --output "$work/answer" --write-out '%{http_code}' "$@" \
    --json '{"model": "passthrough/sim-small", "messages": [{"role": "user", "content": "Hi"}]}' \
    "$url/v1/chat/completions" || true
}
until [[ "$(ask --header "Authorization: Bearer $key")" == 200 ]]; do
  (($(date +%s%N) - began < 60000000000)) || fail "no answer: $(pod logs gateway 2>&1 | tail)"
  sleep 0.05
done
echo "from podman run to the answer: $((($(date +%s%N) - began) / 1000000)) ms"
head -c 300 "$work/answer"
echo
[[ "$(ask)" == 401 ]] || fail "a client without a key is served"

pod healthcheck run gateway || fail "the health check fails"
pid="$(pod inspect --format '{{.State.Pid}}' gateway)"
grep -E '^(Uid|CapEff|NoNewPrivs)' "/proc/$pid/status"
pod stop --time 20 gateway >/dev/null
[[ "$(pod inspect --format '{{.State.ExitCode}}' gateway)" == 0 ]] || fail "not ended by SIGTERM"
echo "ended by SIGTERM"
