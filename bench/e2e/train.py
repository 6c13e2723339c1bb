#!/usr/bin/env python3
"""Trains a profile: gives an instrumented build the load of the benchmark's cells, for a moment.

    bench/e2e/train.py --build build-profile --profile build-profile/profile
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import machine
import measure
from cells import CELLS
from commands import fill
from kinds import EMBEDDING_MODEL, KINDS, UPSTREAM_KEY, UPSTREAM_MODEL
from systems import Bench, Upstream, free_port, make_certificate, spawn, wait_until_listening

SECONDS = 1.5  # of each load
WARMUP = 0.2
# Instrumented, a server does a fraction of what it is measured with.
RATE_SHARE = 0.2
END_SECONDS = 120  # until a server has ended and written its profile
TLS = KINDS["penstock-b"]


class Trainees(Bench):
    """A bench whose gateways write their profile.

    Simulator and load generator contain instrumented rooms, too, which they use as nobody uses a
    gateway: what they count goes elsewhere."""

    def __init__(self, bin_dir, work, cores):
        super().__init__(bin_dir, work, cores)
        os.environ["GCOV_PREFIX"] = str(self.work / "profiles-of-tools")
        self.trained = []

    def prepare(self, kind, upstream, workers=1):
        command, port, folder = super().prepare(kind, upstream, workers)
        return self._profiled(command), port, folder

    def start(self, kind, upstream, workers=1, cores=None):
        server = super().start(kind, upstream, workers, cores)
        self.trained.append(server)
        return server

    def start_edge(self, upstream):
        """A server with TLS, and how another reaches it."""
        folder = self._folder("edge")
        certificate, key = make_certificate(folder)
        port = free_port()
        config = fill("tls-edge.yaml", folder / "run.yaml", port=port, workers=1,
                      certificate=certificate, certificate_key=key, upstream_url=upstream.url,
                      upstream_key=UPSTREAM_KEY, upstream_model=UPSTREAM_MODEL)
        command = [str(self.bin / "penstock"), "serve", "--config", config]
        server = spawn(self._profiled(command), port, folder, self.cores.target)
        self.trained.append(server)
        wait_until_listening(server)
        return Upstream(port, str(certificate))

    def end(self):
        """Lets every server end by itself: only then is its profile written."""
        for server in reversed(self.trained):
            server.process.send_signal(signal.SIGTERM)
            try:
                status = server.process.wait(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"A server does not end; see {server.log}") from None
            if status != 0:
                raise RuntimeError(f"A server ended with status {status}; see {server.log}")

    @staticmethod
    def _profiled(command):
        return ["env", "--unset=GCOV_PREFIX", *command]


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def load(bench, server, kind, connections, path="", **options):
    command = measure.load_command(bench, kind, server.port, connections, seconds=SECONDS,
                                   warmup=WARMUP, headers=server.headers, **options)
    if path:
        command += ["--path", path]
    with machine.on_cores(bench.cores.load):
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=measure.LOAD_LIMIT_SECONDS)
    if done.returncode != 0:
        raise RuntimeError(f"{kind.title} {path}: {done.stdout[-600:]}{done.stderr[-600:]}")


def train_cells(bench, server, kind):
    for cell in CELLS:
        load(bench, server, kind, min(cell.connections, 100), rate=cell.rate * RATE_SHARE,
             stream=cell.stream, prompt_bytes=cell.prompt_bytes, sim=cell.sim)
        say(f"{kind.title}: {cell.name}")


def train_embeddings(bench, server):
    kind = replace(KINDS["penstock-b"], model=f"main/{EMBEDDING_MODEL}")
    load(bench, server, kind, 8, path="/v1/embeddings", rate=400)
    say("embeddings")


def train(bench):
    simulator = bench.start_simulator()
    second = bench.start_simulator()
    try:
        upstream = Upstream(simulator.port)
        for name in ("penstock-a", "penstock-b"):
            train_cells(bench, bench.start(KINDS[name], upstream), KINDS[name])
        train_embeddings(bench, bench.start(KINDS["penstock-b"], upstream))

        routed = bench.start(KINDS["penstock-b"],
                             Upstream(simulator.port, second=Upstream(second.port)))
        load(bench, routed, KINDS["penstock-b"], 16, rate=800)
        load(bench, routed, KINDS["penstock-b"], 8, rate=40, stream=True, sim={"tokens": 128})
        say("a route with two targets")

        front = bench.start(TLS, bench.start_edge(upstream))
        load(bench, front, TLS, 16, rate=800)
        load(bench, front, TLS, 8, rate=40, stream=True, sim={"tokens": 128})
        say("TLS on both sides")
        bench.end()
    finally:
        for server in (*bench.trained, simulator, second):
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, type=Path, help="the instrumented build")
    parser.add_argument("--profile", required=True, type=Path,
                        help="the folder that it writes to (PENSTOCK_PROFILE_GENERATE)")
    given = parser.parse_args()
    # Counts of an earlier training, or of an earlier build, would be added.
    shutil.rmtree(given.profile, ignore_errors=True)
    work = given.build / "train"
    shutil.rmtree(work, ignore_errors=True)
    machine.raise_descriptor_limit()
    train(Trainees((given.build / "bin").resolve(), work.resolve(), machine.Cores()))
    files = len(list(given.profile.rglob("*.gcda")))
    if not files:
        print(f"The servers wrote no profile to {given.profile}: is {given.build} instrumented?",
              file=sys.stderr)
        return 1
    say(f"{files} profiles in {given.profile}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
