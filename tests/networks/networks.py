#!/usr/bin/env python3
"""Penstock between other people's programs: tinyproxy on the way to an upstream, HAProxy in front,
and unix sockets.

    tests/networks/networks.py [--build build]

Prints what it has tried, and exits with 77 if one of the programs is not installed.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE_DIR = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 30
SKIPPED = 77
PASSWORD = "hunter2-of-the-proxy"


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(place):
    """To a port of this machine, or to a path."""
    if isinstance(place, int):
        return socket.create_connection(("127.0.0.1", place), 5)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    connection.connect(str(place))
    return connection


class Connection(http.client.HTTPConnection):
    def __init__(self, place):
        super().__init__("localhost")
        self.sock = connect(place)


def ask(place, method, path, body=None):
    with contextlib.closing(Connection(place)) as connection:
        text = json.dumps(body) if body is not None else None
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def chat(place, model):
    return ask(place, "POST", "/v1/chat/completions",
               {"model": model, "messages": [{"role": "user", "content": "hi"}]})


class Programs(contextlib.ExitStack):
    """What was started, until the end."""

    def start(self, place, *command, environment=None):
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                                   env={**os.environ, **(environment or {})})
        self.callback(process.wait)
        self.callback(process.terminate)
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), connect(place):
                return
            time.sleep(0.01)
        raise SystemExit(f"{command[0]} does not listen on {place}")


def written(path, text):
    path.write_text(text)
    return path


def check(holds, what):
    if not holds:
        raise SystemExit(f"failed: {what}")
    print(f"ok: {what}")


def last_peer(log):
    """Of the access log's last line, once it is there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        lines = log.read_text().splitlines() if log.exists() else []
        if lines:
            return json.loads(lines[-1])["peer"]
        time.sleep(0.01)
    raise SystemExit(f"nothing was written to {log}")


def penstock(programs, folder, bin_dir, name, place, server, provider, environment=None):
    log = folder / f"{name}.log"
    text = "\n".join(["version: 2", "providers:", "  inference:", "    - provider_id: sim",
                      "      provider_type: remote::passthrough",
                      f"      config: {provider}",
                      f"server: {{access_log: {log}, {server}}}", ""])
    config = written(folder / f"{name}.yaml", text)
    programs.start(place, bin_dir / "penstock", "serve", "--config", config,
                   environment=environment)
    return log


def through_tinyproxy(programs, folder, bin_dir, simulator):
    port = free_port()
    log = folder / "tinyproxy.log"
    config = written(folder / "tinyproxy.conf",
                     f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\n"
                     f"LogFile \"{log}\"\nBasicAuth alice {PASSWORD}\nConnectPort {simulator}\n")
    programs.start(port, "tinyproxy", "-d", "-c", config)
    upstream = f"http://127.0.0.1:{simulator}"
    for name, user, expected in (("proxied", f"alice:{PASSWORD}@", 200), ("denied", "", 502)):
        place = free_port()
        penstock(programs, folder, bin_dir, name, place, f"port: {place}",
                 f"{{base_url: '{upstream}', "
                 f"network: {{proxy: 'http://{user}127.0.0.1:{port}'}}}}")
        status, body = chat(place, "sim/sim-small")
        check(status == expected, f"{name} by tinyproxy: {status}")
        if status == 502:
            check("the proxy answered 40" in body or "the proxy answered 407" in body,
                  "the error says what the proxy answered: " + body[:120])
    check(f"CONNECT 127.0.0.1:{simulator}" in log.read_text(), "tinyproxy was asked for a tunnel")
    place = free_port()
    # No proxy leads back to this machine.
    penstock(programs, folder, bin_dir, "direct", place, f"port: {place}",
             f"{{base_url: '{upstream}'}}",
             {"http_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"})
    check(chat(place, "sim/sim-small")[0] == 200, "the environment's proxy is not for this machine")


def behind_haproxy(programs, folder, bin_dir, simulator):
    for version, option in (("1", "send-proxy"), ("2", "send-proxy-v2")):
        behind, front = free_port(), free_port()
        log = penstock(programs, folder, bin_dir, f"balanced{version}", behind,
                       f"port: {behind}, trusted_proxies: [127.0.0.1], proxy_protocol: optional",
                       f"{{base_url: 'http://127.0.0.1:{simulator}'}}")
        config = written(folder / f"haproxy{version}.cfg", "\n".join([
            "defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 30s",
            "  timeout server 30s", "listen front", f"  bind 127.0.0.1:{front}",
            f"  server penstock 127.0.0.1:{behind} {option} check check-{option[:10]}",
            ""]))
        programs.start(front, "haproxy", "-db", "-f", config)
        with contextlib.closing(socket.socket()) as client:
            # An address of its own, so that it is not the load balancer's.
            client.bind(("127.0.0.77", 0))
            client.connect(("127.0.0.1", front))
            client.settimeout(10)
            client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        check(answer.startswith(b"HTTP/1.1 200"), f"an answer behind HAProxy's {option}")
        check(last_peer(log) == "127.0.0.77", f"the client's address by {option}")


def over_unix_sockets(programs, folder, bin_dir, simulator):
    path = folder / "penstock.sock"
    log = penstock(programs, folder, bin_dir, "socket", path, f"host: 'unix:{path}'",
                   f"{{base_url: 'http://127.0.0.1:{simulator}'}}")
    front = free_port()
    penstock(programs, folder, bin_dir, "front", front, f"port: {front}",
             f"{{base_url: 'unix:{path}'}}")
    check(chat(front, "sim/sim/sim-small")[0] == 200, "an answer from a unix socket")
    check(last_peer(log) == "unix", "the client of a unix socket is called so")
    curl = subprocess.run(["curl", "-s", "--unix-socket", path, "http://localhost/v1/models"],
                          stdout=subprocess.PIPE, text=True, check=True)
    check("sim/sim-small" in curl.stdout, "curl reads the models")
    said = subprocess.run([bin_dir / "penstock", "health", "--url", f"unix:{path}"],
                          stdout=subprocess.PIPE, check=False)
    check(said.returncode == 0, "penstock health asks over the socket")
    said = subprocess.run([bin_dir / "penstock", "explain-route", "sim/sim-small", "--url",
                           f"unix:{path}"], stdout=subprocess.PIPE, text=True, check=False)
    check(said.returncode == 0 and "sim" in said.stdout, "penstock explain-route does, too")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    bin_dir = (SOURCE_DIR / parser.parse_args().build).resolve() / "bin"
    for program in ("tinyproxy", "haproxy", "curl"):
        if shutil.which(program) is None and not Path(f"/usr/sbin/{program}").exists():
            print(f"skipped: {program} is not installed")
            raise SystemExit(SKIPPED)
    os.environ["PATH"] += ":/usr/sbin"
    with tempfile.TemporaryDirectory() as name, Programs() as programs:
        folder = Path(name)
        simulator = free_port()
        programs.start(simulator, bin_dir / "penstock-sim", "--port", simulator, "--quiet")
        through_tinyproxy(programs, folder, bin_dir, simulator)
        behind_haproxy(programs, folder, bin_dir, simulator)
        over_unix_sockets(programs, folder, bin_dir, simulator)


if __name__ == "__main__":
    main()
