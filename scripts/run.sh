#!/usr/bin/env bash
# Runs the built server: in front of PASSTHROUGH_URL if that is set, else in front of the bundled
# simulator, which ends when the server ends.
#
#     [PORT=8321] scripts/run.sh [more arguments for `penstock serve`]
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

readonly bin="${PENSTOCK_BIN_DIR:-build/bin}"
readonly port="${PORT:-8321}"
readonly serve=("$bin/penstock" serve --port "$port" "$@")

if [[ -n "${PASSTHROUGH_URL:-}" ]]; then
  exec "${serve[@]}"
fi

work="$(mktemp -d)"
simulator=
trap '[[ -z "$simulator" ]] || kill -KILL "$simulator" 2>/dev/null; rm -rf "$work"' EXIT

# In a separate session: Ctrl-C is for the server, which may still be finishing open streams.
setsid "$bin/penstock-sim" --port 0 >"$work/log" 2>&1 &
simulator=$!

url=
for ((tries = 0; tries < 100; tries++)); do
  url="$(grep -om1 'http://[0-9.]*:[0-9]*' "$work/log" || true)"
  if [[ -n "$url" ]] && curl --silent --fail --max-time 2 "$url/v1/models" >"$work/models"; then
    break
  fi
  if ! kill -0 "$simulator" 2>/dev/null; then
    echo "The simulator did not start:" >&2
    cat "$work/log" >&2
    exit 1
  fi
  url=
  sleep 0.1
done
if [[ -z "$url" ]]; then
  echo "The simulator did not answer within 10 seconds:" >&2
  cat "$work/log" >&2
  exit 1
fi
model="$(grep -o '"id": *"[^"]*"' "$work/models" | head -n 1 | cut -d '"' -f 4)"

json='Content-Type: application/json'
hello='"stream": true, "messages": [{"role": "user", "content": "Hello"}]'
hello="{\"model\": \"passthrough/$model\", $hello}"
# The command is one line, for whoever copies it.
cat <<END

PASSTHROUGH_URL is not set: serving the bundled simulator at $url.
Try it:

    curl -N http://127.0.0.1:$port/v1/chat/completions -H '$json' -d '$hello'

END

# The server replaces this process. It inherits the writing end of a pipe, so that the reader sees
# its end, however it ends, and then stops the simulator, which has nothing to finish.
exec {life}> >(
  trap '' INT TERM HUP
  cat >/dev/null
  kill -KILL "$simulator" 2>/dev/null
  rm -rf "$work"
)
trap - EXIT
export PASSTHROUGH_URL="$url"
exec "${serve[@]}"
