"""Programs of the build, as processes on ports of this machine."""

import contextlib
import json
import socket
import subprocess
import time

WAIT_SECONDS = 30


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_listening(port, process):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.005)
    raise SystemExit(f"{process.args[0]} does not listen on port {port}")


class Load:
    """penstock-load in the background."""

    def __init__(self, bin_dir, port, seconds, *more):
        command = [str(bin_dir / "penstock-load"), "--port", str(port), "--warmup", "0",
                   "--duration", str(seconds), "--timeout", str(WAIT_SECONDS), *more]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def counts(self):
        """What it reports at its end."""
        out, _ = self._process.communicate(timeout=10 * WAIT_SECONDS)
        return json.loads(out)

    def running(self):
        return self._process.poll() is None

    def stop(self):
        if self.running():
            self._process.kill()
