"""Generates the load, block by block, and keeps the results."""

import http.client
import json
import statistics
import subprocess
import time

import machine
from cells import CELLS
from kinds import KINDS
from systems import ask, spawn

CEILING = 2.5  # how much faster than a cell's rate the simulator must answer directly
STREAMS_BEGUN_A_SECOND = 3000
TLS_STREAMS_BEGUN_A_SECOND = 400  # a handshake each, on the core of simulator and load
STEAL_MAX = 0.02  # a block that lost more of its time to other guests of the host does not count
TRIES = 2  # at such a block, before it is left out
LOAD_LIMIT_SECONDS = 120  # beyond what a run of the load generator is to take


class BlockFault(Exception):
    """A block whose answers did not pass their checks, or that had none."""


def load_command(bench, kind, port, connections, *, rate=0, stream=False, prompt_bytes=100,
                 sim=None, warmup=0.5, seconds=1.0, watch=(), hold=False, ramp=None, headers=()):
    command = [str(bench.bin / "penstock-load"), "--port", str(port), "--key", kind.key,
               "--model", kind.model, "--connections", str(connections),
               "--rate", str(rate),
               "--prompt-bytes", str(prompt_bytes), "--warmup", str(warmup),
               "--duration", str(seconds), "--check", "exact" if kind.exact else "shape"]
    command += ["--stream"] if stream else []
    command += ["--hold"] if hold else []
    command += ["--ramp", str(ramp)] if ramp is not None else []
    command += ["--sim", json.dumps(sim)] if sim else []
    command += ["--watch", ",".join(map(str, watch))] if watch else []
    for header in headers:
        command += ["--header", header]
    return command


def give_load(bench, *arguments, cores=None, **options):
    """Runs penstock-load to its end and returns what it says."""
    disturbance = machine.Disturbance()
    with machine.on_cores(cores or bench.cores.load):
        limit = options.get("warmup", 0.5) + options.get("seconds", 1.0) + LOAD_LIMIT_SECONDS
        done = subprocess.run(load_command(bench, *arguments, **options), capture_output=True,
                              text=True, timeout=limit, check=False)
    try:
        block = json.loads(done.stdout)
    except ValueError:
        raise BlockFault(done.stderr.strip() or f"exit status {done.returncode}") from None
    block["disturbance"] = disturbance.since()
    if done.returncode != 0:
        raise BlockFault(block["first_fault"])
    return block


def cell_options(cell, plan):
    return {"rate": cell.rate, "stream": cell.stream, "prompt_bytes": cell.prompt_bytes,
            "sim": cell.sim, "warmup": cell.warmup * plan.warmup_factor,
            "seconds": max(plan.seconds, cell.seconds_min * plan.warmup_factor)}


class Blocks:
    """The blocks of one cell: by system, one for each round (None where it failed)."""

    def __init__(self, cell, names):
        self.cell = cell
        self.rounds = {name: [] for name in names}
        self.faults = {}
        self.ceiling = None  # requests a second without a proxy
        self.disturbed = 0

    def add(self, name, block):
        """Keeps a block, or reports that it lost too much time. `None`: there is none."""
        if block is not None and block["disturbance"]["steal_share"] > STEAL_MAX:
            self.disturbed += 1
            return False
        self.rounds[name].append(block)
        return True

    def values(self, name, metric):
        """One value for each round, or None."""
        directs = self.rounds.get("direct", [])
        out = []
        for index, block in enumerate(self.rounds.get(name, [])):
            direct = directs[index] if index < len(directs) else None
            known = block is not None and (direct is not None or not metric.needs_direct)
            out.append(metric.read(block, direct) if known else None)
        return out


def order_of(names, number):
    """A different order in each round: rotated by one, and every second time reversed."""
    turn = number % len(names)
    turned = names[turn:] + names[:turn]
    return turned[::-1] if number % 2 else turned


