// The programs, the official clients, and what the tests of this folder share.

import { Agent } from 'node:http';

import Anthropic from '@anthropic-ai/sdk';
import LlamaStackClient from 'llama-stack-client';
import OpenAI from 'openai';

import { PATIENCE_MS } from './programs.mjs';

export { startConfigured, startPenstock, startSimulator } from './programs.mjs';

export function connectOpenAI(options) {
  return new OpenAI({ timeout: PATIENCE_MS, ...options });
}

export function connectAnthropic(options) {
  return new Anthropic({ timeout: PATIENCE_MS, ...options });
}

// llama-stack-client with its own HTTP library, a connection for each request: with kept
// connections node-fetch 2 takes every chunked answer for a broken one on some releases of Node,
// Debian 12's among them (https://github.com/nodejs/node/issues/63989).
export function connectLlamaStack(options) {
  const httpAgent = new Agent({ keepAlive: false });
  return new LlamaStackClient({ timeout: PATIENCE_MS, httpAgent, ...options });
}

// Penstock's names for the simulator's models.
export async function modelsBehind(penstock) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(`${penstock.url}/v1/models`, { signal });
  const models = (await answer.json()).data;
  const kind = (model) => model.custom_metadata.model_type;
  const chat = models.find((model) => kind(model) === 'llm');
  const embedding = models.find((model) => kind(model) === 'embedding') ?? chat;
  if (!chat) throw new Error(`No language model among ${models.map((model) => model.id)}`);
  return { chat: chat.id, embedding: embedding.id, all: models.map((model) => model.id) };
}

// The upstream's name for the model that Penstock calls `id`.
export const upstreamName = (id) => id.slice(id.indexOf('/') + 1);

// The items of a stream, in order.
export async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

// Waits until another process has done something, and fails after a while.
export async function eventually(what, condition) {
  const end = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
