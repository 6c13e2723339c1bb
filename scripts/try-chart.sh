#!/usr/bin/env bash
# Checks the Helm chart: lints it, renders it with each file of values of packaging/helm/penstock/ci
# and for old and new Kubernetes, compares what came out, and sees wrong values refused.
#
#     scripts/try-chart.sh
#
# Uses the helm of the machine, else one that scripts/install-chart-tools.sh installs. No cluster.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PATH="$PWD/build-tools/bin:$PATH"
if ! command -v helm >/dev/null; then scripts/install-chart-tools.sh; fi

readonly chart=packaging/helm/penstock kubernetes=1.31.0
readonly out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

render() { # name, arguments of helm template
  local name="$1"
  shift
  helm template penstock "$chart" --kube-version "$kubernetes" "$@" >"$out/$name.yaml"
  echo "rendered: $name"
}
refused() { # a part of the message, arguments of helm template
  local part="$1" said
  shift
  if said="$(helm template penstock "$chart" --kube-version "$kubernetes" "$@" 2>&1)"; then
    echo "Not refused: $*" >&2
    return 1
  fi
  if [[ "$said" != *"$part"* ]]; then
    echo "Refused, but not for '$part': $said" >&2
    return 1
  fi
  echo "refused: $*"
}

helm lint --strict "$chart"
for values in "$chart"/ci/*-values.yaml; do helm lint --strict --quiet "$chart" -f "$values"; done

render default
render old --kube-version 1.27.0
render common --set config.admin=null
for values in "$chart"/ci/*-values.yaml; do
  render "$(basename "$values" -values.yaml)" -f "$values"
done

render tls-common -f "$chart/ci/tls-values.yaml" --set config.admin=null

readonly drain=config.server.timeouts.drain
refused 'streams would be cut' --set terminationGracePeriodSeconds=610
refused 'streams would be cut' --set "$drain=11m"
refused 'streams would be cut' --set config.server.drain.delay=100s
refused 'reaches it' --set config.admin.host=127.0.0.1
refused 'where clients are served' --set config.admin.port=8321
refused 'drain is 0' --set "$drain=0"
refused 'api_keys is empty' --set config.server.api_keys=null
refused 'no node could be drained' --set replicaCount=1 --set pdb.maxUnavailable=0
refused 'parentRefs' --set httpRoute.enabled=true
refused 'replicas' --set replicas=3
refused 'containerPort' --set containerPort=80
refused 'drain' --set-string "$drain=soon"

scripts/check-chart.py "$out"

# What the configurations in the charts mean, if a program is built.
for program in build-dist build-pgo build build-dev; do
  program="$program/bin/penstock"
  if [[ ! -x "$program" ]]; then continue; fi
  for values in "$out"/*.yaml; do
    python3 -c 'import sys, yaml
for each in yaml.safe_load_all(open(sys.argv[1])):
    if each and each["kind"] == "ConfigMap":
        print(each["data"]["run.yaml"])' "$values" >"$out/run.yml"
    # Certificates are where the pod is.
    sed -i '/tls_.*file:/d' "$out/run.yml"
    PENSTOCK_API_KEY=a-key-of-sixteen-bytes "$program" check "$out/run.yml" >/dev/null
  done
  echo "checked by $program"
  break
done
