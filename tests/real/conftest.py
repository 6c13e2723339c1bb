"""Starts the real server and Penstock in front of it, once for all tests."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import anthropic
import openai
import pytest

HERE = pathlib.Path(__file__).parent
API_KEY = "key-of-the-real-server"
DIRECT = os.environ.get("PENSTOCK_REAL_DIRECT") == "1"
PATIENCE_SECONDS = 60


class Program:
    """A running program that has printed where it listens (`url`)."""

    def __init__(self, command, environment):
        self.log = []
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = None
        heard = threading.Event()
        threading.Thread(target=self._read, args=(heard,), daemon=True).start()
        if not heard.wait(PATIENCE_SECONDS) or self.url is None:
            self.process.kill()
            code = self.process.wait()
            raise RuntimeError(
                f"{command} ended with {code} before it said where it listens:\n{''.join(self.log)}"
            )

    def _read(self, heard):
        for line in self.process.stdout:
            self.log.append(line)
            match = re.search(r"listening on (http://[^\s\"/]+)", line)
            if match and self.url is None:
                self.url = match.group(1)
                heard.set()
        heard.set()

    def stop(self):
        self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@dataclasses.dataclass(frozen=True)
class Service:
    """A server's address, and its name for the model."""

    url: str
    model: str
    api_key: str

    def client(self):
        return openai.OpenAI(
            base_url=f"{self.url}/v1", api_key=self.api_key, max_retries=0, timeout=PATIENCE_SECONDS
        )

    def anthropic(self):
        return anthropic.Anthropic(
            base_url=self.url, api_key=self.api_key, max_retries=0, timeout=PATIENCE_SECONDS
        )


@pytest.fixture(scope="session")
def real():
    """The real server, asked without Penstock."""
    work = pathlib.Path(os.environ["PENSTOCK_REAL_WORK"])
    model = work / "tiny.gguf"
    subprocess.run([sys.executable, HERE / "make_tiny_gguf.py", model], check=True)
    command = [sys.executable, str(HERE / "llama_server.py"), str(model), API_KEY]
    program = Program(command, dict(os.environ))
    yield Service(program.url, "penstock-tiny", API_KEY)
    program.stop()


@pytest.fixture(scope="session")
def served(real):
    """The same server through Penstock, which alone knows its key."""
    if DIRECT:
        yield real
        return
    environment = {
        "PATH": os.environ["PATH"],
        "PASSTHROUGH_URL": real.url,
        "PASSTHROUGH_API_KEY": real.api_key,
    }
    binary = pathlib.Path(os.environ["PENSTOCK_BIN_DIR"]) / "penstock"
    program = Program([str(binary), "serve", "--port", "0"], environment)
    yield Service(program.url, f"passthrough/{real.model}", "not-the-key-of-the-real-server")
    code = program.stop()
    assert code == 0, f"penstock ended with {code}:\n{''.join(program.log)}"