def run_cell(bench, cell, servers, plan, say):
    """All rounds of a cell. `servers`: by system, what runs; `direct` among them."""
    names = [name for name in ("direct", *cell.systems)
             if name in servers and (name != "direct" or cell.needs_direct or name in cell.systems)]
    names = list(dict.fromkeys(names))
    blocks = Blocks(cell, names)
    options = cell_options(cell, plan)
    connections = plan.connections(cell)
    cores = bench.cores.all if cell.all_cores else bench.cores.load
    if cell.rate:
        free = {**options, "rate": 0, "seconds": min(plan.seconds, 2.0)}
        direct = servers["direct"]
        blocks.ceiling = give_load(bench, KINDS["direct"], direct.port, connections, cores=cores,
                                   **free)["requests_per_second"]
    def take_block(name):
        if name in blocks.faults:
            return None
        server = servers[name]
        mine = {**options, "rate": cell.rate_for(KINDS[name])}
        try:
            return give_load(bench, KINDS[name], server.port, connections, cores=cores,
                             watch=server.pids, headers=server.headers, **mine)
        except BlockFault as fault:
            blocks.faults[name] = str(fault)
            return None

    for number in range(plan.rounds):
        for name in order_of(names, number):
            if not any(blocks.add(name, take_block(name)) for _ in range(TRIES)):
                blocks.add(name, None)
    say(f"{cell.title}: {plan.rounds} rounds of {len(names)} systems")
    return blocks


def run_cells(bench, plan, servers_of, say, blocks):
    """Adds the blocks of each cell. `servers_of(all_cores)` gives the systems for its placement."""
    for cell in CELLS:
        if plan.wants(cell.name):
            blocks[cell.name] = run_cell(bench, cell, servers_of(cell.all_cores), plan, say)


# Measurements on fresh processes, which need other methods.


def first_answer_ms(bench, kind, upstream):
    """From before exec to the end of the first answer with status 200."""
    command, port, folder = bench.prepare(kind, upstream)
    # Polling rarely keeps it from slowing a slow start.
    pause = 0.02 if kind.peer else 0.0005
    headers = kind.headers_to(upstream)
    began = time.monotonic()
    server = spawn(command, port, folder, bench.cores.target)
    try:
        while time.monotonic() < began + kind.start_seconds and server.alive():
            try:
                if ask(port, kind, headers)[0] == 200:
                    return (time.monotonic() - began) * 1e3
            except (OSError, http.client.HTTPException):
                time.sleep(pause)
        raise BlockFault(f"no answer within {kind.start_seconds:g} s")
    finally:
        server.stop()


def at_rest(bench, kind, upstream, repeats):
    """The time to the first answer, and the memory some moments later."""
    times = [first_answer_ms(bench, kind, upstream) for _ in range(repeats)]
    server = bench.start(kind, upstream)
    try:
        time.sleep(0.5)
        memory = machine.pss_kib(server.process.pid) / 1024
    finally:
        server.stop()
    return {"first_answer_ms": statistics.median(times), "memory_mib": memory}


def peak_memory(bench, kind, upstream, plan):
    """512 clients that send 150 KB each, repeatedly, to a fresh process."""
    server = bench.start(kind, upstream)
    try:
        give_load(bench, kind, server.port, plan.many_clients, prompt_bytes=150_000, warmup=0.5,
                  seconds=plan.seconds, ramp=0)
        return {"peak_mib": machine.peak_rss_kib(server.process.pid) / 1024}
    finally:
        server.stop()


def idle_streams(bench, kind, upstream, plan):
    """The memory of each of many streams while they are silent."""
    server = bench.start(kind, upstream)
    pid = server.process.pid
    streams = plan.idle_streams
    pace = TLS_STREAMS_BEGUN_A_SECOND if upstream.certificate else STREAMS_BEGUN_A_SECOND
    ramp = max(0.5, streams / pace)
    try:
        # Memory that the first exchanges have caused is not the streams'.
        give_load(bench, kind, server.port, 4, seconds=0.3, warmup=0.1)
        before = machine.pss_kib(pid)
        command = load_command(bench, kind, server.port, streams, stream=True, hold=True, ramp=ramp,
                               seconds=plan.hold_seconds, watch=server.pids,
                               sim={"tokens_per_second": 0.1, "tokens": 1000})
        with machine.on_cores(bench.cores.load), \
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True) as load:
            held = load.stderr.readline().strip() == "holding"
            time.sleep(plan.hold_seconds / 2)
            during = machine.pss_kib(pid)
            said = load.stdout.read()
        block = json.loads(said) if said else {}
        if not held or load.returncode != 0:
            raise BlockFault(block.get("first_fault") or "the streams were not held")
        if block["open_streams"] != streams:
            raise BlockFault(f"only {block['open_streams']} of {streams} streams were held")
        return {"stream_kib": (during - before) / streams,
                "cpu_share": block["processor_time_ns"] / 1e9 / block["window_seconds"]}
    finally:
        server.stop()


def descriptors_allow(streams):
    """Each stream takes two descriptors of the system."""
    return machine.raise_descriptor_limit() > 2 * streams + 200
