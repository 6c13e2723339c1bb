#!/usr/bin/env python3
"""Runs the commands that the documents show.

    tests/documents/commands.py [--build build]

A command is what a block of `sh` or `console` shows. Those of the programs are run here, beside a
Penstock and a simulator on free ports: the documents' ports and files are replaced by those. Others
need a machine of their own, and are run by the script that RUN_ELSEWHERE names. A command that is
in neither way accounted for fails the test. In the text, `penstock …` and `make …` are only looked
up: the command, its options, and the target must exist.
"""

import argparse
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "tests" / "support"))

from processes import free_port, wait_until_listening  # noqa: E402

DOCUMENTS = [SOURCE_DIR / "README.md", SOURCE_DIR / "CONTRIBUTING.md",
             *sorted((SOURCE_DIR / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = "penstock|make|curl|apt|systemctl|podman|helm|ctest"
INDENTED_COMMAND = re.compile(rf"^    (?:\$ )?(?:{PROGRAMS})\b", re.MULTILINE)
INLINE = re.compile(r"`((?:penstock|make) [^`]+)`")
COMMAND_SECONDS = 30
SERVER_SECONDS = 1  # a program that does not end by itself has served for so long

# A beginning of the command, and where a test runs it: a file, and what it has there.
RUN_ELSEWHERE = (
    ("make run", "scripts/try-fresh-machine.sh", "make run"),
    ("make test", ".ci/run", "make test"),
    ("make bench-quick", ".ci/run", "make bench-quick"),
    ("make bench-peers", "Makefile", "bench-peers:"),
    ("make bench", "Makefile", "bench bench-quick:"),
    ("make release-pgo", "Makefile", "scripts/release-pgo.sh"),
    ("apt install", "scripts/try-package.sh", "apt install"),
    ("systemctl reload penstock", "scripts/try-package.sh", "systemctl reload penstock"),
    ("CREDENTIALS_DIRECTORY=", "scripts/try-package.sh", "CREDENTIALS_DIRECTORY="),
    ("podman build", "scripts/try-image.sh", "Containerfile"),
    ("podman run", "scripts/try-image.sh", "podman run"),
    ("helm install", "scripts/try-chart.sh", "check-chart.py"),
    ("kubectl create secret", "scripts/try-chart.sh", "check-chart.py"),
    ("ctest ", ".ci/run", "make test"),
    ("build/bin/http_tests", "CMakePresets.json", "test"),
    ("tests/sdk/run.sh", "tests/sdk/CMakeLists.txt", "run.sh"),
    ("tests/real/run.sh", "Makefile", "tests/real/run.sh"),
    ("tests/clients/run.sh", "Makefile", "tests/clients/run.sh"),
    ("PENSTOCK_API_KEY=KEY codex", "tests/clients/clients.test.mjs", "PENSTOCK_API_KEY: KEY"),
    ("ANTHROPIC_BASE_URL=http://localhost:8321 ANTHROPIC_AUTH_TOKEN=KEY claude",
     "tests/clients/clients.test.mjs", "ANTHROPIC_BASE_URL: task.url"),
)
# What curl says of an answer that is cut, as this command asks for.
CUT_OFF = ('"cut": "reset"', 18)
# These run until they are told to end.
SERVERS = ("penstock serve", "build/bin/penstock serve", "penstock-sim", "build/bin/penstock-sim")

RUN_YAML = """\
providers:
  inference:
    - provider_id: passthrough
      provider_type: remote::passthrough
      config: {{base_url: "http://127.0.0.1:{sim}/v1"}}
routing:
  routes:
    - model: smart
      targets: [{{provider: passthrough, model: sim-small}}]
server: {{port: {port}, access_log: "off"}}
"""


def commands_of(text):
    """The commands of all blocks, each on one line."""
    for kind, block in BLOCK.findall(text):
        quote_open = False
        command = ""
        for line in block.splitlines():
            if kind == "console" and not command:
                if not line.startswith("$ "):
                    continue
                line = line.removeprefix("$ ")
            command += line
            quote_open = (quote_open + line.count("'")) % 2 == 1
            if line.endswith("\\") and not quote_open:
                command = command[:-1]
            elif quote_open:
                command += "\n"
            else:
                command = re.sub(r"\s+#\s.*$", "", command.strip())
                if command:
                    yield command
                command = ""


def elsewhere(command):
    for beginning, path, text in RUN_ELSEWHERE:
        if command.startswith(beginning):
            return path, text
    return None


class Place:
    """A folder with what the commands need: programs, files, a simulator and a server."""

    def __init__(self, bin_dir, work, to_stop):
        self.work = work
        self.sim, self.port = free_port(), free_port()
        (work / "build").mkdir()
        (work / "build" / "bin").symlink_to(bin_dir)
        for name in ("tests", "packaging"):
            (work / name).symlink_to(SOURCE_DIR / name)
        (work / "run.yaml").write_text(RUN_YAML.format(sim=self.sim, port=self.port))
        self.environment = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}",
                            "NO_PROXY": "*", "no_proxy": "*"}
        self._start(["penstock-sim", "--port", str(self.sim), "--quiet"], self.sim, to_stop)
        self._start(["penstock", "serve", "run.yaml"], self.port, to_stop)
        self.socket = work / "penstock.sock"
        self._start(["penstock", "serve", "run.yaml", "--host", f"unix:{self.socket}"], None,
                    to_stop)

    def _start(self, command, port, to_stop):
        process = subprocess.Popen(command, cwd=self.work, env=self.environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        to_stop.callback(process.kill)
        if port is not None:
            wait_until_listening(port, process)
            return
        deadline = time.monotonic() + COMMAND_SECONDS
        while not self.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    def fitted(self, command):
        """With the ports and files of this place."""
        command = command.replace("/run/penstock/penstock.sock", str(self.socket))
        command = re.sub(r"(127\.0\.0\.1|localhost):8321", f"127.0.0.1:{self.port}", command)
        command = command.replace("127.0.0.1:11434", f"127.0.0.1:{self.sim}")
        command = re.sub(r"--output (\S+)", r"--output new-\1", command)
        if "penstock-sim" in command and "--port" not in command:
            command = command.replace("penstock-sim", "penstock-sim --port 0", 1)
        return re.sub(r"port \d+'", f"port {free_port()}'", command)

    def example(self, kind):
        """Another gateway's configuration, under the name that the documents give it."""
        source = SOURCE_DIR / "tests" / "imports" / "data" / f"{kind.replace('-', '_')}.yaml"
        shutil.copy(source, self.work / ("routes.yaml" if kind == "envoy" else "config.yaml"))

    def run(self, command):
        """The reason why it fails; None if it does not."""
        for kind in ("litellm", "llama-swap", "envoy"):
            if f"import {kind}" in command:
                self.example(kind)
        line = self.fitted(command).replace("> run.yaml", "> imported.yaml")
        is_server = line.startswith(SERVERS)
        process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", line], cwd=self.work,
                                   env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            out, _ = process.communicate(timeout=SERVER_SECONDS if is_server else COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
            return None if is_server else f"does not end: {line}\n{out}"
        expected = CUT_OFF[1] if CUT_OFF[0] in line else 0
        is_refused = line.startswith("curl") and '"error"' in out and not expected
        if process.returncode != expected or is_refused:
            return f"ends with {process.returncode}: {line}\n{out}"
        return None


def make_targets():
    text = (SOURCE_DIR / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z0-9 -]*):", text, re.MULTILINE))
    names = {name for each in targets for name in each.split()}
    return names | {"dev", "asan", "tsan"}


def help_of(bin_dir, *command):
    asked = [bin_dir / "penstock", *command, "--help"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def check_inline(text, bin_dir, targets, helps):
    """What is wrong with the commands within sentences."""
    for command in INLINE.findall(text):
        program, *words = command.replace("\\|", "|").split()
        name = words[0] if words else ""
        if program == "make":
            if not re.fullmatch(r"[A-Z_]+=.*", name) and name not in targets:
                yield f"`{command}`: there is no target {name}"
            continue
        if name.startswith(("-", "…")):
            continue
        if name not in helps:
            helps[name] = help_of(bin_dir, name)
        if f"penstock {name}" not in helps[name]:
            yield f"`{command}`: there is no command {name}"
            continue
        for option in re.findall(r"--[a-z-]+", " ".join(words[1:])):
            if option not in helps[name]:
                yield f"`{command}`: {name} has no option {option}"


def run(bin_dir, work, to_stop):
    place = Place(bin_dir, work, to_stop)
    faults, ran, left = [], 0, 0
    targets, helps = make_targets(), {}
    for document in DOCUMENTS:
        text = document.read_text()
        name = document.relative_to(SOURCE_DIR)
        faults += [f"{name}: a command stands in an indented block: {found.strip()}"
                   for found in INDENTED_COMMAND.findall(text)]
        faults += [f"{name}: {fault}" for fault in check_inline(text, bin_dir, targets, helps)]
        for command in commands_of(text):
            if where := elsewhere(command):
                path, needed = where
                left += 1
                if needed not in (SOURCE_DIR / path).read_text():
                    faults.append(f"{name}: {path} does not run: {command}")
                continue
            ran += 1
            if fault := place.run(command):
                faults.append(f"{name}: {fault}")
    print("\n".join(faults))
    print(f"{ran} commands run, {left} that other scripts run, {len(faults)} faults")
    return 0 if ran and not faults else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=SOURCE_DIR / "build", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, contextlib.ExitStack() as to_stop:
        return run((given.build / "bin").resolve(), Path(work), to_stop)


if __name__ == "__main__":
    sys.exit(main())
