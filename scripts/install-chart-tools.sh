#!/usr/bin/env bash
# Installs helm, to check the chart with, in build-tools/bin: from the Go module proxy, in a fixed
# version, with the Go that is there. Takes some minutes, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly folder="$PWD/build-tools"
readonly helm=helm.sh/helm/v3/cmd/helm@v3.16.4

if [[ -x "$folder/bin/helm" ]]; then exit 0; fi
if ! command -v go >/dev/null; then
  echo "There is no Go to build helm with: install Go 1.22 or later, or put helm into" >&2
  echo "$folder/bin." >&2
  exit 1
fi
GOBIN="$folder/bin" GOFLAGS=-modcacherw go install "$helm"
