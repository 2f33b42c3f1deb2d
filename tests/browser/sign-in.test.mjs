// The door: who has no session comes to the sign-in page, and from there to where they wanted to go.
import assert from 'node:assert/strict';

import axe from 'axe-core';

import { FLAGS, FrontEnd, VERSIONS } from './support/front-end.mjs';
import { reveal } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const PASSWORD = 'correct horse battery staple';

const { test } = stage({ seed: 6, days: 1, password: PASSWORD }, FLAGS);

const path = (page) => page.url().slice(new URL(page.url()).origin.length);

async function signIn(page, password = PASSWORD) {
  await page.locator('input[name=password]').fill(password);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}

for (const script of [true, false]) {
  test(`signing in leads to where one wanted to go, ${script ? 'with' : 'without'} scripts`, async ({ open }) => {
    const page = await open('/?status=completed&previews=shown', { script });
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    page.watch.allow(/403/);
    await signIn(page, 'wrong');
    assert.equal(new URL(page.url()).pathname, '/sign-in');
    await page.locator('[role=alert]').waitFor();
    assert.equal(await page.locator('input[name=password]').inputValue(), '', 'what was typed is not sent back');
    await signIn(page);
    assert.equal(path(page), '/?status=completed&previews=shown');
    await page.locator('li[data-id]').first().waitFor();
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'recall-session');
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path, cookie.secure], [true, 'Lax', '/', false]);
    const days = (cookie.expires - Date.now() / 1000) / 86_400;
    assert.ok(days > 29.9 && days < 30.1, `${days}`);
  });
}

test('who is signed in sees pictures and hears what changes, and signs out', async ({ open, lab }) => {
  const page = await open('/');
  await signIn(page);
  await until('a picture', () => page.evaluate(() => [...document.images].some((img) => img.src.includes('/thumbs/') && img.naturalWidth > 0)));
  const { prompt_id } = await lab.queue({ seed: 4711 });
  const id = await lab.recorded(prompt_id, 'pending');
  await page.locator(`li[data-id="${id}"]`).waitFor();
  await lab.order('start');
  await lab.order('finish');
  await lab.recorded(prompt_id, 'completed');
  const out = page.locator('form[action="/sign-out"] button');
  await reveal(page, out);
  await Promise.all([page.waitForURL('**/sign-in'), out.click()]);
  page.watch.allow(/401|ERR_ABORTED|failed/);
  await page.goto('/status');
  assert.equal(path(page), '/sign-in?next=%2Fstatus');
  assert.deepEqual((await page.context().cookies()).filter(({ name }) => name === 'recall-session'), []);
});

test('a page whose session ended asks for the password and no box of the browser does', async ({ open }) => {
  const page = await open('/');
  await signIn(page);
  await page.locator('li[data-id]').first().waitFor();
  page.watch.allow(/401/);
  await page.context().clearCookies({ name: 'recall-session' });
  // A box of the browser would hold up this request for ever.
  assert.equal(await page.evaluate(async () => (await fetch('/banners')).status), 401);
  await page.reload();
  assert.equal(new URL(page.url()).pathname, '/sign-in');
});

for (const look of [
  { device: 'desktop', theme: 'light', locale: 'en-US' },
  { device: 'desktop', theme: 'dark', locale: 'zh-CN' },
  { device: 'phone', theme: 'dark', locale: 'en-US' },
  { device: 'phone', theme: 'light', locale: 'zh-CN' },
]) {
  test(`the sign-in page can be used by everybody: ${Object.values(look).join(', ')}`, async ({ open }) => {
    const page = await open('/sign-in', look);
    // Browsers give it the focus with the first picture of the page, which may come after its end.
    await until('the field has the focus', () => page.evaluate(() => document.activeElement.name === 'password'));
    assert.equal(/\p{Script=Han}/u.test(await page.locator('form').innerText()), look.locale === 'zh-CN');
    assert.deepEqual(await violations(page), []);
    page.watch.allow(/403|429/);
    await signIn(page, 'wrong');
    assert.deepEqual(await violations(page), []);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow}`);
  });
}

test("in comfyui's sidebar who signs in sees the history, and opens what only they may read", async ({ lab, browser }) => {
  const page = await new FrontEnd(VERSIONS.at(-1), lab).open(browser);
  await page.locator('.comfy-recall-icon').first().click();
  const framed = (path) => until(`${path} in the frame`, () => page.frames().find((frame) => frame.url().includes(path)));
  const frame = await framed('/panel/dark-en/sign-in');
  const signIn = async (password) => {
    await frame.locator('input[name=password]').fill(password);
    await frame.locator('button[type=submit]').click();
  };
  await signIn('wrong');
  await frame.locator('[role=alert]').waitFor();
  await signIn(PASSWORD);
  await frame.locator('li[data-id]').first().waitFor();
  // Its session ends while it stands there: the page of its own that asks is in the frame as well.
  await page.context().clearCookies({ name: 'recall-session' });
  await frame.locator('a.card').first().click();
  await signIn(PASSWORD);
  await frame.waitForURL(/\/panel\/dark-en\/g\//);
  await frame.goto(`${lab.url.replace(/\/$/, '')}/panel/dark-en/`);
  await frame.locator('li[data-id]').first().waitFor();
  await frame.waitForLoadState('load');
  await frame.locator('[data-load]').first().dispatchEvent('click');
  await until('a tab with its workflow', () => page.evaluate(() => !/Unsaved/.test(globalThis.app.extensionManager.workflow.activeWorkflow.path)));
  assert.equal(await page.locator('[data-recall]').count(), 0, 'the frame was greeted, though nobody was signed in');
});
