#!/usr/bin/env bash
# Formats the C++ files of the tree; with --check, only says which ones are not formatted.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

mode=(-i)
if [[ "${1:-}" == --check ]]; then mode=(--dry-run --Werror); fi
folders=()
for folder in src tests tools bench examples; do
  if [[ -d "$folder" ]]; then folders+=("$folder"); fi
done
find "${folders[@]}" \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs --null --no-run-if-empty clang-format-19 "${mode[@]}"
