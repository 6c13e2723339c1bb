#!/usr/bin/env bash
# Shows what happens when an upstream dies: three simulated upstreams serve one model, one of them
# is killed and started again, and a table says who has answered in each second.
#
#     scripts/demo.sh
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

readonly bin="${PENSTOCK_BIN_DIR:-build/bin}"
readonly names=(east south west)
readonly victim=south
readonly seconds=14 killed_after=4 started_after=8

work="$(mktemp -d)"
declare -A pids=() ports=()
stop_all() {
  trap '' EXIT
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# Waits until file $2 has a line with $1, written by process $3.
wait_for() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if grep -q "$1" "$2"; then return; fi
    kill -0 "$3" 2>/dev/null || break
    sleep 0.1
  done
  echo "$2 has no '$1':" >&2
  cat "$2" >&2
  return 1
}

# Starts upstream $1, on its port if it had one.
start_upstream() {
  local log="$work/$1.log"
  : >"$log"
  "$bin/penstock-sim" --quiet --name "$1" --port "${ports[$1]:-0}" --tokens 40 >"$log" 2>&1 &
  pids[$1]=$!
  disown
  wait_for 'listening on' "$log" "${pids[$1]}"
  ports[$1]="$(sed -n 's/^listening on .*:\([0-9]*\) as .*/\1/p' "$log")"
}

for name in "${names[@]}"; do start_upstream "$name"; done

{
  echo 'version: 2'
  echo 'providers:'
  echo '  inference:'
  for name in "${names[@]}"; do
    echo "    - provider_id: $name"
    echo '      provider_type: remote::passthrough'
    echo "      config: {base_url: 'http://127.0.0.1:${ports[$name]}'}"
  done
  echo 'routing:'
  echo '  defaults:  # by default, a target that has failed is left alone for longer'
  echo '    breaker: {open_for: 1s, open_max: 2s, slow_start: 2s}'
  echo '  routes:'
  echo '    - model: chat'
  echo '      targets:'
  for name in "${names[@]}"; do echo "        - {provider: $name, model: sim-small}"; done
} >"$work/run.yaml"

: >"$work/penstock.log"
"$bin/penstock" serve --config "$work/run.yaml" --port 0 >"$work/penstock.log" 2>&1 &
pids[penstock]=$!
disown
wait_for 'listening on' "$work/penstock.log" "${pids[penstock]}"
port="$(sed -n 's/.*listening on http:.*:\([0-9]*\)$/\1/p' "$work/penstock.log")"

echo "One model on three upstreams, with this configuration:"
echo
sed 's/^/    /' "$work/run.yaml"
echo

# Gives load $1, with the options that follow.
give_load() {
  local kind=$1
  shift
  # A process in the background opens its files at some later time.
  : >"$work/$kind.log"
  "$bin/penstock-load" --port "$port" --model chat --warmup 0 --duration "$seconds" --check shape \
    --count-by x-penstock-target --live --log-faults --allow-broken-streams "$@" \
    >"$work/$kind.json" 2>"$work/$kind.log" &
  pids[$kind]=$!
}
give_load whole --rate 100 --connections 16
give_load streams --stream --connections 20 --ramp 1 \
  --sim '{"first_token_ms": 100, "tokens_per_second": 60}'

# The value of word $1 in a line of counts, $2; 0 if it is not there.
count() {
  local word
  for word in $2; do
    if [[ "$word" == "$1="* ]]; then
      echo "${word##*=}"
      return
    fi
  done
  echo 0
}

declare -A totals=()
print_row() {
  local second=$1 note=$2 name kind lines=() value failed=0 broken=0 row
  for kind in whole streams; do
    lines+=("$(grep "^second $second:" "$work/$kind.log" || true)")
  done
  row="$(printf '%6s' "$second")"
  for name in "${names[@]}"; do
    value=$(($(count "$name/sim-small" "${lines[0]}") + $(count "$name/sim-small" "${lines[1]}")))
    totals[$name]=$((${totals[$name]:-0} + value))
    row+="$(printf '%9s' "$value")"
  done
  for value in "${lines[@]}"; do
    failed=$((failed + $(count failed "$value")))
    broken=$((broken + $(count broken "$value")))
  done
  totals[failed]=$((${totals[failed]:-0} + failed))
  totals[broken]=$((${totals[broken]:-0} + broken))
  printf '%s%9s%9s  %s\n' "$row" "$failed" "$broken" "$note"
}

print_head() {
  printf '%6s' "$1"
  printf '%9s' "${names[@]}" failed broken
  echo
}

print_head second
for ((second = 1; second < seconds; second++)); do
  wait_for "^second $second:" "$work/whole.log" "${pids[whole]}"
  wait_for "^second $second:" "$work/streams.log" "${pids[streams]}"
  note=
  if ((second == killed_after)); then
    kill -KILL "${pids[$victim]}"
    note="<- $victim is killed"
  elif ((second == started_after)); then
    start_upstream "$victim"
    note="<- $victim is started again"
  fi
  print_row "$second" "$note"
done
wait "${pids[whole]}" "${pids[streams]}" || true

echo
print_head total
printf '%6s' ''
for name in "${names[@]}" failed broken; do printf '%9s' "${totals[$name]:-0}"; done
echo
cat <<'END'

The columns of names count answers by the header field x-penstock-target. Broken are streams whose
upstream was killed after their first content: they end with an error event, and clients know it.
END
if ((${totals[failed]:-0} > 0)); then
  grep -h '^fault' "$work"/*.log >&2
  exit 1
fi
