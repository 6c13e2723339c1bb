"""The machine: cores, processes, memory and processor time as the kernel counts them."""

import contextlib
import os
import platform
import resource
import subprocess
from pathlib import Path


class Cores:
    """Which core serves what. With only one, everything shares it; the report says so."""

    def __init__(self):
        available = sorted(os.sched_getaffinity(0))
        self.all = set(available)
        self.load = {available[0]}
        self.target = {available[-1]}

    @property
    def separate(self):
        return self.load != self.target


@contextlib.contextmanager
def on_cores(cores):
    """Processes that are started inside run on `cores` only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def process_tree(pid):
    """The process and all that descend from it."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    tree = [pid]
    for member in tree:
        tree.extend(children.get(member, []))
    return tree


def _kilobytes(path, name):
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def pss_kib(pid):
    """The proportional set size of the process and its descendants."""
    return sum(_kilobytes(Path(f"/proc/{each}/smaps_rollup"), "Pss:") for each in process_tree(pid))


def peak_rss_kib(pid):
    """The largest resident set since exec, summed over the process and its descendants."""
    return sum(_kilobytes(Path(f"/proc/{each}/status"), "VmHWM:") for each in process_tree(pid))


class Disturbance:
    """What others took of a period of time: stolen time and waiting tasks."""

    def __init__(self):
        self._steal, self._total = self._ticks()
        self._waiting_us = self._waiting()

    @staticmethod
    def _ticks():
        first_line = Path("/proc/stat").read_text().split("\n", 1)[0]
        fields = [int(field) for field in first_line.split()[1:9]]
        return fields[7], sum(fields)

    @staticmethod
    def _waiting():
        try:
            return int(Path("/proc/pressure/cpu").read_text().split("total=", 1)[1].split()[0])
        except (OSError, IndexError):
            return 0

    def since(self):
        steal, total = self._ticks()
        return {
            "steal_share": (steal - self._steal) / max(1, total - self._total),
            "psi_some_us": self._waiting() - self._waiting_us,
        }


def describe(source_dir):
    """What a reader must know to interpret the figures."""

    def command(*words):
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
        except OSError:
            return None
        return (done.stdout or done.stderr).strip().split("\n")[0]

    model = next((line.split(":", 1)[1].strip()
                  for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    changed = command("git", "-C", str(source_dir), "status", "--porcelain", "--untracked-files=no")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "commit": command("git", "-C", str(source_dir), "rev-parse", "--short=12", "HEAD"),
        "changed_files": bool(changed),
        "nginx": command("nginx", "-v"),
        "haproxy": command("haproxy", "-v"),
    }
