"""What an upstream that fails costs, where a second one answers.

Each block has fresh processes, so that no system remembers the failures of an earlier one. The
first upstream answers until a moment at which it begins to fail each request, for good. Then comes
the one request that meets the failure first, and the steady state after it.
"""

import contextlib
import http.client
import json
import statistics
import time
from dataclasses import replace

import measure
from kinds import KINDS
from systems import Server, Upstream, chat

SYSTEMS = {
    **{name: KINDS[name] for name in ("nginx", "haproxy", "envoy")},
    # By its defaults, Envoy ejects at most a tenth of the upstreams: none of two.
    "envoy-ejecting": replace(KINDS["envoy"], name="envoy-ejecting",
                              title="Envoy, may eject all"),
    "penstock-b": KINDS["penstock-b"],
}
# By name: how the simulator fails, and who cannot go on to another upstream then.
FAILURES = {
    "refuses": ("die", ()),
    "resets": ("reset", ()),
    "429": ("answer 429 with retry-after 1", ("haproxy",)),
}
FIGURES = (
    ("first", "the first request that meets it", "ms"),
    ("added_p50", "added latency, p50", "µs"),
    ("added_p99", "added latency, p99", "µs"),
    ("cpu_request", "CPU a request", "µs"),
)
ROUNDS_MAX = 3
SECONDS_MAX = 2.0
FAILS_AFTER_SECONDS = 1.5  # from the start of the upstream; the system is up and warm by then
SOUND_REQUESTS = 20
TOKENS = {"tokens": 40}


def timed(connection, kind, headers):
    """One request on a connection that is open; the milliseconds, and the status."""
    fields = dict(field.split(": ", 1) for field in headers)
    began = time.monotonic()
    connection.request("POST", "/v1/chat/completions", body=json.dumps(chat(kind)),
                       headers={"Content-Type": "application/json",
                                "Authorization": f"Bearer {kind.key}", **fields})
    answer = connection.getresponse()
    answer.read()
    return (time.monotonic() - began) * 1e3, answer.status


def _first_request(server, kind, fails_at):
    """How much longer the first request takes that meets the failure, in milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        sound = [timed(connection, kind, server.headers)[0] for _ in range(SOUND_REQUESTS)]
        if time.monotonic() > fails_at:
            raise measure.BlockFault("the system took too long to start")
        time.sleep(fails_at - time.monotonic() + 0.1)
        took, status = timed(connection, kind, server.headers)
    if status != 200:
        raise measure.BlockFault(f"the first request that meets the failure has status {status}")
    return took - statistics.median(sound)


def _load(bench, kind, server, seconds):
    return measure.give_load(bench, kind, server.port, 1, watch=server.pids, seconds=seconds,
                             warmup=0.2, headers=server.headers)


class Blocks:
    """One failure, met by each system in turn."""

    def __init__(self, bench, seconds, second):
        self.bench = bench
        self.seconds = seconds
        self.second = second
        direct = Server(second.port, None, None)
        self.direct = _load(bench, KINDS["direct"], direct, seconds)

    def measure(self, kind, action):
        first = self.bench.start_simulator(
            behaviour=TOKENS, timeline=f"at {FAILS_AFTER_SECONDS} s {action}")
        fails_at = time.monotonic() + FAILS_AFTER_SECONDS
        server = None
        try:
            upstream = Upstream(first.port, second=Upstream(self.second.port))
            server = self.bench.start(kind, upstream)
            first_ms = _first_request(server, kind, fails_at)
            block = _load(self.bench, kind, server, self.seconds)
        finally:
            for each in (server, first):
                if each:
                    each.stop()

        def added(quantile):
            return block["latency_us"][quantile] - self.direct["latency_us"][quantile]

        return {"first": first_ms, "added_p50": added("p50"), "added_p99": added("p99"),
                "cpu_request": block["processor_time_ns"] / 1e3 / block["requests"]}


def run(bench, plan, kinds, say):
    """By failure, by system: a list of the rounds' figures. And notes about what went wrong."""
    failures = dict(list(FAILURES.items())[:1] if plan.quick else FAILURES)
    found = {failure: {} for failure in failures}
    notes = []
    rounds = 1 if plan.quick else min(plan.rounds, ROUNDS_MAX)
    second = bench.start_simulator(behaviour=TOKENS)
    try:
        for number in range(rounds):
            blocks = Blocks(bench, min(plan.seconds, SECONDS_MAX), second)
            for failure, (action, unable) in failures.items():
                able = [kind for kind in kinds if kind.name not in unable]
                for kind in measure.order_of(able, number):
                    try:
                        figures = blocks.measure(kind, action)
                    except (measure.BlockFault, RuntimeError, OSError,
                            http.client.HTTPException) as error:
                        notes.append(f"`failover`, {failure}, {kind.title}: {error}")
                    else:
                        found[failure].setdefault(kind.name, []).append(figures)
    finally:
        second.stop()
    say(f"failover: {rounds} rounds of {len(kinds)} systems")
    return found, notes
