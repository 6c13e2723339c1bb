#!/usr/bin/env python3
"""Writes a CycloneDX bill of materials of a program: every library that it links or whose headers
are compiled into it, with the version that dpkg has.

    scripts/sbom.py --build build-dist --program penstock > penstock.cdx.json

Asks Ninja what went into the program, so nothing has to be listed by hand.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
import uuid
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[1]
# By source package. A library that is not here is a mistake of this table, not a guess.
LICENCES = {
    "abseil": "Apache-2.0",
    "cli11": "BSD-3-Clause",
    "fmtlib": "MIT",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "libsodium": "ISC",
    "libzstd": "BSD-3-Clause OR GPL-2.0-only",
    "nlohmann-json3": "MIT",
    "openssl": "Apache-2.0",
    "simdjson": "Apache-2.0",
    "spdlog": "MIT",
    "sqlite3": "blessing",
    "yaml-cpp": "MIT",
    "zlib": "Zlib",
}
# Headers of the kernel's interface: no code of a library.
NOT_LIBRARIES = ("linux",)


def output_of(*command, check=True):
    return subprocess.run(command, capture_output=True, text=True, check=check).stdout


def version_of_project():
    return re.search(r"project\(penstock VERSION ([0-9.]+)",
                     (SOURCE_DIR / "CMakeLists.txt").read_text()).group(1)


def link_commands(build, program):
    return [line for line in output_of("ninja", "-C", str(build), "-t", "commands",
                                       program).splitlines()
            if " -o " in line or "qc " in line]


def headers_of(build, program):
    """Every header outside the project that an object of the program includes."""
    objects = set()
    for line in link_commands(build, program):
        objects |= set(re.findall(r"-o (\S+\.o)\b", line))
    headers = set()
    current = None
    for line in output_of("ninja", "-C", str(build), "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            current = line.split(":")[0]
        elif current in objects and line.strip().startswith("/usr/"):
            headers.add(line.strip())
    return headers


def libraries_of(build, program):
    """What the linker is given by path, and what the program loads when it starts."""
    last = link_commands(build, program)[-1]
    given = {word for word in shlex.split(last)
             if word.startswith("/") and re.search(r"\.(a|so[.0-9]*)$", word)}
    loaded = re.findall(r"=> (/\S+)", output_of("ldd", str(build / "bin" / program)))
    return given | set(loaded)


def packages_of(paths):
    """The Debian packages that own the files."""
    owners = set()
    # dpkg knows files by the path before or after /usr was merged.
    spelled = {path for path in paths} | {os.path.realpath(path) for path in paths}
    spelled |= {path.removeprefix("/usr") for path in spelled if path.startswith("/usr/lib")}
    spelled |= {"/usr" + path for path in spelled if path.startswith("/lib")}
    ordered = sorted(spelled)
    for start in range(0, len(ordered), 500):
        for line in output_of("dpkg-query", "--search", *ordered[start:start + 500],
                              check=False).splitlines():
            if not line.startswith("diversion"):
                owners |= {name.strip() for name in line.rpartition(": ")[0].split(",")}
    return sorted(owners)


def components(packages):
    """One for each source package: a library and its headers come from the same one."""
    form = "${source:Package}\t${source:Version}\t${binary:Package}\t${Architecture}\n"
    found = {}
    for line in output_of("dpkg-query", "--show", "--showformat", form, *packages).splitlines():
        source, version, binary, architecture = line.split("\t")
        if source in NOT_LIBRARIES:
            continue
        if source not in LICENCES:
            raise SystemExit(f"scripts/sbom.py: {binary} is of {source}, whose licence is not in "
                             "the table LICENCES: add it.")
        entry = found.setdefault(source, {"version": version, "binaries": set(),
                                          "architecture": architecture})
        entry["binaries"].add(binary.split(":")[0])
    for source, entry in sorted(found.items()):
        purl = f"pkg:deb/debian/{source}@{entry['version']}?arch=source&distro=debian-12"
        yield {
            "type": "library", "bom-ref": purl, "name": source, "version": entry["version"],
            "purl": purl, "licenses": [{"expression": LICENCES[source]}],
            "properties": [{"name": "penstock:debian-packages",
                            "value": " ".join(sorted(entry["binaries"]))}],
        }


def price_data():
    """The file of prices, which is another project's data."""
    content = (SOURCE_DIR / "packaging" / "prices" / "prices.json").read_bytes()
    snapshot = json.loads(content)["_snapshot"]
    return {
        "type": "data", "bom-ref": f"penstock:prices@{snapshot['date']}", "name": "litellm-prices",
        "version": snapshot["date"], "description": snapshot["source"],
        "licenses": [{"license": {"id": "MIT"}}], "copyright": "Copyright (c) 2023 Berri AI",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
    }


def document(build, program, timestamp):
    binary = (build / "bin" / program).read_bytes()
    digest = hashlib.sha256(binary).hexdigest()
    version = version_of_project()
    reference = f"pkg:generic/{program}@{version}"
    paths = headers_of(build, program) | libraries_of(build, program)
    libraries = list(components(packages_of(paths)))
    if program == "penstock":
        libraries.append(price_data())
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, reference + digest)}",
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp)),
            "component": {
                "type": "application", "bom-ref": reference, "name": program, "version": version,
                "purl": reference, "licenses": [{"license": {"id": "Apache-2.0"}}],
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
        },
        "components": libraries,
        "dependencies": [{"ref": reference, "dependsOn": [each["bom-ref"] for each in libraries]}],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--program", default="penstock")
    given = parser.parse_args()
    timestamp = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    json.dump(document(given.build, given.program, timestamp), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
