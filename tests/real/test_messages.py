"""Messages of a real llama.cpp server through Penstock, as Anthropic's client gets them."""

import anthropic
import pytest

TURNS = [{"role": "user", "content": "Where does the river go? Ünïcödé, 日本, 🚀"}]
REQUEST = {"messages": TURNS, "max_tokens": 48, "extra_body": {"temperature": 0, "seed": 1}}
TOOL = {"name": "open_gate", "description": "Opens it.", "input_schema": {"type": "object"}}


def create(service, **more):
    client = service.anthropic()
    return client.messages.create(model=service.model, **{**REQUEST, **more})


def steady(message):
    return {**message.to_dict(), "id": None, "model": None}


def test_message(served, real):
    answer, expected = create(served), create(real)
    assert answer.model == served.model
    assert answer.content[0].text
    assert answer.stop_reason == "max_tokens"
    assert steady(answer) == steady(expected)


def test_message_with_system_prompt_and_tools(served, real):
    more = {"system": "Be brief.", "tools": [TOOL]}
    assert steady(create(served, **more)) == steady(create(real, **more))


def test_message_streamed(served, real):
    def ask(service):
        client = service.anthropic()
        with client.messages.stream(model=service.model, **REQUEST) as stream:
            events = [event.type for event in stream]
            return events, stream.get_final_message()

    (events, answer), (expected_events, expected) = ask(served), ask(real)
    assert events == expected_events
    assert answer.model == served.model
    assert steady(answer) == steady(expected)
    assert answer.content[0].text == create(real).content[0].text


def test_beta(served, real):
    """The beta client adds a query and a field to the head."""

    def ask(service):
        client = service.anthropic()
        return client.beta.messages.create(
            model=service.model, betas=["context-management-2025-06-27"], **REQUEST
        )

    assert steady(ask(served)) == steady(ask(real))


def test_count_tokens(served, real):
    def count(service):
        client = service.anthropic()
        return client.messages.count_tokens(model=service.model, messages=TURNS).input_tokens

    assert count(served) == count(real) > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_error_of_the_real_server(served, real, stream):
    """The real server checks requests itself; its messages pass unchanged."""

    def ask(service):
        with pytest.raises(anthropic.APIStatusError) as caught:
            create(service, messages=[{"role": "user", "content": 3}], stream=stream)
        return caught.value.status_code, caught.value.body

    assert ask(served) == ask(real)
