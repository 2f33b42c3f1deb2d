// A browser without JavaScript: everything but live updates and the lightbox.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { count, examples, ids, link, query, reveal, unchip } from './support/pages.mjs';
import { stage } from './support/stage.mjs';

const { test } = stage({ seed: 150, days: 5 });

const WITHOUT = { script: false };

test('the links page through all runs, each once and in order, and back', async ({ open, lab }) => {
  const all = (await lab.list()).map(({ id }) => id);
  const page = await open('/', WITHOUT);
  const seen = await ids(page);
  const first = [...seen];
  while ((await page.locator('a[rel=next]').count()) > 0) {
    const before = page.url();
    await page.locator('a[rel=next]').first().click();
    await page.waitForURL((url) => url.href !== before);
    seen.push(...(await ids(page)));
  }
  assert.deepEqual(seen, all);
  while ((await page.locator('a[rel=prev]').count()) > 0) {
    const before = page.url();
    await page.locator('a[rel=prev]').first().click();
    await page.waitForURL((url) => url.href !== before);
  }
  assert.deepEqual(await ids(page), first);
});

test('the form filters, and a chip takes it back', async ({ open, lab }) => {
  const page = await open('/', WITHOUT);
  const form = page.locator('form[role=search]');
  await form.locator('[name=status]').selectOption('failed');
  await form.locator('button[type=submit]').click();
  await page.waitForURL(/status=failed/);
  const failed = (await lab.list('status=failed')).map((run) => run.id);
  assert.deepEqual(await ids(page), failed);
  assert.equal(await count(page), failed.length);
  assert.equal(query(page).status, 'failed');
  await unchip(page, 'status');
  assert.equal(await count(page), 150);
});

test('the calendar leads to a day', async ({ open }) => {
  const page = await open('/', WITHOUT);
  await page.locator('[data-open-calendar]').click();
  const day = page.locator('[data-calendar] a[data-date]').first();
  const date = await day.getAttribute('data-date');
  await day.click();
  await page.waitForURL(/date=/);
  assert.equal(query(page).date, date);
});

test('a run opens, its picture is shown and downloaded, and the neighbours are links', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open('/', WITHOUT);
  await link(page, picture).click();
  await page.waitForURL(`**/g/${picture}*`);
  const [output] = (await lab.json(`/api/v1/generations/${picture}`)).outputs;
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator('a[data-download="file"]').first().click()]);
  const kept = Buffer.from(await (await fetch(lab.url + output.url)).arrayBuffer());
  assert.deepEqual(await readFile(await file.path()), kept);
  await page.locator('a[data-neighbour="older"]').first().click();
  await page.waitForURL((url) => url.pathname !== `/g/${picture}`);
});

test('the workflow and the ZIP are downloaded', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open(`/g/${several}`, WITHOUT);
  for (const what of ['workflow', 'zip']) {
    const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`a[data-download="${what}"]`).first().click()]);
    assert.ok((await readFile(await file.path())).length > 100, what);
  }
});

test('thumbnails are shown', async ({ open }) => {
  const page = await open('/', WITHOUT);
  await page.waitForLoadState('load');
  const shown = page.watch.requests.filter(({ path }) => path.startsWith('/thumbs/'));
  assert.ok(shown.length > 5, `${shown.length} thumbnails`);
});

test('nothing that needs JavaScript is offered', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  for (const path of [`/g/${picture}`, '/api']) {
    const page = await open(path, WITHOUT);
    for (const selector of ['button[data-copy]', 'dialog[data-lightbox]', '[data-new]']) {
      for (const offered of await page.locator(selector).all()) assert.equal(await offered.isVisible(), false, selector);
    }
  }
});
