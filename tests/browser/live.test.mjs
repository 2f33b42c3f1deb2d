// Runs that happen while a page is open, and what the page says when something is away.
import assert from 'node:assert/strict';

import { failure, picture } from './support/lab.mjs';
import { appearance, card, cards, ids, untilListening } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 80, days: 4 });

/** Marks the page, so that a reload shows. */
const mark = (page) => page.evaluate(() => { globalThis.isTheSamePage = true; });
const isMarked = (page) => page.evaluate(() => globalThis.isTheSamePage === true);

const waiting = (page, id, status) => card(page, id).and(page.locator(`[data-status="${status}"]`)).waitFor();

test('a run appears when it is queued, waits, runs, and becomes its picture, without a reload', async ({ open, lab, say }) => {
  const page = await open('/');
  await mark(page);
  await untilListening(page);
  const [newest] = await ids(page);

  const queued = appearance(page, `li[data-id="${newest + 1}"]`);
  const first = await lab.queue(picture(1));
  say(`queued to card: ${Math.round((await queued) - first.at)} ms`);
  await waiting(page, newest + 1, 'pending');
  const second = await lab.queue(picture(2));
  await waiting(page, newest + 2, 'pending');
  assert.deepEqual((await ids(page)).slice(0, 2), [newest + 2, newest + 1]);
  await until('the second to know its place', async () => /\b2\b/.test(await card(page, newest + 2).innerText()));

  const running = appearance(page, `li[data-id="${newest + 1}"][data-status="in_progress"]`);
  const started = await lab.order('start');
  assert.equal(started.prompt_id, first.prompt_id);
  say(`started to running: ${Math.round((await running) - started.at)} ms`);

  const done = appearance(page, `li[data-id="${newest + 1}"][data-status="completed"]`);
  const finished = await lab.order('finish');
  say(`finished to completed: ${Math.round((await done) - finished.at)} ms`);
  const cover = card(page, newest + 1).locator('img').first();
  await until('its picture', async () => (await cover.count()) > 0 && cover.evaluate((img) => img.complete && img.naturalWidth > 0));

  await lab.order('delete', { prompt_id: second.prompt_id });
  await waiting(page, newest + 2, 'cancelled');
  assert.ok(await isMarked(page), 'the page was loaded again');
});

test('a run that fails while somebody looks turns into its error', async ({ open, lab }) => {
  const page = await open('/');
  await untilListening(page);
  const id = await lab.record(picture(3), failure());
  await waiting(page, id, 'failed');
  assert.match(await card(page, id).innerText(), /^Failed/, 'what it left is seen, and that it failed');
});

test('the page of one run follows it to its end', async ({ open, lab }) => {
  const { prompt_id } = await lab.queue(picture(4));
  const id = await lab.recorded(prompt_id, 'pending');
  const page = await open(`/g/${id}`);
  await mark(page);
  await untilListening(page);
  await lab.order('start');
  await lab.order('finish');
  await until('its picture', () => page.locator('main img').evaluateAll((all) => all.some((img) => img.complete && img.naturalWidth > 0)));
});

test('who has scrolled down sees nothing move, and is told how many are new', async ({ open, lab }) => {
  const page = await open('/');
  await untilListening(page);
  const seen = await ids(page);
  await page.mouse.wheel(0, 1500);
  await until('the scroll', () => page.evaluate(() => scrollY > 800));
  const watched = await until('a card in sight', () =>
    page.locator('li[data-id]').evaluateAll((all) => all.find((li) => li.getBoundingClientRect().top > 100)?.dataset.id),
  );
  const place = async () => (await card(page, watched).boundingBox()).y;
  const before = await place();
  const added = [await lab.record(picture(5)), await lab.record(picture(6)), await lab.record(picture(7))];
  const news = page.locator('[data-new]').first();
  await until('3 new', async () => (await news.isVisible()) && /3/.test(await news.innerText()));
  assert.ok(Math.abs((await place()) - before) <= 1, `the card moved from ${before} to ${await place()}`);
  await news.click();
  await until('the top', () => page.evaluate(() => scrollY < 200));
  assert.deepEqual((await ids(page)).slice(0, 4), [...added.reverse(), seen[0]]);
  await until('the button to go', async () => !(await news.isVisible()));
});

test('a filter keeps out what does not fit', async ({ open, lab }) => {
  const page = await open('/?status=failed');
  await untilListening(page);
  await lab.record(picture(8));
  const failed = await lab.record(picture(9), failure());
  await waiting(page, failed, 'failed');
  assert.deepEqual(new Set((await cards(page)).map(({ status }) => status)), new Set(['failed']));
});

test('a page that stays open over a restart of the daemon hears of new runs again', async ({ open, lab }) => {
  const page = await open('/');
  page.watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await mark(page);
  await untilListening(page);
  await lab.order('stop_daemon');
  await lab.order('start_daemon');
  const id = await lab.record(picture(10));
  await until('the new run', async () => (await card(page, id).count()) > 0, 30_000);
  assert.ok(await isMarked(page), 'the page was loaded again');
});

test('what happened while the daemon was down is on the page when it is back', async ({ open, lab }) => {
  const page = await open('/');
  page.watch.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await untilListening(page);
  await lab.order('kill_daemon');
  const { prompt_id } = await lab.order('run', { run: picture(11) });
  await lab.order('start_daemon');
  const id = await lab.recorded(prompt_id, 'completed');
  await until('the missed run', async () => (await card(page, id).count()) > 0, 30_000);
});

test('the page says that ComfyUI is away and since when, and stops when it is back', async ({ open, lab }) => {
  const page = await open('/');
  await untilListening(page);
  const banner = page.locator('[data-banner="away"]');
  assert.equal(await banner.count(), 0);
  const { prompt_id } = await lab.queue(picture(12));
  const id = await lab.recorded(prompt_id, 'pending');
  await lab.order('stop_comfyui');
  await banner.waitFor();
  await banner.locator('time').first().waitFor();
  await lab.order('start_comfyui');
  await until('the banner to go', async () => (await banner.count()) === 0, 30_000);
  await waiting(page, id, 'lost');
});

test('twenty open tabs all get a new run', async ({ open, lab }) => {
  const page = await open('/');
  const tabs = [page];
  while (tabs.length < 20) {
    const tab = await page.context().newPage();
    await tab.goto('/');
    tabs.push(tab);
  }
  const id = await lab.record(picture(13));
  await Promise.all(tabs.map((tab, nth) => until(`tab ${nth}`, async () => (await card(tab, id).count()) > 0, 20_000)));
});
