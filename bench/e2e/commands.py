"""Each system's command line; writes its configuration into the folder in which it runs."""

import os
import string
from pathlib import Path

from kinds import CLIENT_KEY, UPSTREAM_KEY, UPSTREAM_MODEL, find_program

CONFIG_DIR = Path(__file__).parent / "config"
PORTKEY_PRELOAD = Path(__file__).parent / "peers" / "portkey-preload.mjs"


def fill(template, target, **values):
    target.parent.mkdir(parents=True, exist_ok=True)
    text = (CONFIG_DIR / template).read_text()
    target.write_text(string.Template(text).substitute(values))
    return str(target)


def _relay(_, values):
    return [str(values["bin"] / "raw-relay"), str(values["port"]), str(values["upstream_port"])]


def _nginx(_, values):
    folder = values["work"]
    config = fill(values["configs"] / "nginx.conf", folder / "nginx.conf", **values)
    return [find_program("nginx"), "-e", str(folder / "error.log"), "-p", str(folder),
            "-c", config]


def _haproxy(_, values):
    config = fill(values["configs"] / "haproxy.cfg", values["work"] / "haproxy.cfg", **values)
    return [find_program("haproxy"), "-db", "-f", config]


def _penstock(kind, values):
    # A build of its own differs in nothing but the build.
    name = "penstock-b" if kind.folder else kind.name
    config = fill(values["configs"] / f"{name}.yaml", values["work"] / "run.yaml", **values)
    return [str((kind.folder or values["bin"]) / "penstock"), "serve", "--config", config]


def _envoy(kind, values):
    values["max_ejection_percent"] = 100 if kind.name == "envoy-ejecting" else 10
    config = fill(values["configs"] / "envoy.yaml", values["work"] / "envoy.yaml", **values)
    return [find_program("envoy"), "--config-path", config, "--concurrency",
            str(values["workers"]), "--log-level", "warning", "--disable-hot-restart"]


def _ferrogw(_, values):
    # Its environment supplements its file. Without a configured limit on requests it uses a
    # default, and answers 429.
    config = fill("ferrogw.yaml", values["work"] / "ferrogw.yaml", **values)
    return ["env", f"GATEWAY_CONFIG={config}", f"PORT={values['port']}", f"MASTER_KEY={CLIENT_KEY}",
            f"OPENAI_API_KEY={UPSTREAM_KEY}", f"OPENAI_BASE_URL={values['upstream_url']}/v1",
            "FERRO_MODEL_CATALOG_TIMEOUT=0", "RATE_LIMIT_RPS=1000000", "RATE_LIMIT_BURST=1000000",
            find_program("ferrogw"), "serve"]


def _portkey(_, values):
    # Each request names its upstream (`headers` of its Kind): it has no configuration.
    return ["node", "--import", str(PORTKEY_PRELOAD), find_program("portkey"), "--headless",
            f"--port={values['port']}"]


def _litellm(_, values):
    config = fill("litellm.yaml", values["work"] / "litellm.yaml", **values)
    # Otherwise it fetches a list of prices from the internet, and starts when that has failed.
    return ["env", "LITELLM_LOCAL_MODEL_COST_MAP=True", find_program("litellm"), "--config", config,
            "--host", "127.0.0.1", "--port", str(values["port"]),
            "--num_workers", str(values["workers"])]


def _ogx(_, values):
    config = fill("ogx.yaml", values["work"] / "ogx.yaml", **values)
    # It writes below the home folder; `--insecure` allows plain http.
    return ["env", f"HOME={values['work']}", find_program("ogx"), "run", config, "--insecure"]


_COMMANDS = {
    "relay": _relay,
    "nginx": _nginx,
    "nginx-control": _nginx,
    "haproxy": _haproxy,
    "penstock-a": _penstock,
    "penstock-b": _penstock,
    "penstock-pgo": _penstock,
    "envoy": _envoy,
    "envoy-ejecting": _envoy,
    "ferrogw": _ferrogw,
    "portkey": _portkey,
    "litellm": _litellm,
    "ogx": _ogx,
}


def command_line(kind, bin_dir, port, upstream, workers, folder):
    """`upstream.second`: another for what it does not answer; None: there is none."""
    values = {"configs": Path("failover" if upstream.second else ""),
              "second_port": upstream.second and upstream.second.port,
              "second_url": upstream.second and upstream.second.url,
              "bin": bin_dir, "port": port, "work": folder, "workers": workers,
              "client_key": CLIENT_KEY, "upstream_key": UPSTREAM_KEY,
              "upstream_port": upstream.port, "upstream_url": upstream.url,
              "upstream_model": UPSTREAM_MODEL, "verify": upstream.certificate or "true",
              "user": "user root;" if os.geteuid() == 0 else ""}
    return _COMMANDS[kind.name](kind, values)
