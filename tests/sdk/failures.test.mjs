// How the clients report failures: of the upstream, in the middle of a stream, and of the caller.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { connectLlamaStack, connectOpenAI, eventually, startPenstock } from './harness.mjs';
import { beginStream, sendCompletion, sendDelta, sendJson, Upstream } from './upstream.mjs';

const chat = {
  model: 'passthrough/m1',
  messages: [{ role: 'user', content: 'Hello' }],
};

let upstream;
let penstock;

before(async () => {
  upstream = await Upstream.start();
  penstock = await startPenstock({ upstream: upstream.url });
});

after(async () => {
  await penstock?.stop();
  await upstream?.stop();
});

afterEach(() => {
  upstream.requests.length = 0;
});

const clients = {
  openai: () => connectOpenAI({ baseURL: `${penstock.url}/v1`, apiKey: 'unused', maxRetries: 0 }),
  'llama-stack-client': () => connectLlamaStack({ baseURL: penstock.url, maxRetries: 0 }),
};

// The error object inside an answer: the openai client unwraps it, llama-stack's does not.
const detail = (error) => error.error?.error ?? error.error;
const header = (error, name) => error.headers.get?.(name) ?? error.headers[name];

for (const [name, connect] of Object.entries(clients)) {
  describe(name, () => {
    let client;
    before(() => {
      client = connect();
    });

    const rejected = [
      [400, 'BadRequestError'],
      [401, 'AuthenticationError'],
      [403, 'PermissionDeniedError'],
      [409, 'ConflictError'],
      [422, 'UnprocessableEntityError'],
      [500, 'InternalServerError'],
      [503, 'InternalServerError'],
    ];
    for (const [status, kind] of rejected) {
      test(`sees the upstream's ${status} as ${kind}`, async () => {
        const body = { message: 'No, said the upstream.', type: 'a_type', param: 'p', code: 'c' };
        upstream.answer = (_, response) => sendJson(response, status, { error: body });
        await assert.rejects(client.chat.completions.create(chat), (error) => {
          assert.ok(error instanceof client.constructor[kind], error.constructor.name);
          assert.equal(error.status, status);
          assert.deepEqual(detail(error), body);
          return true;
        });
      });
    }

    test('reads the headers of a 429 and tries again', async () => {
      upstream.answer = (_, response) => {
        if (upstream.requests.length > 1) return sendCompletion(response, 'second try');
        const headers = { 'retry-after-ms': '1', 'x-ratelimit-remaining-requests': '0' };
        sendJson(response, 429, { error: { message: 'slow down' } }, headers);
      };
      await assert.rejects(client.chat.completions.create(chat), (error) => {
        assert.ok(error instanceof client.constructor.RateLimitError);
        assert.equal(header(error, 'retry-after-ms'), '1');
        assert.equal(header(error, 'x-ratelimit-remaining-requests'), '0');
        return true;
      });
      upstream.requests.length = 0;
      const answer = await client.chat.completions.create(chat, { maxRetries: 1 });
      assert.equal(answer.choices[0].message.content, 'second try');
    });

    test('does not try again where the upstream says so', async () => {
      upstream.answer = (_, response) =>
        sendJson(response, 503, { error: { message: 'no' } }, { 'x-should-retry': 'false' });
      await assert.rejects(client.chat.completions.create(chat, { maxRetries: 3 }));
      assert.equal(upstream.requests.length, 1);
    });

    test('gets an error object where the upstream sends plain text', async () => {
      upstream.answer = (_, response) => {
        response.writeHead(500, { 'content-type': 'text/plain' });
        response.end('out of memory');
      };
      await assert.rejects(client.chat.completions.create(chat), (error) => {
        assert.equal(error.status, 500);
        assert.match(detail(error).message, /out of memory/);
        return true;
      });
    });

    test('sees a connection that the upstream drops as a 502', async () => {
      upstream.answer = (request) => request.socket.destroy();
      await assert.rejects(client.chat.completions.create(chat), (error) => {
        assert.equal(error.status, 502);
        assert.equal(detail(error).code, 'upstream_reset');
        return true;
      });
    });

    test('never takes a stream that broke for a whole one', async () => {
      upstream.answer = (request, response) => {
        beginStream(response);
        sendDelta(response, 'half an ');
        response.write('data: {"id":"chatcmpl-1","object":', () => request.socket.destroy());
      };
      const seen = [];
      await assert.rejects(async () => {
        const stream = await client.chat.completions.create({ ...chat, stream: true });
        for await (const chunk of stream) seen.push(chunk.choices[0].delta.content);
      });
      assert.deepEqual(seen, ['half an ']);
    });

    test('gets each event while the upstream still thinks about the next', async () => {
      let response;
      upstream.answer = (_, answer) => {
        response = answer;
        beginStream(response);
        sendDelta(response, '0');
      };
      const stream = await client.chat.completions.create({ ...chat, stream: true });
      const seen = [];
      for await (const chunk of stream) {
        seen.push(chunk.choices[0].delta.content);
        // Only now does the upstream send the next word: a gateway that holds one back would hang.
        if (seen.length < 5) sendDelta(response, String(seen.length));
        else response.end('data: [DONE]\n\n');
      }
      assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
    });

    test('ends the call to the upstream when it leaves a stream', async () => {
      let gone = false;
      upstream.answer = (_, response) => {
        response.on('close', () => {
          gone = true;
        });
        beginStream(response);
        sendDelta(response, 'first');
      };
      const stream = await client.chat.completions.create({ ...chat, stream: true });
      for await (const chunk of stream) {
        assert.equal(chunk.choices[0].delta.content, 'first');
        break;
      }
      await eventually('the upstream sees the end of the call', () => gone);
    });

    test('ends the call to the upstream when it gives up before the answer', async () => {
      let gone = false;
      upstream.answer = (_, response) => {
        response.on('close', () => {
          gone = true;
        });
      };
      const controller = new AbortController();
      const call = client.chat.completions.create(chat, { signal: controller.signal });
      const rejected = assert.rejects(call);
      await eventually('the upstream has the request', () => upstream.requests.length === 1);
      controller.abort();
      await rejected;
      await eventually('the upstream sees the end of the call', () => gone);
    });
  });
}

test('fields that no client knows reach the upstream', async () => {
  upstream.answer = (_, response) => sendCompletion(response);
  const extra = { top_k: 40, chat_template_kwargs: { thinking: false }, seed: null };
  await clients.openai().chat.completions.create({ ...chat, ...extra });
  const body = JSON.parse(upstream.lastRequest.text);
  assert.deepEqual(body, { ...chat, ...extra, model: 'm1' });
});

test('every answer carries a request id', async () => {
  upstream.answer = (_, response) => sendCompletion(response);
  const answer = await clients.openai().chat.completions.create(chat);
  assert.ok(answer._request_id);
});
