// Starts the built programs, as a user would, for the tests of this folder and of tests/clients.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binaries = process.env.PENSTOCK_BIN_DIR;
if (!binaries) throw new Error('PENSTOCK_BIN_DIR must name the folder of the built programs.');

// Generous, since a loaded machine with sanitizers may be slow; nothing waits for it in vain.
export const PATIENCE_MS = 30_000;

// The environment of the programs: the tests' variables, and the sanitizers' options. A user's
// PASSTHROUGH_URL or proxy must not reach them.
function environment(extra) {
  const kept = ['PATH', 'HOME', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS'];
  const env = { ...extra };
  for (const name of kept) if (process.env[name]) env[name] = process.env[name];
  return env;
}

// A running program: `url` is where it listens. stop() ends it as an operator would, and fails if
// it ends badly: a sanitizer's report at exit is a failure too.
class Program {
  constructor(name, args, env) {
    this.name = name;
    this.output = '';
    this.child = spawn(join(binaries, name), args, {
      env: environment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'exit');
  }

  async listening() {
    const heard = new Promise((resolve) => {
      const look = (chunk) => {
        this.output += chunk;
        const match = /listening on (https?:\/\/[^\s"/]+)/.exec(this.output);
        if (match) resolve(match[1]);
      };
      for (const stream of [this.child.stdout, this.child.stderr]) {
        stream.setEncoding('utf8').on('data', look);
      }
    });
    this.url = await this.within(heard, 'to say where it listens', true);
    return this;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    const [code, signal] = await this.within(this.exited, 'to end after SIGTERM', false);
    if (code !== 0) throw new Error(`${this.name} ended with ${code ?? signal}:\n${this.output}`);
  }

  async within(promise, purpose, mustLive) {
    let timer;
    const late = new Promise((_, reject) => {
      const fail = (why) => reject(new Error(`${this.name}: ${why}:\n${this.output}`));
      timer = setTimeout(() => {
        this.child.kill('SIGKILL');
        fail(`${PATIENCE_MS} ms were not enough ${purpose}`);
      }, PATIENCE_MS);
      this.child.once('error', (error) => fail(error.message));
      if (mustLive) this.child.once('exit', (code) => fail(`ended early with ${code}`));
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

export function startSimulator(args = []) {
  return new Program('penstock-sim', ['--port', '0', ...args], {}).listening();
}

// With `upstream`, the built-in configuration: one provider called `passthrough`.
export function startPenstock({ upstream, apiKey }) {
  const env = { PASSTHROUGH_URL: upstream };
  if (apiKey) env.PASSTHROUGH_API_KEY = apiKey;
  return new Program('penstock', ['serve', '--port', '0'], env).listening();
}

// With a configuration file. `provider` is the `config` of a provider called `passthrough`,
// `server` that section. The file is JSON, which is YAML too.
export async function startConfigured({ provider, server = {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-sdk-'));
  const file = join(folder, 'run.yaml');
  const settings = {
    version: 2,
    apis: ['inference'],
    providers: {
      inference: [
        { provider_id: 'passthrough', provider_type: 'remote::passthrough', config: provider },
      ],
    },
    server,
  };
  await writeFile(file, JSON.stringify(settings, null, 2));
  try {
    const args = ['serve', '--config', file, '--port', '0'];
    return await new Program('penstock', args, {}).listening();
  } finally {
    await rm(folder, { recursive: true });
  }
}
