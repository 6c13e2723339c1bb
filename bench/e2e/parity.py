"""Before anything is timed: does each system do the same work?"""

import json
import re
from dataclasses import replace

from systems import ask

STAMP = re.compile(rb',"stamp_ns":\d+')
# From the first event of a slow stream to the last the upstream takes 150 ms.
SLOW = {"tokens": 4, "tokens_per_second": 20}
# What the requests ask of the simulator. Some peers drop unknown fields: their simulator is started
# slow.
ASKED = {"long": {"sim": {"tokens": 60}}, "slow": {"sim": SLOW}}
UNASKED = {"long": {}, "slow": {}}


def _as_the_upstream_says(kind, body):
    """Reverts what the full gateway replaces on purpose: the model's name."""
    replaced = b'"model":' + json.dumps(kind.model).encode()
    upstream = b'"model":' + json.dumps(kind.upstream_model).encode()
    return STAMP.sub(b"", body).replace(replaced, upstream)


def _ask(server, kind, **more):
    return ask(server.port, kind, server.headers, **more)


def _ask_directly(direct, kind, **more):
    """The answer that the system passes from the upstream."""
    return _ask(direct, replace(direct.kind, model=kind.upstream_model), **more)[1]


def _meaning(body):
    """The content of a whole answer, in whatever spelling."""
    answer = json.loads(body)
    choice = answer["choices"][0]
    return (choice["message"]["content"], choice["finish_reason"],
            answer["usage"]["total_tokens"])


def _stream_meaning(body):
    """The whole text of a stream's events, and its finish reason."""
    text, reason = "", None
    for line in body.splitlines():
        if not line.startswith(b"data: {"):
            continue
        for choice in json.loads(line.removeprefix(b"data: ")).get("choices", []):
            text += choice["delta"].get("content") or ""
            reason = choice.get("finish_reason") or reason
    return text, reason


def _differs(kind, body, expected, meaning):
    if kind.exact:
        return _as_the_upstream_says(kind, body) != STAMP.sub(b"", expected)
    try:
        return meaning(body) != meaning(expected)
    except (ValueError, LookupError, TypeError, AttributeError):
        return True


def _whole_fault(server, kind, direct, behaviour):
    status, body, *_ = _ask(server, kind, **behaviour["long"])
    expected = _ask_directly(direct, kind, **behaviour["long"])
    if status != 200:
        return f"a whole answer has status {status}"
    if _differs(kind, body, expected, _meaning):
        return "a whole answer differs from the upstream's"
    return None


def _key_fault(server, kind, _direct, _behaviour):
    status = _ask(server, kind, key="not-a-key-that-anybody-has")[0]
    return None if status == kind.refusal else f"a bad key gives status {status}"


def _stream_content_fault(server, kind, direct, behaviour):
    status, body, *_ = _ask(server, kind, stream=True, **behaviour["long"])
    expected = _ask_directly(direct, kind, stream=True, **behaviour["long"])
    if status != 200:
        return f"a stream has status {status}"
    if _differs(kind, body, expected, _stream_meaning):
        return "the events of a stream differ from the upstream's"
    if not body.rstrip().endswith(b"[DONE]"):
        return "a stream does not end with [DONE]"
    return None


def _buffering_fault(server, kind, _direct, behaviour):
    # A system that buffers always does; one that loads its modules late pauses once or twice.
    for _ in range(3):
        _, _, first, last = _ask(server, kind, stream=True, **behaviour["slow"])
        if last - first > 0.1:
            return None
    return "events are held back until the stream ends"


def _first(checks, server, kind, direct, behaviour):
    for check in checks:
        found = check(server, kind, direct, behaviour)
        if found:
            return found
    return None


def whole_fault(server, kind, direct, behaviour):
    """Why whole answers cannot be compared, or None. `direct` has a port and its kind."""
    return _first((_whole_fault, _key_fault), server, kind, direct, behaviour)


def stream_fault(server, kind, direct, behaviour):
    return _first((_stream_content_fault, _buffering_fault), server, kind, direct, behaviour)


def fault(server, kind, direct):
    """Why the system cannot be compared, or None."""
    return (whole_fault(server, kind, direct, ASKED) or
            stream_fault(server, kind, direct, ASKED))


def notes(kind):
    """Where a system that passes does less than the others, or differs."""
    if not kind.checks_keys:
        yield "checks no keys: what a client sends goes to the upstream, so it does less"
    elif kind.refusal != 401:
        yield f"refuses a bad key with status {kind.refusal}, not 401"
    if not kind.exact:
        yield "writes answers anew: compared by what they say, not byte for byte"
