// Finding by day, status, kind and instance, with the mouse.
import assert from 'node:assert/strict';

import { ZONE } from './support/browser.mjs';
import { cards, choose, count, ids, query, unchip } from './support/pages.mjs';
import { stage } from './support/stage.mjs';

const { test } = stage({ seed: 120, days: 6, instances: 'studio,gpu' });

/** What the API selects with the same words, as ids, in the zone of those who look. */
async function selected(lab, words) {
  return (await lab.list(new URLSearchParams({ ...words, tz: ZONE }))).map(({ id }) => id);
}

test('the newest runs come first, under the headings of their days', async ({ open, lab }) => {
  const page = await open('/');
  const shown = await cards(page);
  assert.ok(shown.length >= 20, `only ${shown.length} cards`);
  const newest = await selected(lab, {});
  assert.deepEqual(shown.map(({ id }) => id), newest.slice(0, shown.length));
  const days = shown.map(({ day }) => day);
  assert.match(days[0], /^\d{4}-\d\d-\d\d$/);
  assert.deepEqual(days, [...days].sort().reverse(), 'days run backwards');
  for (const day of new Set(days)) {
    await page.locator(`[data-day="${day}"] :is(h2, h3)`).first().waitFor();
  }
});

test('a status is chosen in the form, shown as a chip with the number of matches, and removed by its chip', async ({ open, lab }) => {
  const page = await open('/');
  const all = await count(page);
  assert.equal(all, 120);
  await choose(page, 'status', 'failed');
  assert.deepEqual(query(page), { status: 'failed' });
  const failed = await selected(lab, { status: 'failed' });
  assert.deepEqual(await ids(page), failed);
  assert.equal(await count(page), failed.length);
  assert.deepEqual(new Set((await cards(page)).map(({ status }) => status)), new Set(['failed']));
  await unchip(page, 'status');
  assert.deepEqual(query(page), {});
  assert.equal(await count(page), all);
});

test('several statuses can be chosen together', async ({ open, lab }) => {
  const page = await open('/');
  await choose(page, 'status', 'failed,cancelled,lost');
  assert.equal(await count(page), (await selected(lab, { status: 'failed,cancelled,lost' })).length);
  await page.goto('/?status=failed&status=lost');
  assert.equal(await count(page), (await selected(lab, { status: 'failed,lost' })).length);
  assert.deepEqual(new Set((await cards(page)).map(({ status }) => status)), new Set(['failed', 'lost']));
});

test('a day is chosen in the calendar, which tells how many runs each day had', async ({ open, lab }) => {
  const page = await open('/');
  const day = (await cards(page)).at(-1).day;
  const calendar = page.locator('[data-calendar]').first();
  await openCalendar(page);
  const link = calendar.locator(`a[data-date="${day}"]`);
  await link.waitFor();
  const of = await selected(lab, { date: day });
  assert.match(await link.evaluate((a) => `${a.textContent} ${a.title} ${a.ariaLabel}`), new RegExp(`\\b${of.length}\\b`));
  await link.click();
  await page.waitForURL(/date=/);
  assert.equal(query(page).date, day);
  assert.deepEqual(await ids(page), of.slice(0, 60));
  assert.equal(await count(page), of.length);
  assert.deepEqual(new Set((await cards(page)).map((card) => card.day)), new Set([day]));
  await unchip(page, 'date');
  assert.equal(await count(page), 120);
});

async function openCalendar(page) {
  await page.locator('[data-open-calendar]').click();
  await page.locator('[data-calendar]').waitFor();
}

test('a kind of output is chosen: only runs that have one are shown', async ({ open }) => {
  const page = await open('/');
  await choose(page, 'kind', 'video');
  assert.equal(await count(page), 6);
  assert.equal((await ids(page)).length, 6);
  await unchip(page, 'kind');
  assert.equal(await count(page), 120);
});

test('an instance is chosen by its name', async ({ open, lab }) => {
  const page = await open('/');
  await choose(page, 'instance', 'gpu');
  const of = await selected(lab, { instance: 'gpu' });
  assert.equal(await count(page), of.length);
  assert.deepEqual(await ids(page), of.slice(0, (await ids(page)).length));
  await unchip(page, 'instance');
});

test('filters add up, and each chip takes away its own', async ({ open, lab }) => {
  const page = await open('/?status=completed&instance=studio&kind=image');
  const of = new Set(await selected(lab, { status: 'completed', instance: 'studio' }));
  for (const id of await ids(page)) assert.ok(of.has(id), `${id} doesn't fit`);
  await unchip(page, 'kind');
  assert.deepEqual(query(page), { status: 'completed', instance: 'studio' });
  await unchip(page, 'instance');
  assert.deepEqual(query(page), { status: 'completed' });
});

test('filters survive reload, back and sharing', async ({ open }) => {
  const page = await open('/');
  await choose(page, 'status', 'failed');
  const shown = await ids(page);
  await page.reload();
  assert.deepEqual(await ids(page), shown);
  const shared = await open(page.url());
  assert.deepEqual(await ids(shared), shown);
  await page.locator('li[data-id] a').first().click();
  await page.waitForURL(/\/g\//);
  await page.goBack();
  assert.deepEqual(await ids(page), shown);
  assert.equal(query(page).status, 'failed');
  await page.goBack();
  assert.equal(await count(page), 120);
});

test('temp previews of runs that also saved are out of the way until they are wanted', async ({ open, lab }) => {
  const both = (await lab.list('status=completed')).filter((run) => run.outputs_count === 2);
  const page = await open(`/g/${both[0].id}`);
  assert.equal(await page.locator('a[data-download="file"]:visible').count(), 1);
  await page.goto(`/g/${both[0].id}?previews=shown`);
  assert.equal(await page.locator('a[data-download="file"]:visible').count(), 2);
  await page.goto('/');
  await choose(page, 'previews', 'shown');
  assert.equal(query(page).previews, 'shown');
});

test('when nothing matches, the page says so and leads back to everything', async ({ open }) => {
  const page = await open('/?status=failed&date=2001-01-01');
  assert.deepEqual(await ids(page), []);
  assert.equal(await count(page), 0);
  await page.locator('main a[href="/"]').first().click();
  await page.waitForURL((url) => url.pathname === '/' && url.search === '');
  assert.equal(await count(page), 120);
});
