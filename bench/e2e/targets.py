"""What Penstock promises, in the order of the report's first table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A bound on a ratio within a round, or on the figure itself if `against` is empty."""

    title: str
    cell: str
    metric: str
    system: str
    against: str
    bound: float
    then: float
    unit: str = ""
    at_least: bool = False

    def met_by(self, figure, bound):
        return figure >= bound if self.at_least else figure <= bound


TARGETS = (
    Target("Small chat, CPU a request, class A", "small", "cpu_request", "penstock-a", "nginx",
           0.97, 0.90),
    Target("Small chat, CPU a request", "small", "cpu_request", "penstock-b", "nginx", 1.05, 0.95),
    Target("Small chat, CPU a request", "small", "cpu_request", "penstock-b", "relay", 1.40, 1.25),
    Target("Small chat, requests a second, all cores shared with the load", "capacity", "rate",
           "penstock-b", "direct", 0.40, 0.48, at_least=True),
    Target("Added latency p50, one connection", "single", "added_p50", "penstock-b", "nginx",
           1.0, 0.85),
    Target("Added latency p99, one connection", "single", "added_p99", "penstock-b", "nginx",
           1.1, 0.85),
    Target("Stream, unpaced, CPU an event", "stream", "cpu_event", "penstock-b", "nginx",
           0.90, 0.70),
    Target("Stream paced 20 ms, transit p99 of an event", "paced", "transit_p99", "penstock-b",
           "nginx", 1.0, 0.8),
    Target("The same where all streams keep step", "in-step", "transit_p99", "penstock-b", "nginx",
           1.0, 0.8),
    Target("Added time to the first token p50, one stream", "first-event", "added_first_p50",
           "penstock-b", "nginx", 1.0, 0.9),
    Target("Idle stream, memory", "idle", "stream_kib", "penstock-b", "", 8, 4, "KiB"),
    Target("Idle stream, memory, TLS to the upstream", "idle-tls", "stream_kib", "penstock-b", "",
           32, 24, "KiB"),
    Target("Prompts of 100 KB, CPU a KB", "prompt-100k", "cpu_kilobyte", "penstock-b", "nginx",
           1.2, 1.0),
    Target("Prompts of 1 MB, CPU a KB", "prompt-1m", "cpu_kilobyte", "penstock-b", "nginx",
           1.2, 1.0),
    Target("Peak memory, 512 clients sending 150 KB", "peak", "peak_mib", "penstock-b", "",
           160, 64, "MiB"),
    Target("Memory at rest", "rest", "memory_mib", "penstock-b", "", 8, 5, "MiB"),
    Target("First answer after exec", "rest", "first_answer_ms", "penstock-b", "", 30, 10, "ms"),
    Target("Class B over class A, CPU a request", "small", "cpu_request", "penstock-b",
           "penstock-a", 1.15, 1.08),
)
