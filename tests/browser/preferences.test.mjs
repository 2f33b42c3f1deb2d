// Language and theme: by the browser, or as somebody chose.
import assert from 'node:assert/strict';

import { examples, reveal } from './support/pages.mjs';
import { stage } from './support/stage.mjs';

const { test } = stage({ seed: 40, days: 2 });

const HAN = /\p{Script=Han}/u;

const language = (page) => page.locator('html').getAttribute('lang');
const theme = (page) => page.locator('html').getAttribute('data-theme');

/** How light the page is, from 0 to 1, as painted. */
function lightness(page) {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    const colours = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor);
    canvas.fillStyle = colours.find((colour) => !/^rgba\(.*, 0\)$/.test(colour)) ?? 'white';
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return (r + g + b) / 765;
  });
}

async function press(page, selector) {
  const button = page.locator(selector).first();
  await button.waitFor({ state: 'attached' });
  await reveal(page, button);
  await Promise.all([page.waitForResponse((response) => new URL(response.url()).pathname === '/preferences'), button.click()]);
  await page.waitForLoadState('load');
}

test('the language is that of the browser', async ({ open }) => {
  for (const [locale, lang] of [['en-US', 'en'], ['zh-CN', 'zh-CN'], ['fr-FR', 'en']]) {
    const page = await open('/', { locale });
    assert.equal(await language(page), lang, locale);
    assert.equal(HAN.test(await page.locator('h1').first().textContent()), lang !== 'en', locale);
  }
});

test('a chosen language holds on every page, over reload, and until another is chosen', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open('/?status=failed');
  await press(page, 'button[name=lang][value="zh-CN"]');
  assert.equal(await language(page), 'zh-CN');
  assert.equal(new URL(page.url()).search, '?status=failed', 'back where it was');
  await page.reload();
  assert.equal(await language(page), 'zh-CN');
  for (const path of [`/g/${picture}`, '/status', '/api', '/']) {
    await page.goto(path);
    assert.equal(await language(page), 'zh-CN', path);
    assert.match(await page.locator('main').innerText(), HAN, path);
  }
  await press(page, 'button[name=lang][value="en"]');
  assert.equal(await language(page), 'en');
});

test('dates and numbers are written as the language does', async ({ open }) => {
  const english = await (await open('/', { locale: 'en-US' })).locator('[data-day] :is(h2, h3)').last().innerText();
  const chinese = await (await open('/', { locale: 'zh-CN' })).locator('[data-day] :is(h2, h3)').last().innerText();
  assert.doesNotMatch(english, HAN);
  assert.match(chinese, HAN);
});

test('the theme is that of the system', async ({ open }) => {
  const [light, dark] = [await open('/', { theme: 'light' }), await open('/', { theme: 'dark' })];
  assert.ok((await lightness(light)) > 0.8);
  assert.ok((await lightness(dark)) < 0.25);
});

test('a chosen theme holds against the system and over reload, and can be given back', async ({ open }) => {
  const page = await open('/status', { theme: 'light' });
  await press(page, 'button[name=theme][value="dark"]');
  assert.equal(await theme(page), 'dark');
  assert.ok((await lightness(page)) < 0.25);
  await page.reload();
  assert.ok((await lightness(page)) < 0.25);
  await page.goto('/');
  assert.ok((await lightness(page)) < 0.25);
  await press(page, 'button[name=theme][value="light"]');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.ok((await lightness(page)) > 0.8);
  await press(page, 'button[name=theme][value="system"]');
  assert.ok((await lightness(page)) < 0.25);
});

test('both switches work without JavaScript', async ({ open }) => {
  const page = await open('/', { script: false });
  await press(page, 'button[name=lang][value="zh-CN"]');
  assert.equal(await language(page), 'zh-CN');
  await press(page, 'button[name=theme][value="dark"]');
  assert.equal(await theme(page), 'dark');
});

test('who asks for reduced motion gets none', async ({ open, lab }) => {
  const { several } = await examples(lab);
  for (const path of ['/', `/g/${several}`]) {
    const page = await open(path, { calm: true });
    const moving = await page.evaluate(() =>
      document.getAnimations().filter((animation) => {
        const { duration, iterations } = animation.effect.getComputedTiming();
        return duration * iterations > 50;
      }).length,
    );
    assert.equal(moving, 0, path);
  }
});

test('the server learns on the first visit where the days of its viewer begin', async ({ open, lab }) => {
  const page = await open('/', { timezoneId: 'Pacific/Auckland' });
  const first = (await lab.list())[0];
  const day = new Date(first.created_at).toLocaleDateString('sv-SE', { timeZone: 'Pacific/Auckland' });
  await page.locator(`[data-day="${day}"] li[data-id="${first.id}"]`).waitFor();
});
