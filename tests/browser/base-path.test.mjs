// Everything below a path of its own: no page, form or script reaches outside of it.
import assert from 'node:assert/strict';

import { picture } from './support/lab.mjs';
import { examples, reveal, unfold } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 150, days: 4, instances: 'studio,gpu', 'base-path': '/history' });

/** What was asked for outside of the base path. */
const outside = (page) => page.watch.requests.filter(({ url }) => url.startsWith('http')).filter(({ path }) => !path.startsWith('/history/'));

const links = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[href], [src], [action]')]
      .map((element) => element.getAttribute('href') ?? element.getAttribute('src') ?? element.getAttribute('action'))
      .filter((address) => address.startsWith('/') && !address.startsWith('/history/')),
  );

for (const script of [true, false]) {
  test(`every page lies below, ${script ? 'with' : 'without'} scripts`, async ({ open, lab }) => {
    const page = await open('/history', { script });
    assert.equal(new URL(page.url()).pathname, '/history/');
    page.watch.allow(/404/);
    const { picture, several, video, audio, text, failed, missing } = await examples(lab);
    const runs = [picture, several, video, audio, text, failed, missing].map((id) => `g/${id}`);
    const paths = ['', '?month=2026-11', '?facets=open', '?status=failed&q=lighthouse', '?q=modle:x', 'status', 'api', 'nowhere', `g/${failed}/documents/prompt?find=seed`, ...runs];
    for (const path of paths) {
      await page.goto(`/history/${path}`, { waitUntil: 'load' });
      if (script) await unfold(page);
      assert.deepEqual(await (script ? links(page) : []), [], path);
    }
    assert.deepEqual(outside(page).filter(({ path }) => path !== '/history'), []);
  });
}

test('scripts stay below: scrolling, suggesting, narrowing, the calendar, the lightbox, what is new', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/history/');
  const before = await page.locator('li[data-id]').count();
  await until('older cards', async () => {
    await page.mouse.wheel(0, 4_000);
    return (await page.locator('li[data-id]').count()) > before;
  });
  await page.locator('[data-facet] a').first().waitFor({ state: 'attached' });
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('[data-open-calendar]').click();
  await page.locator('[data-calendar]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-query]').pressSequentially('lighth');
  await page.locator('[role=option]').first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/history/?q=lighth');
  await page.goto('/history/');
  // The card of a run that comes in while the page is open.
  const { prompt_id } = await lab.queue(picture(77));
  const id = await lab.recorded(prompt_id, 'pending');
  await page.locator(`li[data-id="${id}"]`).waitFor();
  await lab.order('start');
  await lab.order('finish');
  await lab.recorded(prompt_id, 'completed');
  await page.locator(`li[data-id="${id}"][data-status=completed] a`).click();
  await page.waitForURL(`**/history/g/${id}*`);
  await page.locator('main [data-zoom]').first().click();
  await page.locator('dialog[data-lightbox] img').first().waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(outside(page), []);
  assert.ok(page.watch.requests.some(({ path }) => path === '/history/cards'));
});

test('theme and language are kept below', async ({ open }) => {
  const page = await open('/history/status');
  const dark = page.locator('button[name=theme][value=dark]');
  await reveal(page, dark);
  await Promise.all([page.waitForResponse((response) => new URL(response.url()).pathname === '/history/preferences'), dark.click()]);
  const chinese = page.locator('button[name=lang][value="zh-CN"]');
  await reveal(page, chinese);
  await Promise.all([page.waitForURL('**/history/status'), chinese.click()]);
  await until('Chinese', async () => (await page.locator('html').getAttribute('lang')) === 'zh-CN');
  const kept = (await page.context().cookies()).filter(({ name }) => ['recall-lang', 'recall-theme'].includes(name));
  assert.deepEqual(kept.map(({ path }) => path), ['/history/', '/history/']);
  assert.deepEqual(outside(page), []);
});
