// One task for one client: a fresh folder, a simulated model with a scenario, and Penstock in front
// of it unless the clients shall ask it directly.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';

import { startPenstock, startSimulator } from './programs.mjs';
import { CONTENT, REPORT, scenarioFor } from './scenario.mjs';

export const DIRECT = process.env.PENSTOCK_CLIENTS_DIRECT === '1';
export const FILE = 'gate.txt';
export const PROMPT = `Write the file ${FILE}.`;
export const KEY = 'made-up';

// An agent starts slowly on a loaded machine, and waits for nothing but local programs.
const PATIENCE_MS = 120_000;

export class Task {
  // `name` is the upstream's for the model; clients use Penstock's, which some take apart.
  static async begin(name = 'sim-small') {
    const task = new Task();
    task.model = `passthrough/${name}`;
    task.root = await mkdtemp(join(tmpdir(), 'penstock-client-'));
    task.folder = join(task.root, 'work');
    task.home = join(task.root, 'home');
    await mkdir(task.folder);
    await mkdir(task.home);
    const scenario = join(task.root, 'scenario.json');
    await writeFile(scenario, JSON.stringify(scenarioFor(task.folder, FILE)));
    const served = DIRECT ? task.model : name;
    task.simulator = await startSimulator(['--models', served, '--scenario', scenario]);
    if (!DIRECT) task.penstock = await startPenstock({ upstream: task.simulator.url });
    task.url = (task.penstock ?? task.simulator).url;
    return task;
  }

  // Runs a client in the folder, with a home of its own, and returns what it printed.
  async run(program, args, variables = {}) {
    const env = { PATH: process.env.PATH, HOME: this.home, TERM: 'dumb', ...variables };
    const child = spawn(program, args, {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const [code, signal] = await once(child, 'close');
    clearTimeout(timer);
    assert.equal(code ?? signal, 0, `${program} ended with ${code ?? signal}:\n${output}`);
    return output;
  }

  // The file was written, and the client has shown what the model said after that.
  async assertDone(output) {
    assert.equal(await readFile(join(this.folder, FILE), 'utf8').catch(() => ''), CONTENT, output);
    assert.ok(output.includes(REPORT), output);
  }

  async end() {
    await this.penstock?.stop();
    await this.simulator?.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

// Runs `body` with a task, and cleans up after it.
export async function withTask(body, name) {
  const task = await Task.begin(name);
  try {
    await body(task);
  } finally {
    await task.end();
  }
}
