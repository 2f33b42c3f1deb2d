// A phone, 360 pixels wide.
import assert from 'node:assert/strict';

import { examples, ids, link, overflow, scrollThrough, unfold } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 100, days: 4, hostile: true, instances: 'studio,gpu' });

const PHONE = { device: 'phone' };

test('no page is wider than a phone', async ({ open, lab }) => {
  const page = await open('/', PHONE);
  page.watch.allow(/404/);
  const hostile = (await lab.list('instance=studio')).filter(({ prompt_id }) => prompt_id.startsWith('hostile'));
  const paths = ['/', '/?status=failed,lost&kind=image&instance=studio', '/?date=2001-01-01', '/status', '/api', '/g/999999'];
  paths.push(...Object.values(await examples(lab)).map((id) => `/g/${id}`), ...hostile.map(({ id }) => `/g/${id}`));
  for (const path of paths) {
    await page.goto(path);
    await unfold(page);
    assert.equal(await overflow(page), undefined, path);
  }
});

test('no page in Chinese is wider than a phone', async ({ open, lab }) => {
  const page = await open('/', { ...PHONE, locale: 'zh-CN' });
  const { picture, failed } = await examples(lab);
  for (const path of ['/', '/?status=failed&kind=image&instance=gpu', `/g/${picture}`, `/g/${failed}`, '/status', '/api']) {
    await page.goto(path);
    assert.equal(await overflow(page), undefined, path);
  }
});

test('at 200 % text nothing is cut off', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open('/', { viewport: { width: 640, height: 900 } });
  for (const path of ['/', `/g/${picture}`, '/status', '/api']) {
    await page.goto(path);
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    assert.equal(await overflow(page), undefined, path);
  }
});

test('a tap opens a run, a swipe in the lightbox leads to its next picture', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open('/', PHONE);
  await scrollThrough(page, (seen) => seen.has(several));
  await link(page, several).tap();
  await page.waitForURL(`**/g/${several}*`);
  await page.locator('main img').first().tap();
  const box = page.locator('dialog[data-lightbox]');
  await box.waitFor();
  const inSight = () =>
    box.locator('img').evaluateAll((all) => all.find((img) => {
      const { left, right } = img.getBoundingClientRect();
      return left < innerWidth / 2 && right > innerWidth / 2;
    })?.getAttribute('src'));
  const first = await until('a large picture', inSight);
  await swipe(page, { from: 300, to: 40, y: 390 });
  await until('the next picture', async () => {
    const shown = await inSight();
    return shown && shown !== first;
  });
});

/** A finger that moves from one x to another. */
async function swipe(page, { from, to, y }) {
  const devtools = await page.context().newCDPSession(page);
  const touch = (type, x) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints: x === undefined ? [] : [{ x, y }] });
  await touch('touchStart', from);
  for (let step = 1; step <= 10; step += 1) await touch('touchMove', from + ((to - from) * step) / 10);
  await touch('touchEnd');
}

test('what is to be tapped is large enough', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  for (const path of ['/', `/g/${picture}`, '/status', '/api']) {
    const page = await open(path, PHONE);
    // WCAG 2.2, 2.5.8: 24 by 24 pixels, but for links within a text.
    const small = await page.locator('button:visible, summary:visible, input:visible, select:visible, nav a:visible').evaluateAll((all) =>
      all
        .map((element) => (element.closest('label') ?? document.querySelector(`label[for="${element.id}"]`) ?? element))
        .filter((element) => {
          const { width, height } = element.getBoundingClientRect();
          return width > 1 && height > 1 && (width < 24 || height < 24);
        })
        .map((element) => element.outerHTML.slice(0, 100)),
    );
    assert.deepEqual(small, [], path);
  }
});

test('the grid shows at least two cards beside each other', async ({ open }) => {
  const page = await open('/', PHONE);
  assert.ok((await ids(page)).length > 10);
  const tops = await page.locator('li[data-id]').evaluateAll((all) => all.slice(0, 2).map((li) => li.getBoundingClientRect().top));
  assert.equal(tops[0], tops[1]);
});
