// The simulator plays the model for the agents, so its answers must be what the APIs promise.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { startSimulator } from './programs.mjs';

test("the simulator's answers have the types of the Python clients", async () => {
  const simulator = await startSimulator();
  try {
    const python = join(process.cwd(), 'venv', 'bin', 'python');
    await promisify(execFile)(python, ['shapes.py', simulator.url], { timeout: 60_000 });
  } finally {
    await simulator.stop();
  }
});
