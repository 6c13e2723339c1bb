#!/usr/bin/env bash
# Runs each fuzz target of a build directory for some seconds, from its corpus in tests/fuzz/corpus.
#
#     scripts/fuzz.sh build-fuzz 20
#
# New inputs are kept in BUILD/corpus. A crashing one is kept in BUILD/crashes and fails the run.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

readonly build="$1" seconds="$2"
shopt -s nullglob
targets=("$build"/bin/*_fuzz)
if ((${#targets[@]} == 0)); then
  echo "No fuzz target in $build/bin." >&2
  exit 1
fi

for target in "${targets[@]}"; do
  name="$(basename "$target" _fuzz)"
  seeds="tests/fuzz/corpus/$name"
  if [[ ! -d "$seeds" ]]; then
    echo "$name has no seeds in $seeds." >&2
    exit 1
  fi
  found="$build/corpus/$name"
  mkdir -p "$found" "$build/crashes"
  dictionary=()
  if [[ -f "tests/fuzz/$name.dict" ]]; then dictionary=("-dict=tests/fuzz/$name.dict"); fi
  echo "== $name"
  if ! "$target" -max_total_time="$seconds" -max_len=1048576 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 "${dictionary[@]}" -artifact_prefix="$build/crashes/$name-" \
    "$found" "$seeds" >"$build/$name.log" 2>&1; then
    tail -n 60 "$build/$name.log"
    echo "$name failed; the input is in $build/crashes." >&2
    exit 1
  fi
  grep -E 'number_of_executed_units|new_units_added' "$build/$name.log"
done
echo "${#targets[@]} fuzz targets, no failure."
