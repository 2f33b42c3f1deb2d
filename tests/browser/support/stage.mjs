// What every test file stands on: one lab, one Chromium, and pages that are watched.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { Lab } from './lab.mjs';
import { PATIENCE, Watch, launch, look } from './browser.mjs';

/** The longest that one test may take. */
const LIMIT = 120_000;

/** Where pictures of failed tests go. */
const FAILURES = new URL('../failures/', import.meta.url).pathname;

/** Starts a lab, and Chromium with these flags, before the tests of a file and ends them behind it. */
export function stage(setup = {}, flags = []) {
  const stage = { setup, lab: undefined, browser: undefined };
  before(async () => {
    [stage.lab, stage.browser] = await Promise.all([Lab.start(setup), launch(flags)]);
  });
  after(async () => {
    await stage.browser?.close();
    await Lab.stopAll();
  });
  /** A test: `play({lab, browser, open, say})`. Fails also when one of its pages did what no page may do. */
  stage.test = (name, play) => test(name, { timeout: LIMIT }, (context) => perform(stage, name, context, play));
  return stage;
}

async function perform({ setup, lab, browser }, name, report, play) {
  const watches = [];
  /** Opens a page as `look` describes; `page.watch` sees what it does. */
  const open = async (path = '/', kind = {}) => {
    const context = await look(browser, lab.url, kind);
    const watch = new Watch(context, lab.url);
    watches.push(watch);
    const page = await context.newPage();
    page.watch = watch;
    if (path) await page.goto(path);
    return page;
  };
  try {
    await play({ lab, browser, open, say: (text) => report.diagnostic(text) });
    const wrongs = watches.flatMap((watch) => watch.wrongs());
    assert.deepEqual(wrongs, [], 'what no page may do');
  } catch (error) {
    await photograph(name, browser);
    throw error;
  } finally {
    await Promise.all(browser.contexts().map((context) => context.close()));
    if (!setup.away) await lab.order('settle');
  }
}

async function photograph(name, browser) {
  await mkdir(FAILURES, { recursive: true });
  const stem = name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 100);
  for (const [nth, context] of browser.contexts().entries()) {
    const page = context.pages()[0];
    await page?.screenshot({ path: `${FAILURES}${stem}-${nth}.png` }).catch(() => {});
  }
}

/** Looks again and again until `look` gives something true; gives that. */
export async function until(what, look, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
