// The official clients of OpenAI and Anthropic: Responses, conversations, Messages and the other
// JSON APIs. What they make of the simulator's answers, whole and streamed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  collect,
  connectAnthropic,
  connectOpenAI,
  startPenstock,
  startSimulator,
} from './harness.mjs';

const text = 'What is a penstock? Ünïcödé, 日本 and 🚀 too.';
const messages = [{ role: 'user', content: text }];

// One rule for each turn: a call, then a text.
const scenario = [
  { results: 0, say: 'I look.', calls: [{ tool: 'level', arguments: { of: 'water' } }] },
  { results: 1, say: 'It is high.' },
];

// Asks the service that `start` starts: its address, its name for the model, and how to stop it.
function describeApis(start) {
  let service;
  let model;
  let openai;
  let anthropic;

  before(async () => {
    service = await start();
    model = service.model;
    const options = { apiKey: 'unused', maxRetries: 0 };
    openai = connectOpenAI({ ...options, baseURL: `${service.url}/v1` });
    anthropic = connectAnthropic({ ...options, baseURL: service.url });
  });

  after(() => service?.stop());

  describe('Responses', () => {
    const create = (more) => openai.responses.create({ model, input: text, ...more });
    const tools = [{ type: 'function', name: 'level', parameters: { type: 'object' } }];

    test('a stream says what the whole response says', async () => {
      const more = { reasoning: { effort: 'low', summary: 'auto' } };
      const whole = await create(more);
      const events = await collect(await create({ ...more, stream: true }));
      const said = events.filter((event) => event.type === 'response.output_text.delta');
      assert.equal(said.map((event) => event.delta).join(''), whole.output_text);
      assert.deepEqual(
        whole.output.map((item) => item.type),
        ['reasoning', 'message'],
      );
      assert.deepEqual(
        events.map((event) => event.sequence_number),
        events.map((_, index) => index),
      );
      assert.deepEqual(events.at(-1).response.output, whole.output);
      assert.deepEqual(events.at(-1).response.usage, whole.usage);
    });

    test("the client's own collector understands the stream", async () => {
      const stream = openai.responses.stream({ model, input: text });
      const final = await stream.finalResponse();
      assert.equal(final.output_text, (await create({})).output_text);
    });

    test('a kept response can be asked for, streamed again and deleted', async () => {
      const events = await collect(await create({ stream: true }));
      const { id } = events[0].response;
      const again = await openai.responses.retrieve(id, { stream: true, starting_after: 3 });
      assert.deepEqual(await collect(again), events.slice(4));
      const items = await collect(openai.responses.inputItems.list(id));
      assert.equal(items[0].content[0].text, text);
      const kept = await openai.responses.retrieve(id);
      assert.equal(kept.id, id);
      assert.equal(kept.model, model);
      await openai.responses.delete(id);
      await assert.rejects(openai.responses.retrieve(id), { status: 404 });
    });

    test('a response in the background can be cancelled', async () => {
      const queued = await create({ background: true, sim: { first_token_ms: 3_600_000 } });
      assert.equal(queued.status, 'queued');
      assert.equal((await openai.responses.retrieve(queued.id)).status, 'in_progress');
      assert.equal((await openai.responses.cancel(queued.id)).status, 'cancelled');
    });

    test('a tool is called, and its result answered', async () => {
      const sim = { scenario };
      const stream = openai.responses.stream({ model, input: text, tools, sim });
      const first = await stream.finalResponse();
      const call = first.output.find((item) => item.type === 'function_call');
      assert.deepEqual(JSON.parse(call.arguments), { of: 'water' });
      const result = { type: 'function_call_output', call_id: call.call_id, output: 'high' };
      const input = [...messages, ...first.output, result];
      assert.equal((await create({ input, tools, sim })).output_text, 'It is high.');
    });

    test('tokens are counted and conversations compacted', async () => {
      const count = await openai.responses.inputTokens.count({ model, input: text });
      assert.ok(count.input_tokens > 0);
      const compacted = await openai.responses.compact({ model, input: text });
      assert.equal(compacted.output.at(-1).type, 'compaction');
    });

    test('a conversation collects what is said', async () => {
      const conversation = await openai.conversations.create({ metadata: { gate: 'north' } });
      await create({ conversation: conversation.id });
      const items = await collect(openai.conversations.items.list(conversation.id));
      assert.deepEqual(
        items.map((item) => item.role),
        ['user', 'assistant'],
      );
      assert.equal((await openai.conversations.delete(conversation.id)).deleted, true);
    });

    test('an error within a stream is shown', async () => {
      const sim = { error_after_tokens: 2, message: 'out of memory' };
      const events = [];
      const stream = await create({ stream: true, sim });
      try {
        for await (const event of stream) events.push(event);
      } catch {
        // A gateway cuts the connection after it, so that nobody takes the stream for whole.
      }
      assert.equal(events.at(-1).type, 'error');
      assert.equal(events.at(-1).message, 'out of memory');
    });
  });

  describe('Messages', () => {
    const request = () => ({ model, messages, max_tokens: 2000 });
    const create = (more) => anthropic.messages.create({ ...request(), ...more });
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    const tools = [{ name: 'level', input_schema: { type: 'object' } }];

    test('a stream says what the whole message says', async () => {
      const whole = await create({ thinking });
      const stream = anthropic.messages.stream({ ...request(), thinking });
      const final = await stream.finalMessage();
      assert.deepEqual(final.content, whole.content);
      assert.deepEqual(final.usage, whole.usage);
      assert.deepEqual(
        whole.content.map((block) => block.type),
        ['thinking', 'text'],
      );
      assert.ok(whole.content[0].signature);
    });

    test('a tool is called, and its result answered', async () => {
      const sim = { scenario };
      const first = await anthropic.messages.stream({ ...request(), tools, sim }).finalMessage();
      const call = first.content.find((block) => block.type === 'tool_use');
      assert.deepEqual(call.input, { of: 'water' });
      assert.equal(first.stop_reason, 'tool_use');
      const result = { type: 'tool_result', tool_use_id: call.id, content: 'high' };
      const turns = [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [result] },
      ];
      const last = await create({ messages: turns, tools, sim });
      assert.equal(last.content[0].text, 'It is high.');
    });

    test('tokens are counted without a limit', async () => {
      assert.ok((await anthropic.messages.countTokens({ model, messages })).input_tokens > 0);
    });

    test('a beta is asked for by query and head', async () => {
      const betas = ['context-management-2025-06-27'];
      const message = await anthropic.beta.messages.create({ ...request(), betas });
      assert.equal(message.stop_reason, 'end_turn');
    });

    test('a batch ends with a result for each request', async () => {
      const requests = [
        { custom_id: 'good', params: request() },
        { custom_id: 'bad', params: { ...request(), model: model.replace('sim-small', 'nobody') } },
      ];
      const { id } = await anthropic.messages.batches.create({ requests });
      const batch = await anthropic.messages.batches.retrieve(id);
      assert.equal(batch.processing_status, 'ended');
      assert.equal(batch.request_counts.succeeded, 1);
      const results = await collect(await anthropic.messages.batches.results(id));
      assert.deepEqual(
        results.map((line) => [line.custom_id, line.result.type]),
        [
          ['good', 'succeeded'],
          ['bad', 'errored'],
        ],
      );
      assert.equal((await anthropic.messages.batches.delete(id)).type, 'message_batch_deleted');
    });

    for (const [status, type] of [
      [400, 'invalid_request_error'],
      [429, 'rate_limit_error'],
      [529, 'overloaded_error'],
    ]) {
      test(`a refusal with ${status} has Anthropic's shape`, async () => {
        const refused = create({ sim: { status, message: 'no' } });
        await assert.rejects(refused, (error) => {
          assert.equal(error.status, status);
          assert.deepEqual(error.error.error, { type, message: 'no' });
          return true;
        });
      });
    }

    test('an error within a stream is raised', async () => {
      const sim = { error_after_tokens: 2, status: 0 };
      await assert.rejects(collect(await create({ stream: true, sim })), /Internal Server Error/);
    });
  });

  describe('Other APIs', () => {
    test('moderations need no model', async () => {
      const { results } = await openai.moderations.create({ input: ['a kiss', 'an attack'] });
      assert.deepEqual(
        results.map((result) => result.flagged),
        [false, true],
      );
    });

    test('images come whole and in parts', async () => {
      const request = { model, prompt: 'A gate' };
      const whole = await openai.images.generate(request);
      assert.match(whole.data[0].b64_json, /^iVBORw0KGgo/);
      const stream = await openai.images.generate({ ...request, stream: true, partial_images: 2 });
      const events = await collect(stream);
      assert.deepEqual(
        events.map((event) => event.type),
        [
          'image_generation.partial_image',
          'image_generation.partial_image',
          'image_generation.completed',
        ],
      );
    });

    test('speech is bytes', async () => {
      const sim = { media_bytes: 5000 };
      const speech = await openai.audio.speech.create({ model, voice: 'alloy', input: text, sim });
      assert.equal(speech.headers.get('content-type'), 'audio/mpeg');
      assert.equal((await speech.arrayBuffer()).byteLength, 5000);
    });

    test('fine-tuning jobs and evals are kept', async () => {
      const job = await openai.fineTuning.jobs.create({ model, training_file: 'file-1' });
      assert.equal((await openai.fineTuning.jobs.retrieve(job.id)).status, 'queued');
      assert.equal((await openai.fineTuning.jobs.cancel(job.id)).status, 'cancelled');
      const data_source_config = { type: 'custom', item_schema: { type: 'object' } };
      const named = { name: 'gates', data_source_config, testing_criteria: [] };
      const { id } = await openai.evals.create(named);
      assert.equal((await openai.evals.retrieve(id)).name, 'gates');
      assert.equal((await openai.evals.delete(id)).deleted, true);
    });
  });
}

describe('the simulator', () =>
  describeApis(async () => {
    const simulator = await startSimulator();
    return { url: simulator.url, model: 'sim-small', stop: () => simulator.stop() };
  }));

describe('Penstock in front of the simulator', () =>
  describeApis(async () => {
    const simulator = await startSimulator();
    const penstock = await startPenstock({ upstream: simulator.url });
    const stop = async () => {
      await penstock.stop();
      await simulator.stop();
    };
    return { url: penstock.url, model: 'passthrough/sim-small', stop };
  }));
