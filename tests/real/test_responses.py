"""Responses of a real llama.cpp server through Penstock, as the official client gets them."""

import pytest

REQUEST = {"input": "Where does the river go? Ünïcödé, 日本, 🚀", "max_output_tokens": 48}
SETTINGS = {"temperature": 0, "extra_body": {"seed": 1}}
# What differs from answer to answer.
CHANGING = {"id", "item_id", "created_at", "completed_at", "timings"}


def create(service, **more):
    client = service.client()
    return client.responses.create(model=service.model, **REQUEST, **SETTINGS, **more)


def steady(value):
    """`value` without what changes and without the model's name."""
    if isinstance(value, dict):
        skipped = CHANGING | {"model"}
        return {name: steady(member) for name, member in value.items() if name not in skipped}
    if isinstance(value, list):
        return [steady(item) for item in value]
    return value


def test_response(served, real):
    answer, expected = create(served), create(real)
    assert answer.model == served.model
    assert answer.output_text
    assert answer.usage.output_tokens == REQUEST["max_output_tokens"]
    assert steady(answer.to_dict()) == steady(expected.to_dict())


def test_response_streamed(served, real):
    events, expected = list(create(served, stream=True)), list(create(real, stream=True))
    assert [steady(event.to_dict()) for event in events] == [
        steady(event.to_dict()) for event in expected
    ]
    assert events[-1].type == "response.completed"
    assert events[-1].response.model == served.model
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > REQUEST["max_output_tokens"] // 2
    assert "".join(deltas) == create(real).output_text


def test_response_after_a_conversation(served, real):
    said = {"type": "output_text", "text": "It is open.", "annotations": []}
    turns = [
        {"role": "user", "content": "Open the gate."},
        {"type": "message", "role": "assistant", "content": [said]},
        {"role": "user", "content": "Close it."},
    ]

    def ask(service):
        client = service.client()
        answer = client.responses.create(
            model=service.model, instructions="Be brief.", **{**REQUEST, "input": turns}, **SETTINGS
        )
        return answer.output_text, answer.usage

    assert ask(served) == ask(real)


def test_input_tokens(served, real):
    def count(service):
        client = service.client()
        return client.responses.input_tokens.count(model=service.model, input=REQUEST["input"])

    assert count(served).input_tokens == count(real).input_tokens > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_error_of_the_real_server(served, real, stream):
    def ask(service):
        with pytest.raises(Exception) as caught:
            service.client().responses.create(model=service.model, input=3, stream=stream)
        return caught.value.status_code, caught.value.body

    assert ask(served) == ask(real)
