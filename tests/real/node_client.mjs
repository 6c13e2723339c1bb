// The official Node clients against a real server through Penstock (SERVED), compared with what the
// real server answers directly (REAL). Run by test_real.py.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const messages = [{ role: 'user', content: 'Where does the river go? Ünïcödé, 日本, 🚀' }];
const settings = { temperature: 0, seed: 1, max_tokens: 48 };

function connect(description) {
  const { url, model, key } = JSON.parse(description);
  const options = { apiKey: key, maxRetries: 0, timeout: 60_000 };
  return {
    model,
    client: new OpenAI({ ...options, baseURL: `${url}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: url }),
  };
}
const served = connect(process.env.SERVED);
const real = connect(process.env.REAL);

async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

test('lists the model', async () => {
  const models = await collect(await served.client.models.list());
  assert.deepEqual(
    models.map((model) => model.id),
    [served.model],
  );
});

test('gets a chat completion', async () => {
  const ask = ({ client, model }) =>
    client.chat.completions.create({ model, messages, ...settings });
  const [answer, expected] = [await ask(served), await ask(real)];
  assert.equal(answer.model, served.model);
  assert.deepEqual(answer.choices, expected.choices);
  assert.deepEqual(answer.usage, expected.usage);
});

test('gets a streamed chat completion', async () => {
  const ask = async ({ client, model }) =>
    collect(await client.chat.completions.create({ model, messages, stream: true, ...settings }));
  const [chunks, expected] = [await ask(served), await ask(real)];
  for (const chunk of chunks) assert.equal(chunk.model, served.model);
  assert.deepEqual(
    chunks.map((chunk) => chunk.choices),
    expected.map((chunk) => chunk.choices),
  );
});

test('gets a text completion', async () => {
  const ask = ({ client, model }) =>
    client.completions.create({ model, prompt: 'The gate is', ...settings });
  const [answer, expected] = [await ask(served), await ask(real)];
  assert.equal(answer.model, served.model);
  assert.deepEqual(answer.choices, expected.choices);
});

test('gets embeddings', async () => {
  const ask = ({ client, model }) => client.embeddings.create({ model, input: ['river', 'gate'] });
  const [answer, expected] = [await ask(served), await ask(real)];
  assert.equal(answer.model, served.model);
  assert.equal(answer.data[0].embedding.length, 64);
  assert.deepEqual(answer.data, expected.data);
});

// What differs from answer to answer, and the model's name, are left out.
const CHANGING = ['id', 'item_id', 'created_at', 'completed_at', 'timings', 'model'];
const steady = (value) =>
  JSON.parse(JSON.stringify(value, (name, member) => (CHANGING.includes(name) ? null : member)));

const input = messages[0].content;
const asked = { input, temperature: 0, max_output_tokens: 48, seed: 1 };

test('gets a response', async () => {
  const ask = ({ client, model }) => client.responses.create({ model, ...asked });
  const [answer, expected] = [await ask(served), await ask(real)];
  assert.equal(answer.model, served.model);
  assert.notEqual(answer.output_text, '');
  assert.deepEqual(steady(answer), steady(expected));
});

test('gets a streamed response', async () => {
  const ask = async ({ client, model }) =>
    collect(await client.responses.create({ model, ...asked, stream: true }));
  const [events, expected] = [await ask(served), await ask(real)];
  assert.deepEqual(steady(events), steady(expected));
  assert.equal(events.at(-1).type, 'response.completed');
  assert.equal(events.at(-1).response.model, served.model);
});

test('gets a message', async () => {
  const ask = ({ anthropic, model }) =>
    anthropic.messages.create({ model, messages, ...settings, max_tokens: 48 });
  const [answer, expected] = [await ask(served), await ask(real)];
  assert.equal(answer.model, served.model);
  assert.notEqual(answer.content[0].text, '');
  assert.deepEqual(steady(answer), steady(expected));
});

test('gets a streamed message', async () => {
  const ask = async ({ anthropic, model }) =>
    collect(await anthropic.messages.create({ model, messages, ...settings, stream: true }));
  const [events, expected] = [await ask(served), await ask(real)];
  assert.deepEqual(steady(events), steady(expected));
  assert.equal(events[0].message.model, served.model);
  assert.equal(events.at(-1).type, 'message_stop');
});

test('counts the tokens of a message', async () => {
  const ask = ({ anthropic, model }) => anthropic.messages.countTokens({ model, messages });
  assert.deepEqual(await ask(served), await ask(real));
});
