// The official Node client against a real server through Penstock (SERVED), compared with what the
// real server answers directly (REAL). Run by test_real.py.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

const messages = [{ role: 'user', content: 'Where does the river go? Ünïcödé, 日本, 🚀' }];
const settings = { temperature: 0, seed: 1, max_tokens: 48 };

function connect(description) {
  const { url, model, key } = JSON.parse(description);
  const options = { apiKey: key, maxRetries: 0, timeout: 60_000 };
  return { model, client: new OpenAI({ ...options, baseURL: `${url}/v1` }) };
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
