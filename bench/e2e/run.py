#!/usr/bin/env python3
"""Measures Penstock side by side with others and writes the report (docs/benchmarks.md).

    bench/e2e/run.py [--quick] [--build build] [--cells small,stream] [--rounds 10] [--seconds 4]
"""

import argparse
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import failover
import machine
import measure
import parity
import peers
import report
from cells import ALL, CELLS
from kinds import KINDS
from systems import Bench, Server, Upstream

SOURCE_DIR = Path(__file__).resolve().parents[2]
FRESH = ("idle", "idle-tls", "peak", "rest", "failover")
OURS = ("relay", "penstock-a", "penstock-b", "penstock-pgo")


@dataclass
class Plan:
    """How long and how much."""

    quick: bool
    rounds: int
    seconds: float
    cells: tuple
    systems: tuple

    @property
    def warmup_factor(self):
        return 0.4 if self.quick else 1.0

    @property
    def idle_streams(self):
        return 500 if self.quick else 9000

    @property
    def hold_seconds(self):
        return 1.0 if self.quick else 5.0

    @property
    def many_clients(self):
        return 64 if self.quick else 512

    @property
    def starts(self):
        return 3 if self.quick else 20

    def connections(self, cell):
        return min(cell.connections, 100) if self.quick else cell.connections

    def wants(self, cell):
        return not self.cells or cell in self.cells


def names(text):
    return tuple(part for part in text.split(",") if part)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a smoke test of two minutes")
    parser.add_argument("--build", default=SOURCE_DIR / "build", type=Path)
    parser.add_argument("--cells", default=(), type=names, help="only these, by name: " + ", ".join(
        [cell.name for cell in CELLS] + list(FRESH)))
    parser.add_argument("--systems", default=(), type=names, help="only these: " + ", ".join(KINDS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each block")
    given = parser.parse_args()
    unknown = [cell for cell in given.cells
               if cell not in FRESH and cell not in [known.name for known in CELLS]]
    unknown += [name for name in given.systems
                if name not in KINDS and name not in failover.SYSTEMS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    plan = Plan(given.quick, given.rounds or (2 if given.quick else 10),
                given.seconds or (0.4 if given.quick else 4.0), given.cells, given.systems)
    return given, plan


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


class Session:
    """The running systems, and their state."""

    def __init__(self, bench, plan, results):
        self.bench = bench
        self.plan = plan
        self.results = results
        self.running = {}  # by placement: {system: Server}
        self.to_stop = []

    def candidates(self):
        for kind in KINDS.values():
            wanted = not self.plan.systems or kind.name in self.plan.systems
            if kind.name == "direct" or kind.peer or not wanted:
                continue
            if kind.installed():
                yield kind
            elif not kind.folder:
                self.results.gaps[kind.name] = "not installed"

    def direct(self, cores):
        simulator = self.bench.start_simulator(cores)
        self.to_stop.append(simulator)
        direct = Server(simulator.port, simulator.process, simulator.log)
        direct.kind = KINDS["direct"]
        return direct

    def servers(self, all_cores):
        """Every system, running and proved to do the same work. Started on the first call."""
        if all_cores in self.running:
            return self.running[all_cores]
        cores = self.bench.cores
        direct = self.direct(cores.all if all_cores else cores.load)
        running = {"direct": direct}
        for kind in self.candidates():
            if kind.name in self.results.gaps:
                continue
            workers = len(cores.all) if all_cores else 1
            try:
                server = self.bench.start(kind, Upstream(direct.port), workers,
                                          cores.all if all_cores else cores.target)
                self.to_stop.append(server)
                fault = parity.fault(server, kind, direct)
            except (RuntimeError, OSError) as error:
                fault = str(error)
            if fault:
                self.results.gaps[kind.name] = fault
                say(f"{kind.title} is left out: {fault}")
            else:
                running[kind.name] = server
        self.running[all_cores] = running
        return running

    def fresh_cells(self):
        simulator = self.bench.start_simulator()
        self.to_stop.append(simulator)
        upstream = Upstream(simulator.port)
        self.fresh("rest", ALL, lambda kind: measure.at_rest(
            self.bench, kind, upstream, self.plan.starts))
        self.fresh("peak", ALL, lambda kind: measure.peak_memory(
            self.bench, kind, upstream, self.plan))
        if not measure.descriptors_allow(self.plan.idle_streams):
            self.results.notes.append("Idle streams need more descriptors than `ulimit -Hn`.")
            return
        self.fresh("idle", ALL, lambda kind: measure.idle_streams(
            self.bench, kind, upstream, self.plan))
        if KINDS["haproxy"].installed() and self.plan.wants("idle-tls"):
            tls_end, secure = self.bench.start_tls_end(simulator.port)
            self.to_stop.append(tls_end)
            self.fresh("idle-tls", ("penstock-b",), lambda kind: measure.idle_streams(
                self.bench, kind, secure, self.plan))

    def failover(self):
        """Peers among them, where they are installed."""
        wanted = self.plan.systems or failover.SYSTEMS
        kinds = [kind for kind in failover.SYSTEMS.values()
                 if kind.name in wanted and kind.installed()]
        if kinds and self.plan.wants("failover"):
            self.results.failover, notes = failover.run(self.bench, self.plan, kinds, say)
            self.results.notes += notes

    def fresh(self, cell, systems, take):
        if not self.plan.wants(cell):
            return
        found = self.results.fresh.setdefault(cell, {})
        for kind in self.candidates():
            if kind.name not in systems or kind.name == "nginx-control":
                continue
            if kind.name in self.results.gaps:
                continue
            try:
                found[kind.name] = take(kind)
            except (measure.BlockFault, RuntimeError, OSError) as error:
                self.results.notes.append(f"`{cell}`, {kind.title}: {error}")
        say(f"{cell}: {', '.join(found)}")

    def stop(self):
        for server in self.to_stop:
            server.stop()


def failed(results):
    """Whether any part of this project returned a wrong answer, or none."""
    if results.peers and failed(results.peers):
        return True
    blocks = any(name in OURS for each in results.blocks.values() for name in each.faults)
    ours = [KINDS[name].title for name in OURS]
    notes = any(title in note for note in results.notes for title in ours)
    return blocks or notes or any(name in OURS for name in results.gaps)


def main():
    given, plan = parse_arguments()
    machine.raise_descriptor_limit()
    folder = given.build / "bench"
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    bench = Bench((given.build / "bin").resolve(), work.resolve(), machine.Cores())
    results = report.Results(machine.describe(SOURCE_DIR), plan)
    if not bench.cores.separate:
        results.notes.append("There is one core only: the systems share it with the load.")
    session = Session(bench, plan, results)
    began = time.monotonic()
    try:
        # The short ones first: an interrupted run reports what it has.
        session.fresh_cells()
        session.failover()
        measure.run_cells(bench, plan, session.servers, say, results.blocks)
        session.stop()
        if not plan.quick:
            results.peers = peers.run(bench, plan, results.machine, say)
    finally:
        session.stop()
        text = report.write(results, folder)
    print(f"\n{text.split('## Figures')[0].strip()}\n")
    say(f"{time.monotonic() - began:.0f} s; the whole report is {folder / 'report.md'}")
    return 1 if failed(results) else 0


if __name__ == "__main__":
    sys.exit(main())
