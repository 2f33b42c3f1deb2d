// Pages that have nothing to show, or something to confess.
import assert from 'node:assert/strict';

import { Lab, picture } from './support/lab.mjs';
import { card, ids, untilListening } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({});

test('a first start says that ComfyUI is connected, and the first run takes the place of that', async ({ open, lab }) => {
  const page = await open('/');
  const said = await page.locator('main').innerText();
  assert.ok(said.includes(lab.comfyui.default), said);
  assert.deepEqual(await ids(page), []);
  await untilListening(page);
  const id = await lab.record(picture(1));
  await until('the first card', async () => (await card(page, id).count()) > 0);
  assert.ok(!(await page.locator('main').innerText()).includes(lab.comfyui.default));
});

test('a first start that finds no ComfyUI says where it looked and what to do', async ({ open }) => {
  const alone = await Lab.start({ away: true });
  try {
    const page = await open('', { baseURL: alone.url });
    page.watch.allow(/asks another host/);
    await page.goto('/');
    await until('what to check', async () => {
      const said = await page.locator('main').innerText();
      return said.includes(alone.comfyui.default) && said.includes('--comfyui');
    });
  } finally {
    await alone.stop();
  }
});

test('a run that is not there is a page with a way back', async ({ open }) => {
  const page = await open('/');
  page.watch.allow(/404/);
  for (const path of ['/g/999999', '/g/abc', '/nowhere']) {
    const response = await page.goto(path);
    assert.equal(response.status(), 404, path);
    await page.locator('[data-error="404"]').waitFor();
    await page.locator('main a[href="/"]').first().click();
    await page.waitForURL((url) => url.pathname === '/');
  }
});

test('a filter that can not be read is a page that says which', async ({ open }) => {
  const page = await open('/');
  page.watch.allow(/400/);
  const response = await page.goto('/?date=someday');
  assert.equal(response.status(), 400);
  await page.locator('[data-error="400"]').waitFor();
  assert.match(await page.locator('main').innerText(), /date/i);
});

test('the status page knows each ComfyUI: address, version, since when, queue', async ({ open, lab }) => {
  const page = await open('/status');
  const said = await page.locator('main').innerText();
  for (const word of [lab.comfyui.default, '0.26.0']) assert.ok(said.includes(word), `${word}: ${said}`);
  assert.match(said, /\d\s?[KMGT]i?B/i, 'how large the store is and what the disk has left');
  assert.ok((await page.locator('main time').count()) > 0);
});

test('the status page says that ComfyUI is away, and why', async ({ open, lab }) => {
  const page = await open('/status');
  await lab.order('unplug');
  try {
    await until('the banner', async () => {
      await page.reload();
      return (await page.locator('[data-banner="away"]').count()) > 0;
    });
  } finally {
    await lab.order('plug_in');
  }
  await until('its return', async () => {
    await page.reload();
    return (await page.locator('[data-banner="away"]').count()) === 0;
  }, 30_000);
});

test('while older runs are still being read, the page says so', async ({ open }) => {
  const late = await Lab.start({ away: true });
  try {
    await late.order('preload', { runs: 1_000, run: picture(3) });
    const page = await open('', { baseURL: late.url });
    page.watch.allow(/asks another host/);
    await late.order('plug_in', { history_answers: 4 });
    await until('the first of them', async () => (await late.list()).length > 0);
    await page.goto('/');
    const banner = page.locator('[data-banner="catching-up"]');
    await banner.waitFor();
    await late.order('release_history');
    await until('all of them', async () => (await late.list()).length === 1_000, 60_000);
    await until('the banner to go', async () => (await banner.count()) === 0);
    await page.close();
  } finally {
    await late.stop();
  }
});
