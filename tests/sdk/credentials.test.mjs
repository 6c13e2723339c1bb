// Keys and provider data: who may use the server, and what reaches the upstream.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import LlamaStackClient from 'llama-stack-client';
import OpenAI from 'openai';

import { connectLlamaStack, connectOpenAI, startConfigured, startPenstock } from './harness.mjs';
import { sendCompletion, Upstream } from './upstream.mjs';

const chat = {
  model: 'passthrough/m1',
  messages: [{ role: 'user', content: 'Hello' }],
};

let upstream;

before(async () => {
  upstream = await Upstream.start((_, response) => sendCompletion(response));
});

after(async () => {
  await upstream?.stop();
});

// Both clients with a key for the server and headers for every request.
function connect(penstock, apiKey, defaultHeaders = {}) {
  const options = { apiKey, defaultHeaders, maxRetries: 0 };
  return {
    openai: connectOpenAI({ ...options, baseURL: `${penstock.url}/v1` }),
    'llama-stack-client': connectLlamaStack({ ...options, baseURL: penstock.url }),
  };
}

describe('a server with api_keys', () => {
  let penstock;
  before(async () => {
    penstock = await startConfigured({
      provider: { base_url: upstream.url, api_key: 'upstream-key' },
      server: { api_keys: [{ name: 'tests', key: 'client-key' }] },
    });
  });
  after(() => penstock?.stop());

  for (const name of ['openai', 'llama-stack-client']) {
    test(`serves ${name} with the right key, and shows the upstream its own`, async () => {
      const answer = await connect(penstock, 'client-key')[name].chat.completions.create(chat);
      assert.equal(answer.choices[0].message.content, 'ok');
      assert.equal(upstream.lastRequest.headers.authorization, 'Bearer upstream-key');
    });

    test(`refuses ${name} with a wrong key`, async () => {
      const client = connect(penstock, 'wrong-key')[name];
      const { AuthenticationError } = client.constructor;
      await assert.rejects(client.chat.completions.create(chat), AuthenticationError);
      await assert.rejects(async () => client.models.list(), AuthenticationError);
    });
  }

  test('refuses a client without a key, but answers about its health', async () => {
    const client = connectLlamaStack({ baseURL: penstock.url, apiKey: null, maxRetries: 0 });
    await assert.rejects(
      client.chat.completions.create(chat),
      LlamaStackClient.AuthenticationError,
    );
    assert.equal((await client.inspect.health()).status, 'OK');
  });
});

describe('a server without api_keys', () => {
  let penstock;
  before(async () => {
    penstock = await startPenstock({ upstream: upstream.url });
  });
  after(() => penstock?.stop());

  test("never shows the client's own key to the upstream", async () => {
    await connect(penstock, 'a-key-of-the-client').openai.chat.completions.create(chat);
    assert.equal(upstream.lastRequest.headers.authorization, undefined);
    assert.doesNotMatch(JSON.stringify(upstream.lastRequest.rawHeaders), /a-key-of-the-client/);
  });

  for (const header of ['X-OGX-Provider-Data', 'X-LlamaStack-Provider-Data']) {
    for (const name of ['openai', 'llama-stack-client']) {
      test(`takes the upstream's key from ${header} of ${name}`, async () => {
        const data = JSON.stringify({ passthrough_api_key: 'key-of-the-caller' });
        const client = connect(penstock, 'unused', { [header]: data })[name];
        await client.chat.completions.create(chat);
        assert.equal(upstream.lastRequest.headers.authorization, 'Bearer key-of-the-caller');
      });
    }
  }

  test('refuses provider data that is not a JSON object', async () => {
    for (const data of ['{', '[]', '"text"']) {
      const client = connect(penstock, 'unused', { 'X-OGX-Provider-Data': data }).openai;
      await assert.rejects(client.chat.completions.create(chat), OpenAI.BadRequestError);
    }
  });
});

describe('a server with a static key and forward_headers', () => {
  let penstock;
  before(async () => {
    penstock = await startConfigured({
      provider: {
        base_url: `${upstream.url}/v1`,
        api_key: 'static-key',
        forward_headers: { tenant: 'X-Tenant' },
      },
    });
  });
  after(() => penstock?.stop());

  test('prefers its own key to the one in provider data', async () => {
    const data = JSON.stringify({ passthrough_api_key: 'key-of-the-caller', tenant: 'blue' });
    const client = connect(penstock, 'unused', { 'X-OGX-Provider-Data': data }).openai;
    await client.chat.completions.create(chat);
    assert.equal(upstream.lastRequest.headers.authorization, 'Bearer static-key');
    assert.equal(upstream.lastRequest.headers['x-tenant'], 'blue');
    assert.equal(upstream.lastRequest.headers['x-ogx-provider-data'], undefined);
  });

  test('forwards nothing that is not named', async () => {
    const data = JSON.stringify({ other: 'red' });
    const headers = { 'X-OGX-Provider-Data': data, 'X-Tenant': 'from the client', 'X-Other': 'no' };
    await connect(penstock, 'unused', headers).openai.chat.completions.create(chat);
    assert.equal(upstream.lastRequest.headers['x-tenant'], undefined);
    assert.equal(upstream.lastRequest.headers['x-other'], undefined);
  });
});
