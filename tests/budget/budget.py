#!/usr/bin/env python3
"""Counts what the full gateway spends on a request and on an event, and compares with a budget.

    tests/budget/budget.py --build build {system_calls,allocations,stalls,instructions}

The counts are of system calls, allocations and instructions: they come out nearly the same on a
busy machine and on a quiet one. docs/benchmarks.md says how the budgets are meant.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE_DIR / "bench" / "e2e"))

# pylint: disable=wrong-import-position
import machine
import measure
from kinds import KINDS
from systems import Bench, Upstream, spawn, wait_until_serving

GATEWAY = KINDS["penstock-b"]

# At most so many, on average.
SYSTEM_CALLS_A_REQUEST = 4.5
SYSTEM_CALLS_AN_EVENT = 2.3
ALLOCATIONS_A_REQUEST = 0.1
ALLOCATIONS_AN_EVENT = 0.01
INSTRUCTIONS_A_REQUEST = 40_000
INSTRUCTIONS_AN_EVENT = 7_000
STALLED_SHARE = 0.05

CONNECTIONS = 16
STREAMS = 64
# Slow enough for the observed gateway: events that pile up would be forwarded together.
PACED = {"tokens": 100, "tokens_per_second": 25}
# Their events arrive in step, as from an engine that computes a token of each at once. Otherwise
# the machine's speed would decide how many of them share a wait.
STREAMS_TRACED = 128
IN_STEP = {"tokens": 60, "tokens_per_second": 15, "in_step": True}
LONG = 2000
SHORT = 20


class Setup:
    """A simulator, and the gateway in front of it under whatever observes it."""

    def __init__(self, build, folder):
        self.build = build
        self.bench = Bench(build / "bin", Path(folder), machine.Cores())
        self.simulator = self.bench.start_simulator()
        self.servers = [self.simulator]

    def start_gateway(self, observer=(), environment=None):
        upstream = Upstream(self.simulator.port)
        command, port, folder = self.bench.prepare(GATEWAY, upstream)
        before = dict(os.environ)
        os.environ.update(environment or {})
        try:
            server = spawn([*observer, *command], port, folder, self.bench.cores.target)
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.servers.append(server)
        wait_until_serving(server, GATEWAY)
        return server

    def load_command(self, port, **options):
        return measure.load_command(self.bench, GATEWAY, port, CONNECTIONS, **options)

    def give_load(self, port, connections=CONNECTIONS, **options):
        return measure.give_load(self.bench, GATEWAY, port, connections, **options)

    def library(self, name):
        library = self.build / "tests" / f"{name}.so"
        if not library.exists():
            raise RuntimeError(f"{library} is missing")
        return str(library)

    def requests_so_far(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.simulator.port}/sim/stats") as stats:
            return json.load(stats)["requests"]

    def stop(self):
        for server in self.servers:
            server.stop()


class Budget:
    """Compares figures with their bounds and records whether all hold."""

    def __init__(self):
        self.kept = True

    def hold(self, what, figure, bound):
        kept = figure <= bound
        self.kept = self.kept and kept
        print(f"{'ok  ' if kept else 'OVER'} {what}: {figure:.3f}, budget {bound:g}", flush=True)


# System calls.


def total_of(strace_table):
    """The number of calls in the last line of `strace -c`."""
    found = re.search(r"^\s*100\.00\s+\S+\s+\S+\s+(\d+).*total$", strace_table, re.MULTILINE)
    if not found:
        raise RuntimeError(f"strace has no total:\n{strace_table}")
    return int(found[1])


@contextlib.contextmanager
def strace(pid, output):
    with subprocess.Popen(["strace", "-c", "-f", "-o", str(output), "-p", str(pid)],
                          stderr=subprocess.PIPE, text=True) as tracer:
        line = tracer.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace: {line}")
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(timeout=30)


def system_calls(setup, budget):
    gateway = setup.start_gateway()
    output = setup.bench.work / "strace"

    # Connections are opened once and used for long: they hardly affect the count.
    with strace(gateway.process.pid, output):
        before = setup.requests_so_far()
        setup.give_load(gateway.port, warmup=0, seconds=4, sim={"tokens": 40})
        requests = setup.requests_so_far() - before
    table = output.read_text()
    print(table)
    budget.hold("system calls a request", total_of(table) / requests, SYSTEM_CALLS_A_REQUEST)

    with strace(gateway.process.pid, output):
        block = setup.give_load(gateway.port, STREAMS_TRACED, warmup=0, ramp=0, seconds=8,
                                stream=True, sim=IN_STEP)
    table = output.read_text()
    print(table)
    budget.hold("system calls an event", total_of(table) / block["events"], SYSTEM_CALLS_AN_EVENT)


# Allocations.


class AllocationCount:
    """The count that the preloaded library keeps in a file."""

    def __init__(self, setup):
        self._file = setup.bench.work / "allocations"
        self._file.write_bytes(bytes(4096))
        self.environment = {"LD_PRELOAD": setup.library("count_allocations"),
                            "ALLOCATION_COUNT_FILE": str(self._file)}

    def value(self):
        return struct.unpack("=Q", self._file.read_bytes()[:8])[0]


def in_the_middle(setup, port, count, **options):
    """What `count` and the number of requests grow by in the middle of a load."""
    with subprocess.Popen(setup.load_command(port, warmup=0, seconds=6, **options),
                          stdout=subprocess.PIPE, text=True) as load:
        time.sleep(2)
        began = count(), setup.requests_so_far()
        time.sleep(3)
        ended = count(), setup.requests_so_far()
        block = json.loads(load.stdout.read())
    if load.returncode != 0:
        raise RuntimeError(block["first_fault"])
    return ended[0] - began[0], ended[1] - began[1]


def allocations(setup, budget):
    count = AllocationCount(setup)
    gateway = setup.start_gateway(environment=count.environment)
    if count.value() == 0:
        raise RuntimeError("nothing is counted")

    grown, requests = in_the_middle(setup, gateway.port, count.value, sim={"tokens": 40})
    budget.hold("allocations a request", grown / requests, ALLOCATIONS_A_REQUEST)

    # A stream's fixed cost is in both lengths.
    per_stream = []
    for tokens in (SHORT, LONG):
        grown, streams = in_the_middle(setup, gateway.port, count.value, stream=True,
                                       sim={"tokens": tokens, "events_per_write": 1})
        per_stream.append(grown / streams)
    print(f"allocations a stream of {SHORT} and of {LONG} tokens: {per_stream}")
    budget.hold("allocations an event", (per_stream[1] - per_stream[0]) / (LONG - SHORT),
                ALLOCATIONS_AN_EVENT)


# Stalls of 40 ms: Nagle's algorithm on one side and delayed acknowledgements on the other.


def stalls(setup, budget):
    gateway = setup.start_gateway()

    block = setup.give_load(gateway.port, warmup=0.2, seconds=2, sim={"tokens": 40})
    latency = block["latency_us"]
    budget.hold("share of answers after 35 to 50 ms", latency["stalls"] / latency["count"],
                STALLED_SHARE)

    # Small writes, none of which waits for an answer: if they were held back until the last one is
    # acknowledged, most would be late.
    small = {"tokens": 100, "tokens_per_second": 100}
    block = setup.give_load(gateway.port, warmup=0.5, seconds=2, stream=True, sim=small)
    transit = block["transit_us"]
    budget.hold("share of events with a transit of 35 to 50 ms",
                transit["stalls"] / transit["count"], STALLED_SHARE)
    budget.hold("median transit of an event, ms", transit["p50"] / 1e3, 10)


# Instructions.


def instructions_of(setup, **load):
    """All instructions of a gateway's life, and how many requests it served."""
    output = setup.bench.work / "callgrind.out"
    gateway = setup.start_gateway(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"],
        {"LD_PRELOAD": setup.library("epoll_wait_only")})
    before = setup.requests_so_far()
    events = 0
    if load:
        block = setup.give_load(gateway.port, warmup=0, ramp=0, **load)
        events = block["events"]
    requests = setup.requests_so_far() - before
    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.wait(timeout=60)
    found = re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError("callgrind gave no summary")
    return int(found[1]), requests, events


def instructions(setup, budget):
    idle, _, _ = instructions_of(setup)
    total, requests, _ = instructions_of(setup, seconds=4, sim={"tokens": 40})
    print(f"{idle} instructions of a start and an end; {requests} requests")
    budget.hold("instructions a request", (total - idle) / requests, INSTRUCTIONS_A_REQUEST)
    total, _, events = instructions_of(setup, connections=STREAMS, seconds=3, stream=True,
                                       sim=PACED)
    print(f"{events} events")
    budget.hold("instructions an event", (total - idle) / events, INSTRUCTIONS_AN_EVENT)


BUDGETS = {"system_calls": system_calls, "allocations": allocations, "stalls": stalls,
           "instructions": instructions}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=SOURCE_DIR / "build", type=Path)
    parser.add_argument("budget", choices=BUDGETS)
    given = parser.parse_args()
    machine.raise_descriptor_limit()
    budget = Budget()
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(given.build.resolve(), folder)
        try:
            BUDGETS[given.budget](setup, budget)
        finally:
            setup.stop()
    return 0 if budget.kept else 1


if __name__ == "__main__":
    sys.exit(main())
