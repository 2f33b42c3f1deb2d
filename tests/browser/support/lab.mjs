// A ComfyUI that does what it is told, and the real daemon beside it: the other end is lab/main.rs.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { build } from './build.mjs';

/** One per test file. Everything that it started ends with this process. */
export class Lab {
  static #running = new Set();
  #child;
  #waiting = [];
  #ended;
  #shown = {};

  /** `seed`: runs in the store; `days`; `side` of their pictures; `instances`: names; `hostile`, `away`: booleans;
   * `password`; `'base-path'`. */
  static async start(setup = {}) {
    const lab = new Lab();
    // The token that the lab gives itself beside a password.
    if (setup.password) lab.#shown = { authorization: 'Bearer the-token-of-the-lab-and-its-tests' };
    const program = process.env.RECALL_LAB ?? (await build());
    const args = Object.entries(setup).flatMap(([name, value]) => {
      if (value === true) return [`--${name}`];
      return value === false || value === undefined ? [] : [`--${name}`, String(value)];
    });
    lab.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    Lab.#running.add(lab);
    lab.#ended = new Promise((resolve) => {
      lab.#child.on('close', (code) => {
        Lab.#running.delete(lab);
        for (const { reject } of lab.#waiting.splice(0)) reject(new Error(`the lab ended with ${code}`));
        resolve(code);
      });
    });
    const answers = createInterface({ input: lab.#child.stdout });
    answers.on('line', (line) => lab.#waiting.shift()?.resolve(JSON.parse(line)));
    Object.assign(lab, await lab.#answer());
    return lab;
  }

  #answer() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** One order of lab/orders.rs, and its answer. */
  async order(what, fields = {}) {
    const answer = this.#answer();
    this.#child.stdin.write(`${JSON.stringify({ do: what, ...fields })}\n`);
    const told = await answer;
    if (told?.error) throw new Error(told.error);
    return told;
  }

  /** Queues a run; gives `{prompt_id, at}`. */
  queue(run, instance) {
    return this.order('queue', { run, instance });
  }

  /** Queues, starts and ends a run, and waits until it is recorded with all its files; gives our id. */
  async record(run, outcome = 'success', instance) {
    const { prompt_id } = await this.order('run', { run, outcome, instance });
    const status = typeof outcome === 'string' ? { success: 'completed', interrupted: 'cancelled' }[outcome] : 'failed';
    return this.recorded(prompt_id, status);
  }

  /** Waits until a run is recorded with this status; gives our id. */
  recorded(prompt_id, status) {
    return this.order('recorded', { prompt_id, status });
  }

  /** Waits until searches know every run. */
  async indexed() {
    const end = Date.now() + 60_000;
    while ((await this.json('/readyz')).index.waiting > 0) {
      if (Date.now() > end) throw new Error('waited in vain for the index');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** JSON of the daemon's API. */
  async json(path) {
    const response = await fetch(this.url + path, { headers: this.#shown });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  /** Every generation that a query selects, newest first. */
  async list(query = '') {
    const items = [];
    for (let next = ''; next !== undefined; ) {
      const page = await this.json(`/api/v1/generations?limit=200&${query}${next}`);
      items.push(...page.items);
      next = page.next ? `&next=${encodeURIComponent(page.next)}` : undefined;
    }
    return items;
  }

  async stop() {
    this.#child.stdin.end();
    return this.#ended;
  }

  /** Also those that a failed test left. */
  static async stopAll() {
    await Promise.all([...Lab.#running].map((lab) => lab.stop()));
  }
}

/** A run with one picture that differs for every seed. */
export function picture(seed = 1, more = {}) {
  const filename = `lab_${String(seed).padStart(5, '0')}_.png`;
  return { seed, outputs: [{ filename, content: { picture: { seed, width: 320, height: 240 } } }], ...more };
}

/** How a run fails. */
export function failure(more = {}) {
  return {
    error: {
      node: '3',
      class: 'KSampler',
      exception: 'torch.OutOfMemoryError',
      message: 'CUDA out of memory. Tried to allocate 2.50 GiB.',
      traceback: ['  File "/opt/ComfyUI/execution.py", line 542, in execute\n', '    return model.apply(x, t)\n'],
      inputs: { seed: [156680208700286], steps: [20] },
      ...more,
    },
  };
}
