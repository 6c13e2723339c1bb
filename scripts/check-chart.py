#!/usr/bin/env python3
"""Looks at what the chart has rendered: scripts/try-chart.sh runs it.

    scripts/check-chart.py FOLDER
"""

import sys
from pathlib import Path

import yaml

VERSIONS = {"Deployment": "apps/v1", "Service": "v1", "ConfigMap": "v1", "ServiceAccount": "v1",
        "PodDisruptionBudget": "policy/v1", "HorizontalPodAutoscaler": "autoscaling/v2",
        "Ingress": "networking.k8s.io/v1", "NetworkPolicy": "networking.k8s.io/v1",
        "HTTPRoute": "gateway.networking.k8s.io/v1",
        "PodMonitor": "monitoring.coreos.com/v1", "Pod": "v1"}

faults = []


def expect(condition, text):
    if not condition:
        faults.append(text)


def kinds(documents):
    return sorted(document["kind"] for document in documents)


def one(documents, kind, name="penstock"):
    found = [document for document in documents
             if document["kind"] == kind and document["metadata"]["name"] == name]
    expect(len(found) == 1, f"{len(found)} documents {kind} {name}")
    return found[0]


def one_named(entries, name):
    return next(entry for entry in entries if entry["name"] == name)


def check_restricted(name, pod):
    """The restricted Pod Security Standard, and what the image promises beside it."""
    expect(pod["securityContext"]["runAsNonRoot"] is True, f"{name}: may run as root")
    expect(pod["securityContext"]["runAsUser"] == 65532, f"{name}: not uid 65532")
    expect(pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault",
           f"{name}: no seccomp profile")
    for container in pod["containers"]:
        context = container["securityContext"]
        expect(context["readOnlyRootFilesystem"] is True, f"{name}: the root may be written")
        expect(context["allowPrivilegeEscalation"] is False, f"{name}: may gain privileges")
        expect(context["capabilities"]["drop"] == ["ALL"], f"{name}: has capabilities")


def check_documents(name, documents):
    for document in documents:
        kind = document["kind"]
        expect(document["apiVersion"] == VERSIONS.get(kind),
               f"{name}: {kind} has another apiVersion")
        if kind == "Pod":
            check_restricted(f"{name}, test", document["spec"])
        if kind == "Deployment":
            check_restricted(name, document["spec"]["template"]["spec"])
            labels = document["spec"]["template"]["metadata"]["labels"]
            wanted = document["spec"]["selector"]["matchLabels"]
            expect(wanted.items() <= labels.items(), f"{name}: the selector fits no pod")
    gateway = one(documents, "Deployment")["spec"]["template"]
    selector = one(documents, "Service")["spec"]["selector"]
    expect(selector.items() <= gateway["metadata"]["labels"].items(),
           f"{name}: the Service finds no pod")
    config = yaml.safe_load(one(documents, "ConfigMap")["data"]["run.yaml"])
    expect(config["providers"]["inference"], f"{name}: the configuration has no provider")
    container = gateway["spec"]["containers"][0]
    mounts = container["volumeMounts"]
    expect(all("subPath" not in mount for mount in mounts),
           f"{name}: a file mounted by subPath is never updated")
    folder = one_named(mounts, "config")["mountPath"]
    file = container["args"][container["args"].index("--config") + 1]
    expect(file == f"{folder}/run.yaml", f"{name}: {file} is not the ConfigMap's")
    volume = one_named(gateway["spec"]["volumes"], "config")
    expect(volume["configMap"]["name"] == one(documents, "ConfigMap")["metadata"]["name"],
           f"{name}: another ConfigMap is mounted")


def main():
    folder = Path(sys.argv[1])
    rendered = {path.stem: [document for document in yaml.safe_load_all(path.read_text())
                            if document] for path in sorted(folder.glob("*.yaml"))}
    for name, documents in rendered.items():
        check_documents(name, documents)

    def container(name):
        return one(rendered[name], "Deployment")["spec"]["template"]["spec"]["containers"][0]

    expect("--allow-anonymous" in container("anonymous")["args"], "anonymous: keys are needed")
    expect("--allow-anonymous" not in container("default")["args"], "default: keys are not needed")
    expect("@sha256:" in container("everything")["image"], "everything: the digest is not used")
    expect(set(kinds(rendered["everything"])) == set(VERSIONS),
           f"everything: has {kinds(rendered['everything'])}")
    expect(kinds(rendered["simulator"]).count("Pod") == 2, "simulator: no test of a completion")
    expect("replicas" not in one(rendered["everything"], "Deployment")["spec"],
           "everything: the number of replicas contradicts the autoscaler")

    def configuration(name):
        return yaml.safe_load(one(rendered[name], "ConfigMap")["data"]["run.yaml"])

    expect(configuration("default")["server"]["reload"]["watch"] is True,
           "default: a pod does not notice that its ConfigMap has changed")
    expect(configuration("everything")["server"]["reload"]["watch"] is True,
           "everything: values for the server replace those of the chart")
    expect(configuration("anonymous")["server"]["reload"]["watch"] is False,
           "anonymous: the configuration is watched though it must not be")

    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        expect(container("default")[probe]["httpGet"]["port"] == "admin",
               f"default: the {probe} waits behind clients")
    expect(container("default")["readinessProbe"]["httpGet"]["scheme"] == "HTTP",
           "default: the probes use TLS")
    ports = [port["name"] for port in one(rendered["default"], "Service")["spec"]["ports"]]
    expect(ports == ["http"], f"default: the Service has the ports {ports}")
    expect(container("common")["readinessProbe"]["httpGet"]["port"] == "http",
           "common: the probes ask a listener that there is not")
    expect(container("tls")["readinessProbe"]["httpGet"]["scheme"] == "HTTP",
           "tls: the probes use TLS on the admin listener, which has none")
    expect("tcpSocket" in container("tls-common")["readinessProbe"],
           "tls-common: the probes need a certificate that the kubelet does not have")

    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
