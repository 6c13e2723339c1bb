// An upstream that does what a test tells it to, and records its requests.

import { once } from 'node:events';
import { createServer } from 'node:http';

export class Upstream {
  // `answer(request, response)` is called once the whole request has arrived; `request.text` is its
  // body. The model list is answered automatically, so that a gateway can start.
  static async start(answer) {
    const upstream = new Upstream();
    upstream.answer = answer;
    upstream.server.listen(0, '127.0.0.1');
    await once(upstream.server, 'listening');
    upstream.url = `http://127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  constructor() {
    this.requests = []; // other than for the model list
    this.server = createServer(async (request, response) => {
      request.text = '';
      for await (const chunk of request.setEncoding('utf8')) request.text += chunk;
      if (request.url === '/v1/models') {
        const model = { id: 'm1', object: 'model', created: 1, owned_by: 'test' };
        return sendJson(response, 200, { object: 'list', data: [model] });
      }
      this.requests.push(request);
      this.answer(request, response);
    });
  }

  get lastRequest() {
    return this.requests.at(-1);
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

export function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

export function sendCompletion(response, content = 'ok') {
  sendJson(response, 200, {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm1',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
}

export function beginStream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

export function sendDelta(response, content) {
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm1',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
