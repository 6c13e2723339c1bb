"""Other LLM gateways, in a separate pass after the main one.

They are slow to start and heavy, and some use the core while nothing is asked of them: only nginx
and Penstock are measured beside them, once more, to be compared with. Some pass no field of a
request on that they do not know. So nothing is asked of the simulator here: it is started anew for
each cell, on the same port, and does the same for everybody.
"""

from dataclasses import replace

import measure
import parity
import report
from cells import BESIDE_PEERS, PEER_CELLS
from kinds import KINDS
from systems import Server, Upstream, free_port

ROUNDS_MAX = 3
SECONDS_MAX = 2.0
STARTS_MAX = 2
# Interpreters and compilers at run time become faster with the first requests.
WARM_UP = {"connections": 4, "warmup": 0.0, "seconds": 3.0}


def shortened(plan):
    return replace(plan, rounds=min(plan.rounds, ROUNDS_MAX),
                   seconds=min(plan.seconds, SECONDS_MAX))


class Pass:
    """The systems of one placement, running from the first of its cells to the last."""

    def __init__(self, bench, plan, results, all_cores, say):
        self.bench = bench
        self.plan = plan
        self.results = results
        self.all_cores = all_cores
        self.say = say
        self.port = free_port()
        self.simulator = None
        self.servers = {}
        self.no_streams = set()

    def simulate(self, behaviour):
        """A simulator with this behaviour, which replaces the previous one."""
        if self.simulator:
            self.simulator.stop()
        cores = self.bench.cores
        self.simulator = self.bench.start_simulator(
            cores.all if self.all_cores else cores.load, self.port, behaviour)

    def start(self, kinds):
        self.simulate(parity.SLOW)
        self.servers["direct"] = Server(self.port, self.simulator.process, self.simulator.log)
        self.servers["direct"].kind = KINDS["direct"]
        for kind in kinds:
            if kind.name not in self.results.gaps:
                self._start_one(kind)
        self.simulate({})
        for name in [name for name in self.servers if name != "direct"]:
            self._warm_up(name)

    def _start_one(self, kind):
        cores = self.bench.cores
        try:
            server = self.bench.start(kind, Upstream(self.port),
                                      len(cores.all) if self.all_cores else 1,
                                      cores.all if self.all_cores else cores.target)
            self.servers[kind.name] = server
            common = (server, kind, self.servers["direct"], parity.UNASKED)
            fault = parity.whole_fault(*common)
            stream_fault = None if fault else parity.stream_fault(*common)
        except (RuntimeError, OSError) as error:
            fault, stream_fault = str(error), None
        if fault:
            self._leave_out(kind.name, fault)
        elif stream_fault:
            self.no_streams.add(kind.name)
            self._note(f"{kind.title}, streams: {stream_fault}")

    def _warm_up(self, name):
        server = self.servers[name]
        try:
            measure.give_load(self.bench, KINDS[name], server.port, headers=server.headers,
                              **WARM_UP)
        except measure.BlockFault as fault:
            self._leave_out(name, str(fault))

    def _leave_out(self, name, fault):
        self.results.gaps[name] = fault
        self.say(f"{KINDS[name].title} is left out: {fault}")
        server = self.servers.pop(name, None)
        if server:
            server.stop()

    def _note(self, text):
        if text not in self.results.notes:
            self.results.notes.append(text)

    def run(self, cell):
        self.simulate(cell.sim)
        able = {name: server for name, server in self.servers.items()
                if not (cell.stream and name in self.no_streams)}
        self.results.blocks[cell.name] = measure.run_cell(
            self.bench, replace(cell, sim={}), able, self.plan, self.say)

    def stop(self):
        for server in [*self.servers.values(), self.simulator]:
            if server:
                server.stop()


def chosen(plan, results):
    """The systems that are wanted and installed; without a peer there is nothing to do."""
    kinds = [kind for kind in KINDS.values() if kind.peer or kind.name in BESIDE_PEERS]
    if plan.systems:
        kinds = [kind for kind in kinds if kind.name in plan.systems]
    for kind in kinds:
        if not kind.installed():
            results.gaps[kind.name] = "not installed (`make bench-peers`)"
    there = [kind for kind in kinds if kind.installed()]
    return there if any(kind.peer for kind in there) else []


def run(bench, plan, about_machine, say):
    """The results of the pass, with gaps where peers are not installed."""
    results = report.Results(about_machine, shortened(plan))
    kinds = chosen(plan, results)
    for kind in kinds:
        results.notes += [f"{kind.title}: {note}" for note in parity.notes(kind)]
    for all_cores in (False, True):
        cells = [cell for cell in PEER_CELLS
                 if plan.wants(cell.name) and cell.all_cores == all_cores]
        if kinds and cells:
            placement = Pass(bench, results.plan, results, all_cores, say)
            try:
                placement.start(kinds)
                for cell in cells:
                    placement.run(cell)
            finally:
                placement.stop()
    if kinds and plan.wants("rest"):
        at_rest(bench, kinds, results, say)
    return results


def at_rest(bench, kinds, results, say):
    simulator = bench.start_simulator()
    found = results.fresh.setdefault("rest", {})
    try:
        for kind in kinds:
            if kind.name not in results.gaps:
                try:
                    found[kind.name] = measure.at_rest(bench, kind, Upstream(simulator.port),
                                                       STARTS_MAX)
                except (measure.BlockFault, RuntimeError, OSError) as error:
                    results.notes.append(f"`rest`, {kind.title}: {error}")
    finally:
        simulator.stop()
    say(f"rest: {', '.join(found)}")
