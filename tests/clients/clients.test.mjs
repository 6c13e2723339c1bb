// Agents, each at its defaults as far as it can be told another address: a file is written by a
// tool call.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { DIRECT, KEY, PROMPT, withTask } from './task.mjs';

const bin = (name) => join(process.cwd(), 'node_modules', '.bin', name);
const python = join(process.cwd(), 'venv', 'bin', 'python');

async function nodeVersion(name) {
  return JSON.parse(await readFile(join('node_modules', name, 'package.json'), 'utf8')).version;
}
function pythonVersion(name) {
  const show = `import importlib.metadata as m; print(m.version(${JSON.stringify(name)}))`;
  return execFileSync(python, ['-c', show], { encoding: 'utf8' }).trim();
}

// --- Claude Code: Messages ---

test(`Claude Code ${await nodeVersion('@anthropic-ai/claude-code')}`, () =>
  withTask(async (task) => {
    const args = ['-p', PROMPT, '--model', task.model, '--allowedTools', 'Write'];
    const output = await task.run(bin('claude'), args, {
      ANTHROPIC_BASE_URL: task.url,
      ANTHROPIC_AUTH_TOKEN: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    });
    await task.assertDone(output);
  }));

// --- Codex: Responses ---

async function runCodex(task, settings, variables) {
  await mkdir(join(task.home, '.codex'));
  const common = ['check_for_update_on_startup = false', '[analytics]', 'enabled = false'];
  const lines = [`model = "${task.model}"`, ...settings, ...common];
  await writeFile(join(task.home, '.codex', 'config.toml'), lines.join('\n'));
  const args = ['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access', PROMPT];
  return task.run(bin('codex'), args, variables);
}

const codexVersion = await nodeVersion('@openai/codex');

const ownProvider = (task) => [
  'model_provider = "penstock"',
  '[model_providers.penstock]',
  'name = "Penstock"',
  `base_url = "${task.url}/v1"`,
  'wire_api = "responses"',
  'env_key = "PENSTOCK_API_KEY"',
  'supports_websockets = false',
];

test(`Codex ${codexVersion} with a provider of its own`, () =>
  withTask(async (task) => {
    const output = await runCodex(task, ownProvider(task), { PENSTOCK_API_KEY: KEY });
    await task.assertDone(output);
  }));

// With a key from a command, it asks for models, and wants a list in its own shape.
test(`Codex ${codexVersion} with a key from a command`, () =>
  withTask(async (task) => {
    const settings = ownProvider(task).filter((line) => !line.startsWith('env_key'));
    settings.push('[model_providers.penstock.auth]', 'command = "echo"', `args = ["${KEY}"]`);
    const output = await runCodex(task, settings, {});
    await task.assertDone(output);
    if (!DIRECT) assert.doesNotMatch(output, /failed to refresh available models/);
  }));

// A model that Codex knows gets its custom tool for patches.
test(`Codex ${codexVersion} with apply_patch`, () =>
  withTask(async (task) => {
    const output = await runCodex(task, ownProvider(task), { PENSTOCK_API_KEY: KEY });
    await task.assertDone(output);
    assert.match(output, /apply patch/);
  }, 'gpt-5.5'));

// The built-in provider asks for a WebSocket first, and goes on without one after a 426.
test(`Codex ${codexVersion} with openai_base_url alone`, () =>
  withTask(async (task) => {
    const settings = [`openai_base_url = "${task.url}/v1"`];
    const output = await runCodex(task, settings, { CODEX_API_KEY: KEY });
    await task.assertDone(output);
    assert.doesNotMatch(output, /Reconnecting/);
  }));

// --- opencode: each of the AI SDK's providers ---

// The package of the program itself: `opencode-ai` only chooses among those for many systems, of
// which some are missing from registries.
const opencodePackage = 'opencode-linux-x64-baseline';
const opencode = join(process.cwd(), 'node_modules', opencodePackage, 'bin', 'opencode');
const opencodeVersion = await nodeVersion(opencodePackage);

for (const [npm, api] of [
  ['@ai-sdk/openai-compatible', 'chat'],
  ['@ai-sdk/openai', 'Responses'],
  ['@ai-sdk/anthropic', 'Messages'],
]) {
  test(`opencode ${opencodeVersion} with ${npm}: ${api}`, () =>
    withTask(async (task) => {
      const provider = {
        npm,
        name: 'Penstock',
        options: { baseURL: `${task.url}/v1`, apiKey: KEY },
        models: { [task.model]: { name: 'A simulated model' } },
      };
      const settings = {
        $schema: 'https://opencode.ai/config.json',
        provider: { penstock: provider },
        model: `penstock/${task.model}`,
        share: 'disabled',
        autoupdate: false,
      };
      await writeFile(join(task.folder, 'opencode.json'), JSON.stringify(settings));
      const output = await task.run(opencode, ['run', PROMPT], {
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      });
      await task.assertDone(output);
    }));
}

// --- Libraries ---

for (const api of ['openai', 'openai-compatible', 'anthropic']) {
  const version = await nodeVersion(`@ai-sdk/${api}`);
  test(`AI SDK ${await nodeVersion('ai')} with @ai-sdk/${api} ${version}`, () =>
    withTask(async (task) => {
      const script = join(process.cwd(), 'ai_sdk.mjs');
      const arguments_ = [script, api, `${task.url}/v1`, task.model, KEY, PROMPT];
      await task.assertDone(await task.run(process.execPath, arguments_));
    }));
}

function libraryVariables(task) {
  return {
    MODEL: task.model,
    PROMPT,
    OPENAI_BASE_URL: `${task.url}/v1`,
    OPENAI_API_KEY: KEY,
    ANTHROPIC_BASE_URL: task.url,
    ANTHROPIC_API_KEY: KEY,
    OPENAI_AGENTS_DISABLE_TRACING: '1',
  };
}

test(`OpenAI Agents SDK ${pythonVersion('openai-agents')}: Responses`, () =>
  withTask(async (task) => {
    const script = join(process.cwd(), 'agents_sdk.py');
    // It takes what stands before a slash for one of its own providers, and `openai/` off.
    const variables = { ...libraryVariables(task), MODEL: `openai/${task.model}` };
    await task.assertDone(await task.run(python, [script], variables));
  }));

for (const [api, name] of [
  ['openai', 'Responses'],
  ['openai-chat', 'chat'],
  ['anthropic', 'Messages'],
]) {
  test(`pydantic-ai ${pythonVersion('pydantic-ai-slim')} with ${api}: ${name}`, () =>
    withTask(async (task) => {
      const script = join(process.cwd(), 'pydantic_agent.py');
      await task.assertDone(await task.run(python, [script, api], libraryVariables(task)));
    }));
}
