// Five hundred runs, scrolled through.
import assert from 'node:assert/strict';

import { card, cards, ids, link, scrollThrough } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 500, days: 20 });

test('scrolling through 500 shows each once and in order, and loads thumbnails only', async ({ open, lab }) => {
  const all = (await lab.list()).map(({ id }) => id);
  const page = await open('/');
  const seen = await scrollThrough(page);
  assert.equal(seen.length, 500);
  assert.deepEqual(seen, all);
  const shown = await ids(page);
  assert.deepEqual(shown, [...new Set(shown)], 'a card is there twice');
  const paths = page.watch.requests.map(({ path }) => path);
  assert.deepEqual(paths.filter((path) => path.startsWith('/files/') && !path.endsWith('.mp4')), []);
  assert.ok(paths.some((path) => path.startsWith('/thumbs/')), 'no thumbnail was loaded');
});

test('every day has one heading, however many pages it took', async ({ open }) => {
  const page = await open('/');
  await scrollThrough(page, (seen) => seen.size >= 200);
  const days = await page.locator('[data-day]').evaluateAll((all) => all.map((day) => day.dataset.day));
  assert.ok(days.length >= 5);
  assert.deepEqual(days, [...new Set(days)]);
});

test('going back from a detail returns to the same place', async ({ open }) => {
  const page = await open('/');
  const seen = await scrollThrough(page, (found) => found.size >= 240);
  const { day } = (await cards(page)).find(({ id }) => id === seen[200]);
  const ofDay = (await cards(page)).filter((card) => card.day === day).map(({ id }) => id);
  // Where a day begins, what stands above is of a day that may be loaded in part; where it ends, of this one.
  for (const id of [ofDay[0], seen[200], ofDay.at(-1)]) {
    await card(page, id).scrollIntoViewIfNeeded();
    const before = await card(page, id).boundingBox();
    await link(page, id).click();
    await page.waitForURL(`**/g/${id}*`);
    await page.goBack();
    await page.waitForURL((url) => url.pathname === '/');
    await until(`card ${id} to be back at ${before.y}`, async () => {
      const box = (await card(page, id).count()) > 0 ? await card(page, id).boundingBox() : undefined;
      return box && Math.abs(box.y - before.y) <= 4;
    });
  }
});

test('a reload returns to the same place too', async ({ open }) => {
  const page = await open('/');
  const seen = await scrollThrough(page, (found) => found.size >= 180);
  const id = seen[150];
  await card(page, id).scrollIntoViewIfNeeded();
  await page.reload();
  await until('the card to be back in sight', async () => {
    const box = (await card(page, id).count()) > 0 ? await card(page, id).boundingBox() : undefined;
    return box && box.y > -box.height && box.y < 800;
  });
});

test('a page deep in the history can be opened by its address and leads both ways', async ({ open, lab }) => {
  const all = (await lab.list()).map(({ id }) => id);
  const page = await open('/');
  const next = await page.locator('a[rel=next]').first().getAttribute('href');
  const deep = await open(next, { script: false });
  const first = await ids(deep);
  assert.equal(all.indexOf(first[0]), (await ids(await open('/', { script: false }))).length);
  await deep.locator('a[rel=prev]').first().click();
  await deep.waitForURL((url) => url.href !== new URL(next, lab.url).href);
  assert.deepEqual(await ids(deep), all.slice(0, first.length));
});

test('the calendar leads to any day, and from there on through the whole history', async ({ open, lab }) => {
  const page = await open('/');
  const day = (await cards(page)).at(-1).day;
  await page.locator('[data-open-calendar]').click();
  const link = page.locator(`[data-calendar] [data-date="${day}"]`);
  await page.locator('[data-calendar]').waitFor();
  if ((await link.count()) === 0) await page.locator('[data-calendar] [data-month="earlier"]').click();
  await link.click();
  await page.waitForURL(/date=/);
  const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const ofDay = (await lab.list(`date=${day}&tz=${encodeURIComponent(zone)}`)).map((run) => run.id);
  assert.deepEqual(await ids(page), ofDay);
  await page.locator('[data-beside="older"]').click();
  await page.waitForURL((url) => !url.search.includes(day));
  assert.ok((await cards(page)).every((card) => card.day < day));
  await page.goBack();
  await page.locator('[data-pager="older"] a[href*="next="]').click();
  await page.waitForURL(/next=/);
  // Newer ones may be above it by now.
  const all = await ids(page);
  const at = all.indexOf(ofDay[0]);
  assert.deepEqual(all.slice(at, at + ofDay.length), ofDay);
  assert.ok(all.length > at + ofDay.length, 'older ones follow');
});
