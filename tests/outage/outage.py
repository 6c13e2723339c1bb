#!/usr/bin/env python3
"""Kills upstreams under load, one after the other, and counts what clients notice.

    tests/outage/outage.py [--build build] [--seconds 60] [--rate 500] [--streams 200]

Penstock has one model on three simulated upstreams. Each second one of them is killed (SIGKILL),
and started again half a second later, on the same port. Meanwhile whole answers are asked for at a
fixed rate, and so many streams are open at once. Two upstreams are there at any time, so no request
may fail. Only a stream that had content when its upstream died may break: with an error event, and
then a cut. Such streams are counted apart.
"""

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "tests" / "support"))

from processes import Load, free_port, wait_until_listening  # noqa: E402

NAMES = ("east", "south", "west")
MODEL = "sim-small"
# Streams of about a second, of which a tenth is before the first content.
STREAM = {"first_token_ms": 100, "tokens": 40, "tokens_per_second": 40}
LINES_MAX = 20  # of the access log
# Each fault is printed.
FAULTS = ("--count-by", "x-penstock-target", "--log-faults", "--allow-broken-streams")
SOUND_SECONDS = 2  # before the first kill: the load begins with one request that must succeed


def guarded_port():
    """A free port, and a socket that keeps it: bound, so that the system gives it to nobody, and
    not listening, so that connections are refused while the upstream is dead."""
    guard = socket.socket()
    guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    guard.bind(("127.0.0.1", 0))
    return guard.getsockname()[1], guard


class Upstream:
    """A simulator in a process of its own, which can be killed and comes back."""

    def __init__(self, bin_dir, name):
        self.name = name
        self.port, self._guard = guarded_port()
        self._command = [str(bin_dir / "penstock-sim"), "--port", str(self.port), "--name", name,
                         "--quiet"]
        self._process = None
        self.start()

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until_listening(self.port, self._process)

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def configuration(upstreams, access_log):
    lines = ["version: 2", "providers:", "  inference:"]
    for upstream in upstreams:
        lines += [f"    - provider_id: {upstream.name}",
                  "      provider_type: remote::passthrough",
                  "      config:",
                  f"        base_url: http://127.0.0.1:{upstream.port}"]
    lines += ["routing:", "  routes:", f"    - model: {MODEL}", "      targets:"]
    lines += [f"        - {{provider: {upstream.name}, model: {MODEL}}}" for upstream in upstreams]
    return "\n".join([*lines, "server:", f"  access_log: {access_log}", ""])


def kill_in_turn(upstreams, seconds):
    """One a second, each for half of it. Returns how many."""
    began = time.monotonic()
    kills = 0
    while kills + 1 < seconds:
        upstream = upstreams[kills % len(upstreams)]
        kills += 1
        time.sleep(max(0.0, began + kills - 0.5 - time.monotonic()))
        upstream.kill()
        time.sleep(max(0.0, began + kills - time.monotonic()))
        upstream.start()
    return kills


def report(kind, counts):
    failed = sum(counts["faults"].values())
    print(f"{kind}: {sum(each['answered'] for each in counts['by'].values())} answered, "
          f"{failed} failed, {counts['broken_streams']} broken after their first content")
    for name, each in sorted(counts["by"].items()):
        print(f"    {name}: {each['answered']} answered, {each['failed']} failed, "
              f"{each['broken_streams']} broken")
    if failed:
        print(f"    first: {counts['first_fault']}; all: {counts['faults']}")
    return failed


def print_failures(access_log):
    """The first requests that Penstock knows to have failed, with all their attempts."""
    lines = access_log.read_text().splitlines()
    ids = {entry["request_id"] for entry in map(json.loads, lines)
           if entry.get("status", 200) >= 500}
    failed = [line for line in lines if json.loads(line).get("request_id") in ids]
    print("\n".join(failed[:LINES_MAX]))


def run(bin_dir, given, work, to_stop):
    upstreams = [Upstream(bin_dir, name) for name in NAMES]
    for upstream in upstreams:
        to_stop.callback(upstream.kill)
    config = work / "run.yaml"
    config.write_text(configuration(upstreams, work / "access.log"))
    port = free_port()
    penstock = subprocess.Popen([str(bin_dir / "penstock"), "serve", "--config", str(config),
                                 "--port", str(port)], stdout=subprocess.DEVNULL,
                                stderr=(work / "penstock.log").open("wb"))
    to_stop.callback(penstock.kill)
    wait_until_listening(port, penstock)

    seconds = given.seconds + SOUND_SECONDS
    whole = Load(bin_dir, port, seconds, *FAULTS, "--rate", str(given.rate), "--connections", "64")
    to_stop.callback(whole.stop)
    streams = Load(bin_dir, port, seconds, *FAULTS, "--stream", "--connections", str(given.streams),
                   "--sim", json.dumps(STREAM), "--ramp", "1")
    to_stop.callback(streams.stop)
    time.sleep(SOUND_SECONDS)
    kills = kill_in_turn(upstreams, given.seconds)
    counts = [whole.counts(), streams.counts()]

    print(f"{kills} kills in {given.seconds:g} s, {given.rate:g} requests/s and "
          f"{given.streams} streams at once")
    failed = report("whole answers", counts[0]) + report("streams", counts[1])
    alive = penstock.poll() is None
    if failed or not alive:
        print((work / "penstock.log").read_text()[-4000:])
        print_failures(work / "access.log")
    enough = all(any(each["answered"] for each in count["by"].values()) for count in counts)
    print(f"failed requests that another target could have served: {failed}")
    return 0 if not failed and alive and enough else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=SOURCE_DIR / "build", type=Path)
    parser.add_argument("--seconds", default=60, type=float)
    parser.add_argument("--rate", default=500, type=float, help="whole answers a second")
    parser.add_argument("--streams", default=200, type=int, help="streams at once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, contextlib.ExitStack() as to_stop:
        return run((given.build / "bin").resolve(), given, Path(work), to_stop)


if __name__ == "__main__":
    sys.exit(main())
