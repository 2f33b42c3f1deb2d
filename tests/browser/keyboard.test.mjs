// No mouse.
import assert from 'node:assert/strict';

import { examples, ids } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 70, days: 3 });

/** The run whose card has the focus. */
const focused = (page) => page.evaluate(() => Number(document.activeElement.closest('li[data-id]')?.dataset.id ?? 0));

/** Tab until `is` holds of what has the focus. */
async function tabTo(page, what, is) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(is)) return;
  }
  throw new Error(`Tab doesn't lead to ${what}`);
}

test('Tab leads past the skip link, through header and filters, to the cards, and shows where it is', async ({ open }) => {
  const page = await open('/');
  await page.keyboard.press('Tab');
  const skip = await page.evaluate(() => document.activeElement.getAttribute('href'));
  assert.match(skip, /^#/);
  const way = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const { width, height } = element.getBoundingClientRect();
      // A date field draws its ring around a part of it that nobody can ask.
      const ring = element.type === 'date' || [element, ...element.querySelectorAll('*'), element.parentElement, element.nextElementSibling].filter(Boolean).some((part) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      });
      const place = ['header', 'form[role=search]', 'li[data-id]'].find((selector) => element.closest(selector));
      return { place, isVisible: width > 0 && height > 0, ring, html: element.outerHTML.slice(0, 80) };
    });
    assert.ok(at.ring, `no ring around ${at.html}`);
    way.push(at.place);
    if (at.place === 'li[data-id]') break;
  }
  const places = way.filter((place, nth) => place && place !== way[nth - 1]);
  assert.equal(places[0], 'header');
  assert.equal(places.at(-1), 'li[data-id]');
});

test('the skip link leads to the content', async ({ open }) => {
  const page = await open('/');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await until('the focus in main', () => page.evaluate(() => document.activeElement.closest('main') !== null));
});

test('arrows walk through the grid, Enter opens, and back returns to the card', async ({ open }) => {
  const page = await open('/');
  const all = await ids(page);
  await tabTo(page, 'a card', () => document.activeElement.closest('li[data-id]') !== null);
  const first = await focused(page);
  assert.equal(first, all[0]);
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), all[1]);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await focused(page), all[0]);
  await page.keyboard.press('ArrowDown');
  const below = await focused(page);
  const places = await page.locator('li[data-id]').evaluateAll((cards) => cards.map((card) => [Number(card.dataset.id), card.getBoundingClientRect().x, card.getBoundingClientRect().y]));
  const place = (id) => places.find(([of]) => of === id);
  assert.equal(place(below)[1], place(all[0])[1], 'the same column');
  assert.ok(place(below)[2] > place(all[0])[2], 'the next row');
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(page), all[0]);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/g/${all[1]}*`);
  await page.goBack();
  await until('the focus on the card', async () => (await focused(page)) === all[1]);
});

test('a slash leads to the filter, and not while somebody types', async ({ open }) => {
  const page = await open('/');
  await page.keyboard.press('/');
  await until('the focus in the filter', () => page.evaluate(() => document.activeElement.closest('form[role=search], [popover]:popover-open, dialog[open]') !== null));
});

test('a question mark opens the map of keys, Escape closes it', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  for (const path of ['/', `/g/${picture}`]) {
    const page = await open(path);
    await page.keyboard.press('?');
    const map = page.locator('dialog[data-keys]');
    await map.waitFor();
    const text = await map.innerText();
    for (const key of ['/', '?', 'Esc']) assert.ok(text.includes(key), key);
    await page.keyboard.press('Escape');
    await map.waitFor({ state: 'hidden' });
  }
});

test('left and right lead to the newer and the older run', async ({ open, lab }) => {
  const all = (await lab.list()).map(({ id }) => id);
  const page = await open(`/g/${all[5]}`);
  await page.keyboard.press('ArrowRight');
  await page.waitForURL(`**/g/${all[6]}*`);
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(`**/g/${all[5]}*`);
});

test('Escape leads from a run back to its history', async ({ open, lab }) => {
  const [, second] = (await lab.list('status=failed')).map(({ id }) => id);
  const page = await open('/?status=failed');
  await page.locator(`li[data-id="${second}"] a`).first().press('Enter');
  await page.waitForURL(`**/g/${second}*`);
  await page.keyboard.press('Escape');
  await page.waitForURL((url) => url.pathname === '/' && url.searchParams.get('status') === 'failed');
});

test('the lightbox opens by Enter, keeps the focus inside, and gives it back', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open(`/g/${several}`);
  const before = page.url();
  await tabTo(page, 'a picture', () => document.activeElement.closest('main') !== null && document.activeElement.querySelector('img') !== null);
  await page.keyboard.press('Enter');
  const box = page.locator('dialog[data-lightbox]');
  await box.waitFor();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    const isInside = await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog[data-lightbox]') !== null);
    assert.ok(isInside, 'the focus left the lightbox');
  }
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'hidden' });
  assert.equal(new URL(page.url()).pathname, new URL(before).pathname, 'arrows in the lightbox stay on the run');
  await until('the focus to be back on a picture', () => page.evaluate(() => document.activeElement.querySelector('img') !== null || document.activeElement.tagName === 'IMG'));
});

test('keys with Ctrl, Alt or Meta stay the browser\'s', async ({ open }) => {
  const page = await open('/');
  for (const key of ['Control+/', 'Alt+?', 'Meta+/']) await page.keyboard.press(key);
  assert.equal(await page.locator('dialog[data-keys]:visible').count(), 0);
});
