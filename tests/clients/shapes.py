"""What the official Python clients, at their strictest, make of the simulator's answers.

    shapes.py URL

They check each answer and event against the types of the APIs. Run by shapes.test.mjs.
"""

import sys

import anthropic
import openai

URL = sys.argv[1]
MODEL = "sim-small"
TOOLS = [
    {"type": "function", "name": "level", "parameters": {"type": "object"}, "strict": False},
    {"type": "custom", "name": "apply_patch"},
]
SCENARIO = [
    {
        "think": "Let me see.",
        "say": "I look.",
        "calls": [
            {"tool": "level", "arguments": {"of": "water"}},
            {"tool": "apply_patch", "arguments": "*** Begin Patch\n"},
        ],
    }
]

strict = {"api_key": "unused", "max_retries": 0, "_strict_response_validation": True}
client = openai.OpenAI(base_url=f"{URL}/v1", **strict)
claude = anthropic.Anthropic(base_url=URL, **strict)


def responses():
    create = client.responses.create
    reasoning = {"effort": "low", "summary": "auto"}
    whole = create(model=MODEL, input="Hi", reasoning=reasoning, max_output_tokens=5)
    assert whole.status == "incomplete"
    assert client.responses.retrieve(whole.id) == whole
    events = list(create(model=MODEL, input="Hi", reasoning=reasoning, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kept = client.responses.retrieve(events[0].response.id, stream=True, starting_after=4)
    assert list(kept) == events[5:]
    assert list(client.responses.input_items.list(whole.id))
    sim = {"sim": {"scenario": SCENARIO}}
    called = list(create(model=MODEL, input="Hi", tools=TOOLS, stream=True, extra_body=sim))
    types = [item.type for item in called[-1].response.output]
    assert types == ["reasoning", "message", "function_call", "custom_tool_call"], types
    failed = {"sim": {"error_after_tokens": 2}}
    last = list(create(model=MODEL, input="Hi", stream=True, extra_body=failed))[-1]
    assert last.type == "error"
    late = {"sim": {"first_token_ms": 3_600_000}}
    queued = create(model=MODEL, input="Hi", background=True, extra_body=late)
    assert client.responses.cancel(queued.id).status == "cancelled"
    assert client.responses.input_tokens.count(model=MODEL, input="Hi").input_tokens > 0


def conversations():
    conversation = client.conversations.create(metadata={"gate": "north"})
    items = [{"type": "message", "role": "user", "content": "Hi"}]
    client.conversations.items.create(conversation.id, items=items)
    client.responses.create(model=MODEL, input="More", conversation=conversation.id)
    listed = list(client.conversations.items.list(conversation.id))
    assert [item.role for item in listed] == ["user", "user", "assistant"]
    first = listed[0].id
    client.conversations.items.retrieve(first, conversation_id=conversation.id)
    client.conversations.items.delete(first, conversation_id=conversation.id)
    client.conversations.update(conversation.id, metadata={"gate": "south"})
    assert client.conversations.delete(conversation.id).deleted


def messages():
    turns = [{"role": "user", "content": "Hi"}]
    request = {"model": MODEL, "max_tokens": 2000, "messages": turns}
    thinking = {"type": "enabled", "budget_tokens": 1024}
    whole = claude.messages.create(**request, thinking=thinking)
    with claude.messages.stream(**request, thinking=thinking) as stream:
        assert stream.get_final_message().content[1].text == whole.content[1].text
    list(claude.messages.create(**request, thinking=thinking, stream=True))
    tools = [{"name": "level", "input_schema": {"type": "object"}}]
    sim = {"sim": {"scenario": [{"calls": SCENARIO[0]["calls"][:1]}]}}
    with claude.messages.stream(**request, tools=tools, extra_body=sim) as stream:
        assert stream.get_final_message().content[0].input == {"of": "water"}
    assert claude.messages.count_tokens(model=MODEL, messages=turns).input_tokens > 0
    batch = claude.messages.batches.create(requests=[{"custom_id": "a", "params": request}])
    assert claude.messages.batches.retrieve(batch.id).processing_status == "ended"
    assert list(claude.messages.batches.list())
    assert [line.result.type for line in claude.messages.batches.results(batch.id)] == ["succeeded"]
    claude.messages.batches.cancel(batch.id)
    claude.messages.batches.delete(batch.id)


def others():
    assert client.moderations.create(input="attack").results[0].flagged
    client.images.generate(model=MODEL, prompt="A gate")
    list(client.images.generate(model=MODEL, prompt="A gate", stream=True, partial_images=2))
    assert client.audio.speech.create(model=MODEL, voice="alloy", input="Hi").read()
    job = client.fine_tuning.jobs.create(model=MODEL, training_file="file-1")
    assert list(client.fine_tuning.jobs.list())
    assert list(client.fine_tuning.jobs.list_events(job.id))
    client.fine_tuning.jobs.cancel(job.id)
    source = {"type": "custom", "item_schema": {"type": "object"}}
    made = client.evals.create(name="n", data_source_config=source, testing_criteria=[])
    client.evals.update(made.id, name="m")
    client.evals.delete(made.id)


for part in responses, conversations, messages, others:
    part()
    print(f"{part.__name__}: as the clients' types say")
