"""The systems that are measured, as columns of the table."""

import shutil
from dataclasses import dataclass
from pathlib import Path

UPSTREAM_MODEL = "sim-small"
UPSTREAM_KEY = "sk-key-of-the-upstream"
CLIENT_KEY = "sk-key-of-the-client"
# Ferro accepts only models of its own catalogue; the simulator serves this one to it.
CATALOGUE_MODEL = "gpt-4o-mini"
EMBEDDING_MODEL = "vectors"

SOURCE_DIR = Path(__file__).resolve().parents[2]
PGO_BIN = SOURCE_DIR / "build-pgo" / "bin"  # make release-pgo
PEERS_BIN = SOURCE_DIR / "build-peers" / "bin"  # scripts/install-peers.sh

START_SECONDS = 60


@dataclass(frozen=True)
class Kind:
    """A system as a column of the table."""

    name: str
    title: str
    # What a client sends; a system that checks no keys gets the upstream's key.
    key: str = CLIENT_KEY
    model: str = UPSTREAM_MODEL
    upstream_model: str = UPSTREAM_MODEL  # what the upstream is asked for
    headers: tuple = ()  # with $upstream_url in them where they name the upstream
    checks_keys: bool = True
    refusal: int = 401  # the status that a bad key gets
    # Peers that rewrite answers cannot be compared byte for byte, nor sustain every rate.
    exact: bool = True
    rate_max: float = float("inf")
    stream_rate_max: float = float("inf")
    start_seconds: float = START_SECONDS
    program: str = ""  # what must be installed; nothing: built here
    folder: Path | None = None  # of another build of ours, which need not exist
    peer: bool = False  # measured in a pass of its own (peers.py)

    def installed(self):
        if self.folder is not None:
            return (self.folder / "penstock").exists()
        return not self.program or find_program(self.program) is not None

    def headers_to(self, upstream):
        return tuple(field.replace("$upstream_url", upstream.url) for field in self.headers)


def _peer(name, title, **more):
    return Kind(name, title, program=name, peer=True, **more)


# The rates are well below what a peer reaches on one core.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("direct", "direct", key=UPSTREAM_KEY, checks_keys=False),
        Kind("relay", "raw relay", key=UPSTREAM_KEY, checks_keys=False),
        Kind("nginx", "nginx", program="nginx"),
        Kind("nginx-control", "nginx (control)", program="nginx"),
        Kind("haproxy", "HAProxy", program="haproxy"),
        Kind("penstock-a", "Penstock A"),
        Kind("penstock-b", "Penstock B", model="house-model"),
        Kind("penstock-pgo", "Penstock B, profiled", model="house-model", folder=PGO_BIN),
        _peer("envoy", "Envoy"),
        _peer("ferrogw", "Ferro", model=CATALOGUE_MODEL, upstream_model=CATALOGUE_MODEL,
              exact=False, rate_max=1000, stream_rate_max=100),
        _peer("portkey", "Portkey", key=UPSTREAM_KEY, checks_keys=False, exact=False,
              headers=("x-portkey-provider: openai",
                       "x-portkey-custom-host: $upstream_url/v1"),
              rate_max=200, stream_rate_max=30),
        _peer("litellm", "LiteLLM", refusal=400, exact=False, rate_max=40, stream_rate_max=3,
              start_seconds=120),
        _peer("ogx", "OGX", model=f"main/{UPSTREAM_MODEL}", exact=False, rate_max=8,
              stream_rate_max=2, start_seconds=120),
    )
}


def find_program(name):
    """A program's path: a peer's own folder takes precedence over the machine's."""
    for path in (str(PEERS_BIN), None, "/usr/sbin:/usr/local/sbin:/sbin"):
        found = shutil.which(name, path=path)
        if found:
            return found
    return None
