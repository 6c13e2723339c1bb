"""Before anything is timed: does each system do the same work?"""

import json
import re

from systems import UPSTREAM_MODEL, ask

STAMP = re.compile(rb',"stamp_ns":\d+')


def _as_the_upstream_says(kind, body):
    """Takes back what the full gateway replaces on purpose: the model's name."""
    replaced = b'"model":' + json.dumps(kind.model).encode()
    return STAMP.sub(b"", body).replace(replaced, b'"model":' + json.dumps(UPSTREAM_MODEL).encode())


def _whole_fault(server, kind, direct):
    status, body, *_ = ask(server.port, kind, sim={"tokens": 60})
    expected = ask(direct.port, direct.kind, sim={"tokens": 60})[1]
    if status != 200:
        return f"a whole answer has status {status}"
    if kind.exact and _as_the_upstream_says(kind, body) != expected:
        return "a whole answer differs from the upstream's"
    if not kind.exact and not json.loads(body).get("choices"):
        return "a whole answer has no choices"
    return None


def _stream_fault(server, kind, direct):
    status, body, *_ = ask(server.port, kind, stream=True, sim={"tokens": 60})
    expected = ask(direct.port, direct.kind, stream=True, sim={"tokens": 60})[1]
    if status != 200:
        return f"a stream has status {status}"
    if kind.exact and _as_the_upstream_says(kind, body) != STAMP.sub(b"", expected):
        return "the events of a stream differ from the upstream's"
    if not body.rstrip().endswith(b"[DONE]"):
        return "a stream does not end with [DONE]"
    return None


def _buffering_fault(server, kind, _):
    slow = {"tokens": 4, "tokens_per_second": 20}
    _, _, first, last = ask(server.port, kind, stream=True, sim=slow)
    # The upstream takes 150 ms from the first event to the last.
    return None if last - first > 0.1 else "events are held back until the stream ends"


def _key_fault(server, kind, _):
    status = ask(server.port, kind, key="not-a-key-that-anybody-has")[0]
    return None if status == 401 else f"a bad key gives status {status}, not 401"


def fault(server, kind, direct):
    """Why the system cannot be compared, or None. `direct` has a port and its kind."""
    for check in (_whole_fault, _stream_fault, _buffering_fault, _key_fault):
        found = check(server, kind, direct)
        if found:
            return found
    return None
