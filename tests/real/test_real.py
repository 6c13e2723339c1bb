"""What the official clients get from a real llama.cpp server through Penstock.

At temperature 0 the server's answers are determined, so each is compared with the one that it gives
when it is asked directly.
"""

import concurrent.futures
import json
import os
import subprocess
import urllib.error
import urllib.request

import openai
import pytest

MESSAGES = [{"role": "user", "content": "Where does the river go? Ünïcödé, 日本, 🚀"}]
SETTINGS = {"temperature": 0, "seed": 1, "max_tokens": 48}
# Fields that llama.cpp supports and no OpenAI client knows.
EXTRA = {"extra_body": {"top_k": 1, "repeat_penalty": 1.3}}


def post(service, path, body):
    """Status and bytes of an answer."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service.api_key}"}
    request = urllib.request.Request(service.url + path, body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def chat(service, **more):
    arguments = {**SETTINGS, **more}
    return service.client().chat.completions.create(
        model=service.model, messages=MESSAGES, **arguments
    )


def test_lists_the_model(served):
    assert [model.id for model in served.client().models.list()] == [served.model]
    if served.model.startswith("passthrough/"):
        assert served.client().models.retrieve(served.model).id == served.model


@pytest.mark.parametrize("extra", [{}, EXTRA], ids=["plain", "llama.cpp's own fields"])
def test_chat(served, real, extra):
    answer, expected = chat(served, **extra), chat(real, **extra)
    assert answer.model == served.model
    assert answer.choices[0].message.content
    assert answer.choices == expected.choices
    assert answer.usage == expected.usage


def test_chat_with_log_probabilities(served, real):
    """Long numbers come through as they are."""
    more = {"logprobs": True, "top_logprobs": 5}
    assert chat(served, **more).choices == chat(real, **more).choices


def test_chat_streamed(served, real):
    more = {"stream": True, "stream_options": {"include_usage": True}}
    chunks, expected = list(chat(served, **more)), list(chat(real, **more))
    assert len(chunks) > SETTINGS["max_tokens"] // 2
    assert {chunk.model for chunk in chunks} == {served.model}
    assert [chunk.choices for chunk in chunks] == [chunk.choices for chunk in expected]
    assert chunks[-1].usage == expected[-1].usage
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == chat(real).choices[0].message.content


def test_chat_with_a_schema(served, real):
    schema = {
        "type": "object",
        "properties": {"level": {"enum": ["high", "low"]}},
        "required": ["level"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "gauge", "schema": schema}}
    answer, expected = chat(served, response_format=form), chat(real, response_format=form)
    assert json.loads(answer.choices[0].message.content)["level"] in ("high", "low")
    assert answer.choices == expected.choices


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_completion(served, real, stream):
    def ask(service):
        answer = service.client().completions.create(
            model=service.model, prompt="The gate is", stream=stream, **SETTINGS
        )
        return list(answer) if stream else [answer]

    parts, expected = ask(served), ask(real)
    assert {part.model for part in parts} == {served.model}
    assert "".join(part.choices[0].text for part in parts)
    assert [part.choices for part in parts] == [part.choices for part in expected]


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_byte_for_byte(served, real, encoding):
    def ask(service):
        request = {"model": service.model, "input": ["river", "gate"], "encoding_format": encoding}
        return post(service, "/v1/embeddings", json.dumps(request))

    (status, body), (expected_status, expected) = ask(served), ask(real)
    assert (status, expected_status) == (200, 200)
    spelled = [f'"model":"{service.model}"'.encode() for service in (real, served)]
    assert expected.count(spelled[0]) == 1
    assert body == expected.replace(*spelled)


def test_embeddings(served, real):
    def ask(service):
        return service.client().embeddings.create(model=service.model, input="river")

    answer = ask(served)
    assert answer.model == served.model
    assert len(answer.data[0].embedding) == 64
    assert answer.data == ask(real).data


@pytest.mark.parametrize(
    "fields",
    [{}, {"messages": "no list"}, {"messages": MESSAGES, "max_tokens": "many"}],
    ids=["no messages", "messages of a wrong type", "a limit of a wrong type"],
)
def test_errors_of_the_real_server(served, real, fields):
    """The real server checks requests itself; its messages pass unchanged."""

    def ask(service):
        return post(
            service, "/v1/chat/completions", json.dumps({"model": service.model, **fields})
        )

    answer = ask(served)
    assert answer[0] >= 400
    assert answer == ask(real)


def test_unknown_model(served, real):
    if served is real:
        pytest.skip("llama.cpp serves its model under every name")
    with pytest.raises(openai.NotFoundError):
        served.client().chat.completions.create(model="nobody/nothing", messages=MESSAGES)


def test_many_at_once(served):
    """With more callers than the real server has slots, all get whole answers."""

    def ask(number):
        stream = chat(served, stream=bool(number % 2), seed=number, temperature=1.5)
        if number % 2 == 0:
            return stream.usage.completion_tokens
        return sum(1 for chunk in stream if chunk.choices and chunk.choices[0].delta.content)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(ask, range(64)))
    assert all(0 < count <= SETTINGS["max_tokens"] for count in counts), counts


def test_connections_that_the_real_server_closes(served):
    """llama.cpp closes a connection after 100 requests; callers do not notice."""
    body = json.dumps({"model": served.model, "input": "river"})
    assert {post(served, "/v1/embeddings", body)[0] for _ in range(250)} == {200}


def test_node_client(served, real):
    environment = {
        **os.environ,
        "SERVED": json.dumps({"url": served.url, "model": served.model, "key": served.api_key}),
        "REAL": json.dumps({"url": real.url, "model": real.model, "key": real.api_key}),
    }
    run = subprocess.run(
        ["node", "--test", "--test-reporter=spec", os.environ["PENSTOCK_REAL_NODE_TEST"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
