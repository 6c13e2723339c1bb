// A task for the AI SDK, once whole and once streamed. Run by clients.test.mjs.

import { writeFile } from 'node:fs/promises';

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const [api, baseURL, name, apiKey, prompt] = process.argv.slice(2);
const providers = {
  openai: createOpenAI,
  anthropic: createAnthropic,
  'openai-compatible': (options) => createOpenAICompatible({ name: 'penstock', ...options }),
};
const model = providers[api]({ baseURL, apiKey })(name);

const write_file = tool({
  description: 'Writes a file.',
  inputSchema: z.object({ path: z.string(), content: z.string() }),
  execute: async ({ path, content }) => {
    await writeFile(path, content);
    return 'written';
  },
});
const request = { model, prompt, tools: { write_file }, stopWhen: stepCountIs(5) };

const whole = await generateText(request);
let streamed = '';
for await (const text of streamText(request).textStream) streamed += text;
if (streamed !== whole.text) throw new Error(`'${streamed}' is not '${whole.text}'`);
if (!(whole.totalUsage.totalTokens > 0)) throw new Error('There is no usage.');
console.log(whole.text);
