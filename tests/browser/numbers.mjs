// Every number of the pages that is promised, measured in Chromium, as a table: npm run numbers [-- --dev] [PART…]
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import lighthouse from 'lighthouse';

import { CHROMIUM, Watch, launch, look } from './support/browser.mjs';
import { build } from './support/build.mjs';
import { Lab, picture } from './support/lab.mjs';
import { appearance, examples, untilListening } from './support/pages.mjs';

const KB = 1_000;
const LIGHTHOUSE_RUNS = 3;
const NEW_RUNS = 20;
const CARDS = 5_000;
/** How long nothing new may come while it is scrolled, in milliseconds. */
const STANDSTILL = 15_000;

const rows = [];

/** One promised number: at most `asked`, or at least when `least` is true. */
function row(what, measured, asked, unit, { least = false, beside = '' } = {}) {
  const holds = least ? measured >= asked : measured <= asked;
  rows.push({ what, measured, asked, unit, least, beside, holds });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const isWanted = (part) => parts.length === 0 || parts.includes(part);

process.env.RECALL_LAB ??= await build({ release: !process.argv.includes('--dev') });

if (isWanted('weight') || isWanted('lighthouse') || isWanted('live')) {
  const lab = await Lab.start({ seed: 600, side: 512 });
  if (isWanted('weight')) await weigh(lab);
  if (isWanted('lighthouse')) await shine(lab);
  if (isWanted('live')) await race(lab);
  await lab.stop();
}
if (isWanted('scroll')) {
  const lab = await Lab.start({ seed: CARDS, side: 224, days: 200 });
  await scroll(lab);
  await lab.stop();
}
print();
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;

/** The bytes of a body as they go over the wire, to a browser that takes every encoding. */
function wire(url) {
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': 'gzip, deflate, br, zstd', accept: 'text/html,*/*' };
    get(url, { headers }, (response) => {
      let bytes = 0;
      response.on('data', (piece) => { bytes += piece.length; });
      response.on('end', () => resolve({ bytes, encoding: response.headers['content-encoding'] ?? 'plain' }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

async function weigh(lab) {
  const html = await wire(lab.url);
  row('first page: HTML', html.bytes / KB, 40, 'KB', { beside: html.encoding });
  const browser = await launch();
  for (const device of ['desktop', 'phone']) {
    const context = await look(browser, lab.url, { device });
    const watch = new Watch(context, lab.url);
    const page = await context.newPage();
    await page.goto('/');
    await page.waitForLoadState('load');
    if (device === 'desktop') {
      const ours = watch.requests.filter(({ type }) => type === 'stylesheet' || type === 'script');
      const urls = [...new Set(ours.map(({ url }) => url))];
      const sizes = await Promise.all(urls.map(wire));
      const sum = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
      row('first page: CSS and JavaScript', sum / KB, 60, 'KB', { beside: `${urls.length} files, ${sizes[0]?.encoding}` });
    }
    const thumbs = () => [...new Set(watch.requests.filter(({ path }) => path.startsWith('/thumbs/')).map(({ url }) => url))];
    for (let turns = 0; turns < 200 && thumbs().length < 60; turns += 1) {
      await page.mouse.wheel(0, 600);
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
    }
    const first = thumbs().slice(0, 60);
    const sizes = await Promise.all(first.map(wire));
    const sum = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    const found = first.length === 60 ? sum / 1e6 : Infinity;
    row(`60 thumbnails, ${device}`, found, 1.2, 'MB', { beside: `${first.length} thumbnails` });
    await context.close();
  }
  await browser.close();
}

/** Lighthouse's mobile preset, in a Chromium of its own. */
async function shine(lab) {
  const { picture } = await examples(lab);
  const profile = await mkdtemp(join(tmpdir(), 'lighthouse-'));
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const chromium = spawn(
    CHROMIUM,
    ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--no-first-run', ...sandbox, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const port = await new Promise((resolve, reject) => {
    createInterface({ input: chromium.stderr }).on('line', (line) => {
      const told = /^DevTools listening on ws:\/\/[^:]+:(\d+)/.exec(line);
      if (told) resolve(Number(told[1]));
    });
    chromium.on('close', (code) => reject(new Error(`Chromium ended with ${code}`)));
  });
  try {
    for (const path of ['/', `/g/${picture}`]) await shineOn(lab.url + path, path.replace(/\d+/, '{id}'), port);
  } finally {
    const ended = new Promise((resolve) => chromium.on('close', resolve));
    chromium.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function shineOn(url, name, port) {
  const categories = { performance: 95, accessibility: 100, 'best-practices': 100 };
  const results = [];
  for (let nth = 0; nth < LIGHTHOUSE_RUNS; nth += 1) {
    const flags = { port, output: 'json', logLevel: 'error', onlyCategories: Object.keys(categories) };
    results.push((await lighthouse(url, flags)).lhr);
  }
  for (const [category, asked] of Object.entries(categories)) {
    const score = median(results.map((result) => Math.round(result.categories[category].score * 100)));
    row(`Lighthouse ${name}: ${category}`, score, asked, '', { least: true, beside: shortcomings(results[0], category) });
  }
}

/** The audits of a category that cost points; of the performance, what it measured. */
function shortcomings(result, category) {
  if (category === 'performance') {
    const shown = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift'];
    return shown.map((id) => `${id.replaceAll(/(\w)\w*-?/g, '$1').toUpperCase()} ${result.audits[id].displayValue}`).join(', ');
  }
  const failed = result.categories[category].auditRefs.filter(({ id, weight }) => weight > 0 && result.audits[id].score < 1 && result.audits[id].score !== null);
  return failed.map(({ id }) => id).join(', ');
}

/** From ComfyUI's status event until the card is in an open page. */
async function race(lab) {
  const browser = await launch();
  const context = await look(browser, lab.url);
  const page = await context.newPage();
  page.watch = new Watch(context, lab.url);
  await page.goto('/');
  await untilListening(page);
  const [queued, done, plain] = [[], [], []];
  for (let nth = 0; nth < NEW_RUNS; nth += 1) {
    const id = (await lab.json('/api/v1/generations?limit=1')).items[0].id + 1;
    const card = appearance(page, `li[data-id="${id}"]`);
    const { at, prompt_id } = await lab.queue(picture(5_000 + nth));
    queued.push((await card) - at);
    await lab.order('start');
    const completed = appearance(page, `li[data-id="${id}"][data-status="completed"]`);
    const ended = await lab.order('finish');
    done.push((await completed) - ended.at);
    await lab.recorded(prompt_id, 'completed');
    plain.push(
      await page.evaluate(async () => {
        const start = performance.now();
        await (await fetch('/api/v1/generations?limit=1', { cache: 'no-store' })).text();
        return performance.now() - start;
      }),
    );
  }
  const beside = (times) => `${(median(times) / median(plain)).toFixed(1)} times a fetch of the newest run, ${median(plain).toFixed(1)} ms`;
  row('a queued run is on an open page: median of 20', median(queued), 300, 'ms', { beside: beside(queued) });
  row('… worst of 20', Math.max(...queued), 300, 'ms');
  row('a finished run is on an open page: median of 20', median(done), 300, 'ms', { beside: beside(done) });
  row('… worst of 20', Math.max(...done), 300, 'ms');
  await browser.close();
}

/** Five thousand cards, scrolled through without a pause. */
async function scroll(lab) {
  const browser = await launch();
  const context = await look(browser, lab.url);
  await context.addInitScript(() => {
    const seen = new Set();
    const frames = [];
    globalThis.measured = { seen, frames };
    const note = (node) => {
      if (node.nodeType !== Node.ELEMENT_NODE) return;
      if (node.dataset.id) seen.add(node.dataset.id);
      for (const card of node.querySelectorAll('li[data-id]')) seen.add(card.dataset.id);
    };
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) addedNodes.forEach(note);
    }).observe(document, { childList: true, subtree: true });
    new PerformanceObserver((list) => {
      for (const frame of list.getEntries()) {
        const scripts = frame.scripts.reduce((sum, { duration }) => sum + duration, 0);
        const layout = frame.styleAndLayoutStart ? frame.startTime + frame.duration - frame.styleAndLayoutStart : 0;
        frames.push({ whole: frame.duration, ours: scripts + layout });
      }
    }).observe({ type: 'long-animation-frame', buffered: true });
  });
  const page = await context.newPage();
  await page.goto('/');
  const devtools = await browser.newBrowserCDPSession();
  const start = Date.now();
  for (let [most, since] = [0, start]; Date.now() - since < STANDSTILL && most < CARDS; ) {
    await page.mouse.wheel(0, 1_000);
    const seen = await page.evaluate(
      () => new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(measured.seen.size)));
      }),
    );
    if (seen > most) [most, since] = [seen, Date.now()];
  }
  const took = (Date.now() - start) / 1e3;
  const { seen, frames, kept } = await page.evaluate(() => ({
    seen: measured.seen.size,
    frames: measured.frames,
    kept: document.querySelectorAll('li[data-id]').length,
  }));
  const worst = (key) => Math.max(0, ...frames.map((frame) => frame[key]));
  row('cards scrolled through', seen, CARDS, '', { least: true, beside: `in ${took.toFixed(0)} s; ${kept} in the page at the end` });
  row('… longest frame, our scripts, style and layout', worst('ours'), 100, 'ms', {
    beside: `the whole frame ${worst('whole').toFixed(0)} ms; ${frames.length} frames over 50 ms`,
  });
  row('… memory of the tab', await footprint(devtools), 300, 'MB', { beside: 'private memory, as Chromium counts it' });
  await browser.close();
}

/** The private memory of the largest renderer, in MB. */
async function footprint(devtools) {
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(async ({ id }) => {
    const status = await readFile(`/proc/${id}/status`, 'utf8');
    const of = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return ((of('RssAnon') + of('VmSwap')) * 1024) / 1e6;
  });
  return Math.max(...(await Promise.all(sizes)));
}

function print() {
  console.log(`\n${''.padEnd(58)} ${'measured'.padStart(10)} ${'asked'.padStart(9)}`);
  for (const { what, measured, asked, unit, least, beside, holds } of rows) {
    const shown = Number.isInteger(measured) ? String(measured) : measured.toFixed(2);
    const verdict = holds ? 'ok' : 'SHORT';
    console.log(`${what.padEnd(58)} ${shown.padStart(10)} ${`${least ? '≥' : '≤'} ${asked}`.padStart(9)} ${unit.padEnd(4)} ${verdict.padEnd(5)} ${beside}`);
  }
}
