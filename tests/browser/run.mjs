// Builds what is tested and runs the tests: all, or those whose file names hold one of the arguments.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { build } from './support/build.mjs';

const here = new URL('.', import.meta.url).pathname;
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const files = readdirSync(here)
  .filter((file) => file.endsWith('.test.mjs'))
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))
  .sort();
if (files.length === 0) throw new Error(`no test file is called ${wanted.join(' or ')}`);

const lab = await build();
const flags = ['--test', '--test-reporter=spec', '--test-concurrency=2', ...options];
const tests = spawn(process.execPath, [...flags, ...files], {
  cwd: here,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, RECALL_LAB: lab },
});
tests.on('close', (code) => process.exit(code ?? 1));
