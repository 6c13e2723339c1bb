// Limits of keys: what the clients do with a request too many.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { connectAnthropic, connectOpenAI, eventually, startConfigured } from './harness.mjs';
import { sendCompletion, sendJson, Upstream } from './upstream.mjs';

const messages = [{ role: 'user', content: 'Hello' }];

const clients = {
  openai: {
    connect: (options) => connectOpenAI({ ...options, baseURL: `${options.baseURL}/v1` }),
    ask: (client) => client.chat.completions.create({ model: 'passthrough/m1', messages }),
    answer: (response) => sendCompletion(response),
  },
  anthropic: {
    connect: (options) => connectAnthropic(options),
    ask: (client) => client.messages.create({ model: 'passthrough/m1', max_tokens: 8, messages }),
    answer: (response) => sendJson(response, 200, {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm1',
      content: [{ type: 'text', text: 'ok' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
  },
};

let upstream;
let penstock;

before(async () => {
  upstream = await Upstream.start();
  penstock = await startConfigured({
    provider: { base_url: upstream.url },
    server: { api_keys: [{ name: 'one-by-one', key: 'client-key', concurrency: 1 }] },
  });
});

after(async () => {
  await penstock?.stop();
  await upstream?.stop();
});

for (const [name, { connect, ask, answer }] of Object.entries(clients)) {
  describe(name, () => {
    test('waits as it is told when its key has no place, and then succeeds', async () => {
      const held = [];
      upstream.answer = (_, response) => held.push(response);
      const statuses = [];
      const counting = async (url, init) => {
        const response = await fetch(url, init);
        statuses.push(response.status);
        return response;
      };
      const options = { baseURL: penstock.url, apiKey: 'client-key' };
      const first = ask(connect(options));
      await eventually('the first request arrives', () => held.length === 1);
      const second = ask(connect({ ...options, fetch: counting, maxRetries: 5 }));
      await eventually('the second request is refused', () => statuses.includes(429));
      upstream.answer = (_, response) => answer(response);
      answer(held[0]);
      await first;
      await second;
      assert.equal(statuses.at(-1), 200);
    });
  });
}
