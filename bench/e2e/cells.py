"""What is measured: each cell is a load, and the figures derived from it."""

from dataclasses import dataclass, field, replace
from typing import Callable

from kinds import KINDS

PEERS = tuple(kind.name for kind in KINDS.values() if kind.peer)
ALL = tuple(name for name in KINDS if name != "direct" and name not in PEERS)
# Other gateways have a separate pass (peers.py), and are compared with these two.
BESIDE_PEERS = ("nginx", "penstock-b")


@dataclass(frozen=True)
class Metric:
    """A figure of one block. `direct` is the block of the same round without a proxy, or None."""

    name: str
    title: str
    unit: str
    read: Callable
    needs_direct: bool = False
    digits: int = 2


@dataclass(frozen=True)
class Cell:
    """A load that is given to every system in turn, round after round."""

    name: str
    title: str
    metrics: tuple
    connections: int
    rate: float = 0  # requests a second; 0: closed loop
    stream: bool = False
    prompt_bytes: int = 100
    sim: dict = field(default_factory=dict)
    warmup: float = 0.5
    seconds_min: float = 0  # of a block, where less would see too little
    systems: tuple = ALL
    all_cores: bool = False  # system, load and simulator share all cores, with a worker a core
    control: str = ""  # the metric in which nginx is compared with itself

    @property
    def needs_direct(self):
        return any(metric.needs_direct for metric in self.metrics)

    def rate_for(self, kind):
        """A system's share of the rate: no more than it can sustain."""
        return min(self.rate, kind.stream_rate_max if self.stream else kind.rate_max)


def _cpu_per(counted):
    def read(block, _):
        return block["processor_time_ns"] / 1e3 / block[counted] if block[counted] else None
    return read


def _cpu_per_kilobyte(prompt_bytes):
    def read(block, _):
        per_request = _cpu_per("requests")(block, None)
        return per_request / (prompt_bytes / 1000) if per_request is not None else None
    return read


def _quantile(histogram, quantile):
    return lambda block, _: block[histogram][quantile]


def _added(histogram, quantile):
    return lambda block, direct: block[histogram][quantile] - direct[histogram][quantile]


def _share(block, direct):
    return block["requests_per_second"] / direct["requests_per_second"]


CPU_REQUEST = Metric("cpu_request", "CPU a request", "µs", _cpu_per("requests"))
CPU_EVENT = Metric("cpu_event", "CPU an event", "µs", _cpu_per("events"), digits=3)


def _prompt_cell(name, title, prompt_bytes, rate):
    metric = Metric("cpu_kilobyte", "CPU a KB", "µs", _cpu_per_kilobyte(prompt_bytes), digits=3)
    return Cell(name, title, (metric,), connections=8, rate=rate, prompt_bytes=prompt_bytes,
                sim={"tokens": 40}, control="cpu_kilobyte")


def _paced_cell(name, title, **sim):
    metrics = (
        Metric("transit_p50", "Transit of an event, p50", "µs", _quantile("transit_us", "p50")),
        Metric("transit_p99", "Transit of an event, p99", "µs", _quantile("transit_us", "p99")),
        CPU_EVENT)
    return Cell(name, title, metrics, connections=500, stream=True,
                sim={"tokens": 64, "tokens_per_second": 50} | sim, warmup=2.0, seconds_min=1.5,
                systems=("direct",) + ALL, control="cpu_event")


CELLS = (
    Cell("small", "Small chat", (CPU_REQUEST,), connections=32, rate=8000, sim={"tokens": 40},
         control="cpu_request"),
    Cell("single", "Small chat, one connection",
         (Metric("added_p50", "Added latency, p50", "µs", _added("latency_us", "p50"), True),
          Metric("added_p99", "Added latency, p99", "µs", _added("latency_us", "p99"), True)),
         connections=1, sim={"tokens": 40}, control="added_p50"),
    Cell("capacity", "Small chat, all cores shared with the load",
         (Metric("rate", "Requests a second", "1/s",
                 lambda block, _: block["requests_per_second"], digits=0),
          Metric("share", "Requests a second, share of direct", "", _share, True, digits=3)),
         connections=64, sim={"tokens": 40}, all_cores=True),
    Cell("stream", "Stream, unpaced", (CPU_EVENT,), connections=16, rate=200, stream=True,
         sim={"tokens": 512}, control="cpu_event"),
    _paced_cell("paced", "Stream, an event each 20 ms"),
    _paced_cell("in-step", "Stream, an event of all each 20 ms", in_step=True),
    Cell("first-event", "One stream",
         (Metric("added_first_p50", "Added time to the first token, p50", "µs",
                 _added("first_event_us", "p50"), True),),
         connections=1, stream=True, sim={"tokens": 4, "tokens_per_second": 1000},
         control="added_first_p50"),
    _prompt_cell("prompt-100k", "Prompts of 100 KB", 100_000, rate=400),
    _prompt_cell("prompt-1m", "Prompts of 1 MB", 1_000_000, rate=40),
)


def _for_peers(name, **changes):
    cell = next(cell for cell in CELLS if cell.name == name)
    return replace(cell, systems=BESIDE_PEERS + PEERS, control="", **changes)


PEER_CELLS = (
    _for_peers("small"),
    _for_peers("single"),
    # A stream costs some systems a fraction of a second of processor time: short ones, so that a
    # block has several.
    _for_peers("stream", sim={"tokens": 128}),
    _for_peers("first-event"),
    # With more connections the slowest would answer none of them within a block.
    _for_peers("capacity", connections=16),
)
