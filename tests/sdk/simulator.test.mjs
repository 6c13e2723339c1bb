// Both clients, through Penstock, against the bundled simulator: everything that a user calls. The
// answers must equal the simulator's direct ones.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  collect,
  connectLlamaStack,
  connectOpenAI,
  modelsBehind,
  startPenstock,
  startSimulator,
  upstreamName,
} from './harness.mjs';

const messages = [{ role: 'user', content: 'What is a penstock? Ünïcödé, 日本 and 🚀 too.' }];
const prompt = 'A penstock is';

const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
const plainText = (chunks) => chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('');

let simulator;
let penstock;
let models;

before(async () => {
  simulator = await startSimulator();
  penstock = await startPenstock({ upstream: simulator.url });
  models = await modelsBehind(penstock);
});

after(async () => {
  await penstock?.stop();
  await simulator?.stop();
});

// Each client with each prefix; llama-stack-client puts /v1 before its paths by itself. It brings
// its own HTTP library, or uses the platform's, which keeps connections.
const clients = {
  'openai on /v1': () => connectOpenAI({ baseURL: `${penstock.url}/v1`, apiKey: 'unused' }),
  'openai on /v1/openai/v1': () =>
    connectOpenAI({ baseURL: `${penstock.url}/v1/openai/v1`, apiKey: 'unused' }),
  'llama-stack-client': () => connectLlamaStack({ baseURL: penstock.url }),
  'llama-stack-client on /v1/openai, with fetch': () =>
    connectLlamaStack({ baseURL: `${penstock.url}/v1/openai`, fetch }),
};
// The same client asks the simulator itself, whose answers are a function of the request's bytes.
const connectDirectly = (name) =>
  name.startsWith('openai')
    ? connectOpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'unused' })
    : connectLlamaStack({ baseURL: simulator.url });

for (const [name, connect] of Object.entries(clients)) {
  describe(name, () => {
    const direct = () => connectDirectly(name);
    let client;
    before(() => {
      client = connect();
    });

    test('lists the models', async () => {
      const ids = (await collect(await client.models.list())).map((model) => model.id);
      assert.deepEqual(ids, models.all);
      for (const id of ids) assert.match(id, /^passthrough\/./);
    });

    test('retrieves a model by its name', async () => {
      const model = await client.models.retrieve(models.chat);
      assert.equal(model.id, models.chat);
      assert.equal(model.object, 'model');
    });

    test('gets a whole chat completion', async () => {
      const answer = await client.chat.completions.create({ model: models.chat, messages });
      const expected = await direct().chat.completions.create({
        model: upstreamName(models.chat),
        messages,
      });
      assert.equal(answer.model, models.chat);
      assert.deepEqual(answer.choices, expected.choices);
      assert.deepEqual(answer.usage, expected.usage);
    });

    test('gets a streamed chat completion', async () => {
      const request = { messages, stream: true, stream_options: { include_usage: true } };
      const chunks = await collect(
        await client.chat.completions.create({ ...request, model: models.chat }),
      );
      const expected = await collect(
        await direct().chat.completions.create({ ...request, model: upstreamName(models.chat) }),
      );
      assert.ok(chunks.length > 2, 'more than one piece');
      for (const chunk of chunks) assert.equal(chunk.model, models.chat);
      assert.deepEqual(
        chunks.map((chunk) => chunk.choices),
        expected.map((chunk) => chunk.choices),
      );
      assert.notEqual(text(chunks), '');
      assert.deepEqual(chunks.at(-1).usage, expected.at(-1).usage);
    });

    test('gets a whole text completion', async () => {
      const answer = await client.completions.create({ model: models.chat, prompt });
      const expected = await direct().completions.create({
        model: upstreamName(models.chat),
        prompt,
      });
      assert.equal(answer.model, models.chat);
      assert.deepEqual(answer.choices, expected.choices);
    });

    test('gets a streamed text completion', async () => {
      const request = { prompt, stream: true };
      const chunks = await collect(
        await client.completions.create({ ...request, model: models.chat }),
      );
      const expected = await collect(
        await direct().completions.create({ ...request, model: upstreamName(models.chat) }),
      );
      for (const chunk of chunks) assert.equal(chunk.model, models.chat);
      assert.notEqual(plainText(chunks), '');
      assert.equal(plainText(chunks), plainText(expected));
    });

    test('gets embeddings', async () => {
      const input = ['one', 'two'];
      const answer = await client.embeddings.create({ model: models.embedding, input });
      const expected = await direct().embeddings.create({
        model: upstreamName(models.embedding),
        input,
      });
      assert.equal(answer.model, models.embedding);
      assert.deepEqual(
        answer.data.map((entry) => entry.index),
        [0, 1],
      );
      // The openai client asks for base64, which has the precision of a float, llama-stack's for
      // decimal numbers.
      const floats = (response) => response.data.map((entry) => Float32Array.from(entry.embedding));
      assert.ok(floats(answer)[0].length > 1);
      assert.deepEqual(floats(answer), floats(expected));
    });

    test('is told that a model does not exist', async () => {
      const unknown = client.chat.completions.create({ model: 'nobody/nothing', messages });
      await assert.rejects(unknown, (error) => {
        assert.ok(error instanceof client.constructor.NotFoundError);
        assert.equal(error.status, 404);
        assert.match(error.message, /Model 'nobody\/nothing' not found\. Use 'client\.models\./);
        return true;
      });
      await assert.rejects(
        async () => client.models.retrieve('nobody/nothing'),
        client.constructor.NotFoundError,
      );
    });
  });
}

test('llama-stack-client inspects the server', async () => {
  const client = connectLlamaStack({ baseURL: penstock.url });
  assert.equal((await client.inspect.health()).status, 'OK');
  assert.match((await client.inspect.version()).version, /^\d+\.\d+\.\d+/);

  const [provider] = await client.providers.list();
  assert.equal(provider.provider_id, 'passthrough');
  assert.equal(provider.provider_type, 'remote::passthrough');
  const same = await client.providers.retrieve('passthrough');
  assert.equal(same.provider_id, 'passthrough');

  const routes = await client.routes.list();
  assert.ok(routes.some((entry) => entry.route === '/v1/chat/completions'));
});
