#!/usr/bin/env python3
"""Reloads the configuration under load, and prints what clients and the memory notice.

    tests/reload/reload.py [--build build] [--reloads 100] [--seconds 100]

Penstock is in front of one simulated upstream. Meanwhile whole answers are asked for on connections
that are kept, and streams are open that live longer than many reloads. Each reload changes
something: a limit, a header of the upstream (so that its connections are made anew), or a second
provider that comes and goes. No request may fail, no stream may break, and the resident memory may
not grow from reload to reload.
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "tests" / "support"))

from processes import WAIT_SECONDS, Load, free_port, wait_until_listening  # noqa: E402

MODEL = "main/sim-small"
STREAM = '{"first_token_ms": 10, "tokens": 120, "tokens_per_second": 40}'
WARM_UP_RELOADS = 20  # until the allocator has what the load needs at most
GROWTH_MAX_KIB = 4096


def configuration(upstream_port, number):
    lines = ["providers:", "  inference:",
             "    - provider_id: main",
             "      provider_type: remote::passthrough",
             "      config:",
             f"        base_url: http://127.0.0.1:{upstream_port}/v1"]
    if number % 3 == 1:
        lines += ["        network:", f"          headers: {{x-generation: '{number}'}}"]
    if number % 2 == 1:
        lines += [f"    - provider_id: other-{number % 4}",
                  "      provider_type: remote::passthrough",
                  f"      config: {{base_url: http://127.0.0.1:{upstream_port}/v1}}"]
    lines += ["server:", "  access_log: off", "  limits:", f"    body_keys: {1000 + number}", ""]
    return "\n".join(lines)


def resident_kib(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def samples(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=WAIT_SECONDS) as page:
        lines = page.read().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def reloads(port, result):
    return int(samples(port)[f'penstock_config_reloads_total{{result="{result}"}}'])


class Server:
    """Penstock, and its configuration."""

    def __init__(self, bin_dir, upstream_port, work):
        self.config = work / "run.yaml"
        self.upstream_port = upstream_port
        self.port = free_port()
        self.number = 0
        self.config.write_text(configuration(upstream_port, 0))
        self.process = subprocess.Popen(
            [str(bin_dir / "penstock"), "serve", "--config", str(self.config),
             "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=(work / "penstock.log").open("wb"))
        wait_until_listening(self.port, self.process)

    def reload(self):
        """Returns the time until the new configuration was served."""
        self.number += 1
        self.config.write_text(configuration(self.upstream_port, self.number))
        before = reloads(self.port, "served")
        began = time.monotonic()
        self.process.send_signal(signal.SIGHUP)
        while reloads(self.port, "served") == before:
            if time.monotonic() - began > WAIT_SECONDS:
                raise SystemExit(f"reload {self.number} is not served")
            time.sleep(0.005)
        return time.monotonic() - began


def run(bin_dir, given, work, to_stop):
    upstream_port = free_port()
    upstream = subprocess.Popen([str(bin_dir / "penstock-sim"), "--port", str(upstream_port),
                                 "--quiet"], stdout=subprocess.DEVNULL)
    to_stop.callback(upstream.kill)
    wait_until_listening(upstream_port, upstream)
    server = Server(bin_dir, upstream_port, work)
    to_stop.callback(server.process.kill)

    pause = given.seconds / given.reloads
    seconds = given.seconds + WARM_UP_RELOADS * pause + 5
    common = ("--model", MODEL, "--log-faults")
    whole = Load(bin_dir, server.port, seconds, *common, "--connections", "8", "--rate",
                 str(given.rate))
    to_stop.callback(whole.stop)
    streams = Load(bin_dir, server.port, seconds, *common, "--stream", "--connections",
                   str(given.streams), "--sim", STREAM)
    to_stop.callback(streams.stop)

    times, memory = [], []
    for _ in range(WARM_UP_RELOADS + given.reloads):
        began = time.monotonic()
        times.append(server.reload())
        time.sleep(max(0.0, pause - (time.monotonic() - began)))
        memory.append(resident_kib(server.process))
    first, last = memory[WARM_UP_RELOADS - 1], memory[-1]
    counts = [whole.counts(), streams.counts()]
    failed = sum(sum(each["faults"].values()) for each in counts)
    done = [each["requests"] for each in counts]
    times.sort()
    print(f"{given.reloads} reloads in {given.seconds:g} s, after {WARM_UP_RELOADS} to warm up: "
          f"{done[0]} whole answers and {done[1]} streams of 3 s, {failed} failed")
    print(f"until a reload is served: median {1e3 * times[len(times) // 2]:.0f} ms, "
          f"longest {1e3 * times[-1]:.0f} ms")
    print(f"resident memory: {first} KiB before, {last} KiB after, "
          f"{min(memory[WARM_UP_RELOADS:])} to {max(memory)} KiB between")
    alive = server.process.poll() is None
    flat = last - first <= GROWTH_MAX_KIB
    if failed or not alive or not flat:
        print((work / "penstock.log").read_text()[-4000:])
    return 0 if not failed and alive and flat and all(done) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=SOURCE_DIR / "build", type=Path)
    parser.add_argument("--reloads", default=100, type=int)
    parser.add_argument("--seconds", default=100, type=float)
    parser.add_argument("--rate", default=200, type=float, help="whole answers a second")
    parser.add_argument("--streams", default=50, type=int, help="streams at once")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, contextlib.ExitStack() as to_stop:
        return run((given.build / "bin").resolve(), given, Path(work), to_stop)


if __name__ == "__main__":
    sys.exit(main())
