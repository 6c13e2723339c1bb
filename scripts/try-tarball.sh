#!/usr/bin/env bash
# Tries the tarball where nothing of Debian's is but the base system: a new minimal Debian 12, the
# tarball unpacked as a user without rights, one edited line, an answer.
#
#     sudo scripts/try-tarball.sh [TARBALL [FOLDER]]
#
# TARBALL: the newest in dist/ if not given. FOLDER becomes the system's root (default: a new folder
# under /var/tmp); one that already contains a system is reused.
set -euo pipefail
readonly tree="$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)"
tarball="${1:-$(ls -t "$tree"/dist/penstock-*-linux-*.tar.gz | head -n 1)}"
root="${PENSTOCK_SYSTEM:-${2:-$(mktemp -d /var/tmp/penstock-tarball.XXXXXX)}}"
readonly tarball root user=newcomer folder=/home/newcomer
source "$tree/scripts/debian-system.sh"
enter_own_namespace "$@"

as_user() { inside su "$user" --login --command "cd $folder && $1" </dev/null; }

# Asks as a client without curl, which a minimal system does not have.
write_question() {
  cat >"$root$folder/ask.sh" <<'END'
body='{"model": "main/sim-small", "messages": [{"role": "user", "content": "Hello"}]}'
exec 3<>/dev/tcp/127.0.0.1/8321 || exit 1
printf '%s\r\n' 'POST /v1/chat/completions HTTP/1.1' 'Host: x' 'Connection: close' \
  'Content-Type: application/json' "Content-Length: ${#body}" '' >&3
printf '%s' "$body" >&3
cat <&3
END
}

make_system
inside id "$user" >/dev/null 2>&1 || inside useradd --create-home "$user"
rm -rf "${root:?}$folder"/*
cp "$tarball" "$root$folder/penstock.tar.gz"
write_question

# The service is the tarball's simulator; it is no part of what is timed.
as_user 'mkdir service && tar xzf penstock.tar.gz -C service --strip-components=1'
as_user 'exec service/bin/penstock-sim --port 9000 --quiet' &

readonly began="$(date +%s%N)"
as_user 'tar xzf penstock.tar.gz && mv penstock-*-linux-* penstock'
as_user "sed -i 's|http://127.0.0.1:8000 |http://127.0.0.1:9000 |' penstock/etc/run.yaml"
as_user 'penstock/bin/penstock check --config penstock/etc/run.yaml >checked'
as_user 'exec penstock/bin/penstock serve --config penstock/etc/run.yaml' &
readonly server=$!
until as_user 'bash ask.sh >answer 2>/dev/null && grep -q chat.completion answer'; do
  kill -0 "$server" 2>/dev/null || { echo "The server has ended." >&2; exit 1; }
  (($(date +%s%N) - began < 60000000000)) || { echo "No answer within 60 s." >&2; exit 1; }
  sleep 0.05
done
readonly took=$((($(date +%s%N) - began) / 1000000))

head -c 400 "$root$folder/answer"
echo
as_user 'penstock/bin/penstock health --config penstock/etc/run.yaml'
# Also by a link, as from /usr/local/bin.
inside ln -sf "$folder/penstock/bin/penstock" /usr/local/bin/penstock-try
inside /usr/local/bin/penstock-try version
inside rm /usr/local/bin/penstock-try
echo "installed in the system: $(inside dpkg-query --show | wc -l) packages"
ls -l "$tarball"
echo "from the tarball to the answer: $took ms"
