"""The systems that are measured side by side: how each is configured, started and addressed."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import machine
from commands import command_line, fill
from kinds import (CATALOGUE_MODEL, EMBEDDING_MODEL, START_SECONDS, UPSTREAM_KEY, UPSTREAM_MODEL,
                   find_program)


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """Of 127.0.0.1, for two days: its path and that of its key."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate = folder / "certificate.pem"
    key = folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return certificate, key


@dataclass
class Upstream:
    """Where a system finds the simulator."""

    port: int
    certificate: str = ""  # not empty: TLS, to be trusted by this certificate
    second: "Upstream | None" = None  # asked where this one does not answer

    @property
    def url(self):
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}"


@dataclass
class Server:
    """A running process that listens on a port."""

    port: int
    process: subprocess.Popen
    log: Path
    pids: list = field(default_factory=list)
    headers: tuple = ()  # what each request to it has besides

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=1)
        if self.alive():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)


def spawn(command, port, work, cores):
    work.mkdir(parents=True, exist_ok=True)
    log = work / "output.log"
    with log.open("wb") as output, machine.on_cores(cores):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    return Server(port, process, log)


class Bench:
    """Starts everything, each in a separate folder under `work`."""

    def __init__(self, bin_dir, work, cores):
        self.bin = Path(bin_dir)
        self.work = Path(work)
        self.cores = cores
        self._started = 0

    def _folder(self, name):
        self._started += 1
        return self.work / f"{self._started:03}-{name}"

    def start_simulator(self, cores=None, port=None, behaviour=None, timeline=""):
        """`behaviour`: its default, for requests that do not override it. `timeline`: what goes
        wrong with it, and when."""
        port = port or free_port()
        command = [str(self.bin / "penstock-sim"), "--port", str(port), "--stamp", "--quiet",
                   "--api-key", UPSTREAM_KEY, "--idle-timeout-ms", "0",
                   "--models", f"{UPSTREAM_MODEL},{CATALOGUE_MODEL},{EMBEDDING_MODEL}=embedding",
                   "--sim", json.dumps(behaviour or {}), "--timeline", timeline]
        server = spawn(command, port, self._folder("sim"), cores or self.cores.load)
        wait_until_listening(server)
        return server

    def start_tls_end(self, upstream_port):
        """HAProxy with a generated certificate in front of the simulator."""
        folder = self._folder("tls")
        certificate, key = make_certificate(folder)
        both = folder / "both.pem"
        both.write_text(certificate.read_text() + key.read_text())
        port = free_port()
        config = fill("tls-upstream.cfg", folder / "haproxy.cfg", port=port,
                      certificate=both, upstream_port=upstream_port)
        server = spawn([find_program("haproxy"), "-db", "-f", config], port, folder,
                       self.cores.load)
        wait_until_listening(server)
        return server, Upstream(port, str(certificate))

    def prepare(self, kind, upstream, workers=1):
        """The command line of a system, with its configuration written, and its port."""
        folder = self._folder(kind.name)
        folder.mkdir(parents=True)
        port = free_port()
        command = command_line(kind, self.bin, port, upstream, workers, folder)
        return command, port, folder

    def start(self, kind, upstream, workers=1, cores=None):
        """A system that answers; for `direct`, the simulator's port without a process."""
        command, port, folder = self.prepare(kind, upstream, workers)
        server = spawn(command, port, folder, cores or self.cores.target)
        server.headers = kind.headers_to(upstream)
        wait_until_serving(server, kind)
        server.pids = machine.process_tree(server.process.pid)
        return server


def wait_until_listening(server):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.alive():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.005)
    server.stop()
    raise RuntimeError(f"{server.process.args[0]} does not listen; see {server.log}")


def wait_until_serving(server, kind):
    deadline = time.monotonic() + kind.start_seconds
    while time.monotonic() < deadline and server.alive():
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(server.port, kind, server.headers)[0] == 200:
                return
        time.sleep(0.01)
    server.stop()
    raise RuntimeError(f"{kind.title} does not answer; see {server.log}")


def chat(kind, **more):
    message = {"role": "user", "content": "Tell me something about floodgates."}
    return {"model": kind.model, "messages": [message], **more}


def ask(port, kind, headers=(), key=None, timeout=30, **more):
    """One chat request; the status, the body, and when its first and last bytes came."""
    further = dict(field.split(": ", 1) for field in headers)
    # Without spaces, like the peers' JSON: the simulator's text depends on the messages' bytes.
    body = json.dumps(chat(kind, **more), separators=(",", ":"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/chat/completions", body=body,
                           headers={"Content-Type": "application/json",
                                    "Authorization": f"Bearer {key or kind.key}", **further})
        answer = connection.getresponse()
        body = b""
        first = None
        while piece := answer.read1(65536):
            first = first or time.monotonic()
            body += piece
        return answer.status, body, first, time.monotonic()
