// axe-core on every page: both themes, both languages, desktop and phone.
import assert from 'node:assert/strict';

import axe from 'axe-core';

import { examples, unfold } from './support/pages.mjs';
import { stage } from './support/stage.mjs';

const { test } = stage({ seed: 40, days: 3, instances: 'studio,gpu' });

/** Each pair of theme, language and device is among them. */
const LOOKS = [
  { device: 'desktop', theme: 'light', locale: 'en-US' },
  { device: 'desktop', theme: 'dark', locale: 'zh-CN' },
  { device: 'phone', theme: 'dark', locale: 'en-US' },
  { device: 'phone', theme: 'light', locale: 'zh-CN' },
];

/** What axe-core finds, a line for each element. */
async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}

for (const look of LOOKS) {
  test(`nothing is found on any page: ${Object.values(look).join(', ')}`, async ({ open, lab }) => {
    const page = await open('/', look);
    page.watch.allow(/404/);
    const { picture, several, video, audio, text, failed, missing } = await examples(lab);
    const runs = [picture, several, video, audio, text, failed, missing].map((id) => `/g/${id}`);
    await lab.indexed();
    const paths = ['/', '/?q=lighthouse+-fox', '/?q=modle:fox', '/?q=steps:%3E1&facets=node', '/?status=failed,lost&kind=image&instance=studio', '/?date=2001-01-01', '/status', '/api', '/g/999999', ...runs];
    const found = [];
    for (const path of paths) {
      await page.goto(path);
      if (look.device === 'desktop' && path.startsWith('/?')) await page.locator('[data-facet], [data-no-facets]').first().waitFor();
      found.push(...(await violations(page)).map((violation) => `${path}: ${violation}`));
    }
    assert.deepEqual(found, []);
  });
}

test('nothing is found while the folded parts are open', async ({ open, lab }) => {
  const { failed } = await examples(lab);
  for (const path of ['/', `/g/${failed}`]) {
    const page = await open(path);
    await unfold(page);
    assert.deepEqual(await violations(page), [], path);
  }
});

test('nothing is found in the lightbox and in the map of keys', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open(`/g/${several}`);
  await page.locator('main img').first().click();
  await page.locator('dialog[data-lightbox]').waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.locator('dialog[data-keys]').waitFor();
  assert.deepEqual(await violations(page), []);
});

test('nothing is found in the suggestions, in the help for searching and in the sheet of values', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await page.locator('[data-query]').pressSequentially('mo');
  await page.locator('[role=option]').first().waitFor();
  await page.keyboard.press('ArrowDown');
  assert.deepEqual(await violations(page), [], 'suggestions');
  await page.locator('[popovertarget=grammar]').first().click();
  assert.deepEqual(await violations(page), [], 'help');
  const phone = await open('/?q=lighthouse', { device: 'phone' });
  await phone.locator('[data-refine]').click();
  await phone.locator('[data-sheet] [data-facet]').first().waitFor();
  assert.deepEqual(await violations(phone), [], 'sheet');
});

test('every page has one first heading and a title of its own', async ({ open, lab }) => {
  const { picture, failed } = await examples(lab);
  const page = await open('/');
  page.watch.allow(/404/);
  const titles = new Set();
  for (const path of ['/', `/g/${picture}`, `/g/${failed}`, '/status', '/api', '/g/999999']) {
    await page.goto(path);
    assert.equal(await page.locator('h1').count(), 1, path);
    titles.add(await page.title());
  }
  assert.equal(titles.size, 6);
});
