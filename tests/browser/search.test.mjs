// Finding by words, fields and values: the box, its suggestions, what stands beside the list, and what is marked.
import assert from 'node:assert/strict';

import { ZONE } from './support/browser.mjs';
import { picture } from './support/lab.mjs';
import { card, cards, choose, count, ids, link, overflow, query, unchip, untilListening } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 120, days: 6, instances: 'studio,gpu', hostile: true });

const PHONE = { device: 'phone' };

const box = (page) => page.locator('[data-query]');
const options = (page) => page.locator('[role=listbox] [role=option]');
const facet = (page, field) => page.locator(`[data-facet="${field}"]`);

/** What the API selects with the same words, as ids. */
async function selected(lab, words) {
  await lab.indexed();
  return (await lab.list(new URLSearchParams({ ...words, tz: ZONE }))).map(({ id }) => id);
}

/** Types a search and shows what it finds. */
async function search(page, text) {
  const before = page.url();
  await box(page).fill(text);
  await box(page).press('Enter');
  await page.waitForURL((url) => url.href !== before);
}

/** Types with the suggestions open, until there are some. */
async function type(page, text) {
  await box(page).click();
  await box(page).pressSequentially(text);
  await until('suggestions', async () => (await options(page).count()) > 0);
}

/** A graph that asks for a text. */
function prompt(text, seed = 1) {
  const node = (class_type, inputs) => ({ class_type, inputs });
  return {
    3: node('KSampler', { seed, steps: 20, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1, model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] }),
    4: node('CheckpointLoaderSimple', { ckpt_name: 'zoo.safetensors' }),
    5: node('EmptyLatentImage', { width: 512, height: 512, batch_size: 1 }),
    6: node('CLIPTextEncode', { text, clip: ['4', 1] }),
    7: node('CLIPTextEncode', { text: 'blurry', clip: ['4', 1] }),
    8: node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
    9: node('SaveImage', { filename_prefix: 'zoo', images: ['8', 0] }),
  };
}

test('words find runs, together with the other filters, and each term is a chip', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await choose(page, 'status', 'completed');
  await search(page, 'lighthouse model:sd_xl');
  assert.deepEqual(query(page), { q: 'lighthouse model:sd_xl', status: 'completed' });
  const both = await selected(lab, query(page));
  assert.ok(both.length > 0 && both.length < 60, `${both.length} runs`);
  assert.deepEqual(await ids(page), both);
  assert.equal(await count(page), both.length);
  assert.equal(await box(page).inputValue(), 'lighthouse model:sd_xl');
  assert.equal(await page.locator('[data-chip="q"]').count(), 2);
  await unchip(page, 'q');
  assert.deepEqual(query(page), { q: 'model:sd_xl', status: 'completed' });
  await unchip(page, 'status');
  assert.deepEqual(query(page), { q: 'model:sd_xl' });
  await page.locator('[data-clear]').click();
  await page.waitForURL((url) => url.search === '');
});

test('a search keeps to the days, and the calendar counts what it finds', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?q=lighthouse');
  const day = (await cards(page))[0].day;
  const of = await selected(lab, { q: 'lighthouse', date: day });
  await page.locator('[data-open-calendar]').click();
  const cell = page.locator(`[data-calendar] a[data-date="${day}"]`);
  assert.match(await cell.evaluate((a) => a.title), new RegExp(`\\b${of.length}\\b`));
  await cell.click();
  await page.waitForURL(/date=/);
  assert.deepEqual(query(page), { q: 'lighthouse', date: day });
  assert.deepEqual(await ids(page), of);
  await search(page, 'clockmaker');
  assert.deepEqual(query(page), { q: 'clockmaker', date: day });
});

test('suggestions are walked through by keyboard: a field, then its value with its count', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await page.keyboard.press('/');
  assert.equal(await box(page).evaluate((input) => input === document.activeElement), true);
  await page.keyboard.type('mod');
  await until('the field', async () => (await options(page).first().textContent().catch(() => '')).startsWith('model:'));
  assert.equal(await box(page).getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('ArrowDown');
  await until('the first to be chosen', async () => {
    const active = await box(page).getAttribute('aria-activedescendant');
    return active && (await page.locator(`#${active}`).getAttribute('aria-selected')) === 'true';
  });
  await page.keyboard.press('Enter');
  await until('it to be taken', async () => (await box(page).inputValue()) === 'model:');
  const value = options(page).filter({ hasText: 'sd_xl_base_1.0' });
  await value.waitFor();
  const { facets } = await lab.json('/api/v1/facets?fields=model');
  const known = facets.model.values.find((model) => model.value.startsWith('sd_xl_base'));
  assert.match(await value.textContent(), new RegExp(`${known.count}$`));
  await page.keyboard.type('sd_xl_b');
  await until('only that one', async () => (await options(page).count()) === 1);
  await page.keyboard.press('Tab');
  await until('it to be taken', async () => (await options(page).count()) === 0);
  assert.equal(await box(page).evaluate((input) => input === document.activeElement), true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=model/);
  assert.equal(await count(page), known.count);
});

test('a suggestion is taken by a click, and the box keeps the focus', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await type(page, 'status:fai');
  await options(page).filter({ hasText: 'failed' }).click();
  assert.equal(await box(page).inputValue(), 'status:failed ');
  await page.keyboard.type('clockm');
  await options(page).filter({ hasText: 'clockmaker' }).click();
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=/);
  assert.equal(query(page).q.trim(), 'status:failed clockmaker');
  assert.deepEqual(new Set((await cards(page)).map(({ status }) => status)), new Set(['failed']));
});

test('Escape closes the suggestions, then empties the box, then leaves it', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await type(page, 'mo');
  await page.keyboard.press('Escape');
  assert.equal(await options(page).count(), 0);
  assert.equal(await box(page).inputValue(), 'mo');
  await page.keyboard.press('Escape');
  assert.equal(await box(page).inputValue(), '');
  await page.keyboard.press('Escape');
  assert.equal(await box(page).evaluate((input) => input === document.activeElement), false);
});

test('suggestions that come too late are not shown', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  // Never answered.
  await page.route(/suggest\?q=mo&/, () => {});
  await box(page).click();
  await Promise.all([page.waitForRequest(/suggest\?q=mo&/), box(page).fill('mo')]);
  const givenUp = page.waitForEvent('requestfailed', (request) => /q=mo&/.test(request.url()));
  await box(page).fill('lor');
  await givenUp;
  await until('those of the last', async () => /^lora:/.test(await options(page).first().textContent().catch(() => '')));
});

test('what was chosen stays chosen when suggestions come after it', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await type(page, 'mo');
  await options(page).filter({ hasText: 'model:' }).waitFor();
  const answers = [];
  await page.route(/suggest\?q=mod&/, (route) => answers.push(() => route.continue()));
  const asked = page.waitForRequest(/suggest\?q=mod&/);
  await page.keyboard.type('d');
  await asked;
  await page.keyboard.press('ArrowDown');
  const chosen = options(page).and(page.locator('[aria-selected=true]'));
  assert.match(await chosen.textContent(), /^model:/);
  await until('the question to come to us', () => answers.length === 1);
  const answered = page.waitForResponse(/suggest\?q=mod&/);
  answers[0]();
  await (await answered).finished();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.match(await chosen.textContent(), /^model:/);
  await page.keyboard.press('Enter');
  assert.equal(await box(page).inputValue(), 'model:');
});

test('Enter takes what was chosen although its question is still open', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await type(page, 'mo');
  await options(page).filter({ hasText: 'model:' }).waitFor();
  let isHeld = true;
  const held = [];
  await page.route(/suggest\?q=mod&/, (route) => (isHeld ? held.push(route) : route.continue()));
  await page.keyboard.type('d');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until('the last question to come to us', () => held.length > 0);
  assert.equal(await box(page).inputValue(), 'mod');
  isHeld = false;
  // Those before the last were given up.
  await Promise.all(held.map((route) => route.continue().catch(() => {})));
  await until('it to be taken', async () => (await box(page).inputValue()) === 'model:');
});

test('values beside the list are added, left out and taken back', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?status=completed');
  const value = 'flux1-dev-fp8.safetensors';
  await facet(page, 'model').locator(`[data-value="${value}"]`).click();
  await page.waitForURL(/q=/);
  const { q } = query(page);
  assert.deepEqual(query(page), { q, status: 'completed' });
  assert.match(q, /^model:="?flux1-dev-fp8\.safetensors"?$/);
  assert.equal(await count(page), (await selected(lab, query(page))).length);
  const chosen = facet(page, 'model').locator('[data-chosen]');
  assert.equal(await chosen.getAttribute('data-value'), value);
  const lora = facet(page, 'lora').locator('[data-without]').first();
  const name = await lora.getAttribute('data-without');
  await lora.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('q') !== q);
  assert.ok(query(page).q.includes(' -lora:='), query(page).q);
  assert.equal(await facet(page, 'lora').locator('.without [data-chosen]').getAttribute('data-value'), name);
  await facet(page, 'lora').locator('.without [data-chosen]').click();
  await page.waitForURL((url) => url.searchParams.get('q') === q);
  await chosen.click();
  await page.waitForURL((url) => !url.searchParams.has('q'));
  assert.deepEqual(query(page), { status: 'completed' });
});

test('more values come in place, and the column stays closed once it is closed', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  const nodes = facet(page, 'node').locator('[data-without]');
  await nodes.first().waitFor();
  const few = await nodes.count();
  await page.locator('[data-more="node"]').click();
  await until('more', async () => (await nodes.count()) > few);
  const refine = page.locator('[data-refine]');
  assert.equal(await refine.getAttribute('aria-expanded'), 'true');
  await refine.click();
  assert.equal(await refine.getAttribute('aria-expanded'), 'false');
  assert.equal(await page.locator('[data-facets]').isVisible(), false);
  await page.reload();
  assert.equal(await page.locator('[data-facets]').isVisible(), false);
  await refine.click();
  await facet(page, 'node').waitFor();
});

test('Tab comes to one of the values and goes on to the cards; arrows walk through the values', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  await facet(page, 'model').waitFor();
  const at = (name) => page.evaluate((name) => document.activeElement.dataset[name], name);
  await page.locator('[name=previews]').focus();
  await page.keyboard.press('Tab');
  const first = await at('value');
  assert.ok(first, 'a value');
  await page.keyboard.press('ArrowRight');
  assert.equal(await at('without'), first);
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await at('value'), first);
  await page.keyboard.press('End');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => Boolean(document.activeElement.closest('li[data-id]'))), true);
});

test('the list does not wait for the values beside it', async ({ open }) => {
  const page = await open(null);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/\/facets\?/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await page.goto('/');
  assert.equal((await ids(page)).length, 60);
  release();
  await facet(page, 'model').waitFor();
});

test('what was found is marked on cards and on the page of a run, and its neighbours are found too', async ({ open, lab }) => {
  const found = await selected(lab, { q: 'moss dew' });
  const page = await open('/?q=moss+dew');
  assert.deepEqual(await card(page, found[1]).locator('mark').allTextContents(), ['moss', 'dew']);
  await link(page, found[1]).click();
  await page.waitForURL(/\/g\//);
  assert.deepEqual(await page.locator('#prompt-text mark').allTextContents(), ['moss', 'dew']);
  await page.locator('a[data-neighbour="older"]').click();
  await page.waitForURL(`**/g/${found[2]}*`);
  await page.locator('a[data-back]').click();
  await page.waitForURL((url) => url.pathname === '/');
  assert.equal(query(page).q, 'moss dew');
});

test('a run leads to those with its seed, its prompt, its model and its workflow', async ({ open, lab }) => {
  await lab.indexed();
  const [run] = await lab.list(new URLSearchParams({ q: 'lighthouse has:lora' }));
  for (const name of ['same-seed', 'same-prompt', 'same-model', 'same-workflow']) {
    const page = await open(`/g/${run.id}`);
    await page.locator(`[data-alike="${name}"]`).click();
    await page.waitForURL(/\?q=|&q=/);
    const alike = await selected(lab, query(page));
    assert.ok(alike.includes(run.id), name);
    assert.equal(await count(page), alike.length, name);
  }
});

test('a mistyped field is told beneath the box and mended by a click', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?status=completed');
  await search(page, 'modle:flux');
  assert.match(await page.locator('[data-mistake]').innerText(), /modle/);
  assert.equal(await box(page).getAttribute('aria-invalid'), 'true');
  assert.equal(await box(page).inputValue(), 'modle:flux');
  await page.locator('[data-mend]').click();
  await page.waitForURL((url) => url.searchParams.get('q') === 'model:flux');
  assert.deepEqual(query(page), { q: 'model:flux', status: 'completed' });
  assert.ok((await count(page)) > 0);
});

test('the help leads to searches, by keyboard too', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?status=failed');
  await page.locator('[popovertarget="grammar"]').first().focus();
  await page.keyboard.press('Enter');
  const help = page.locator('#grammar');
  await help.waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await help.isVisible(), false);
  await page.locator('[popovertarget="grammar"]').first().click();
  await help.getByText('has:workflow', { exact: true }).click();
  await page.waitForURL(/q=has/);
  assert.deepEqual(query(page), { q: 'has:workflow', status: 'failed' });
  assert.equal(await count(page), (await selected(lab, query(page))).length);
});

test('on a phone the box is as wide as the page, and values are in a sheet', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?q=lighthouse', PHONE);
  const { width } = await page.locator('[data-box]').boundingBox();
  assert.ok(width > 360 - 2 * 20, `${width}`);
  assert.equal(await page.locator('[data-facets]').isVisible(), false);
  await page.locator('[data-refine]').click();
  const sheet = page.locator('[data-sheet]');
  const value = sheet.locator('[data-facet="sampler"] [data-value="dpmpp_2m"]');
  await value.waitFor();
  assert.equal(await overflow(page), undefined);
  await page.keyboard.press('Escape');
  assert.equal(await sheet.isVisible(), false);
  await page.locator('[data-refine]').click();
  await value.click();
  await page.waitForURL(/sampler/);
  assert.equal(await count(page), (await selected(lab, query(page))).length);
  await type(page, ' mo');
  assert.equal(await overflow(page), undefined);
});

test('without JavaScript there are the box, its help, and the values beside the list', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?status=completed', { script: false });
  assert.equal(await box(page).getAttribute('role'), null);
  await box(page).fill('lighthouse');
  await box(page).press('Enter');
  await page.waitForURL(/q=lighthouse/);
  assert.equal(query(page).status, 'completed');
  assert.deepEqual(await ids(page), await selected(lab, { q: 'lighthouse', status: 'completed' }));
  await page.locator('[data-refine]').click();
  await page.waitForURL(/facets=open/);
  await facet(page, 'sampler').locator('[data-value="dpmpp_2m"]').click();
  await page.waitForURL(/sampler/);
  const { facets, ...words } = query(page);
  assert.equal(facets, 'open');
  assert.deepEqual(await ids(page), await selected(lab, words));
  await page.locator('[data-refine]').click();
  await page.waitForURL((url) => !url.searchParams.has('facets'));
  assert.equal(await page.locator('[data-facet]').count(), 0);
});

test('in Chinese: one character finds, and mistakes are told in Chinese', async ({ open, lab }) => {
  const found = await selected(lab, { q: '猫' });
  const page = await open('/', { locale: 'zh-CN' });
  assert.match(await box(page).getAttribute('placeholder'), /搜索/);
  await search(page, '猫');
  assert.deepEqual(await ids(page), found);
  assert.ok((await page.locator('mark').allTextContents()).includes('猫'));
  await search(page, 'modle:猫');
  assert.match(await page.locator('[data-mistake]').innerText(), /没有名为“modle”的字段/);
});

test('hostile texts in the box and among the values are shown as text', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/');
  const texts = lab.hostile.filter((text) => text.length < 300);
  for (const text of texts) {
    await page.goto(`/?q=${encodeURIComponent(text)}`);
    await page.goto(`/?q=${encodeURIComponent(`"${text.replaceAll('"', '')}"`)}`);
    assert.equal(await page.locator('main img[src="x"], main svg[onload], main a[href^="javascript"]').count(), 0, text);
  }
  await page.goto('/?q=hostile');
  await facet(page, 'workflow').locator('[data-value^="hostile"]').first().click();
  await page.waitForURL(/q=hostile.+workflow/);
  assert.ok((await count(page)) > 0);
  await page.goto('/');
  await type(page, 'workflow:hostile');
  await until('hostile values', async () => /hostile/.test(await options(page).first().textContent().catch(() => '')));
  await page.goto('/?q=hostile');
  await page.locator('li[data-id] a').first().click();
  await page.waitForURL(/\/g\//);
  assert.ok((await page.locator('mark').count()) > 0);
});

test('an open search takes what it finds as it is recorded, and nothing else', async ({ open, lab }) => {
  await lab.indexed();
  const page = await open('/?q=zebra');
  await untilListening(page);
  const other = await lab.record(picture(701, { prompt: prompt('an okapi', 701) }));
  const zebra = await lab.record(picture(702, { prompt: prompt('a zebra crossing a river', 702) }));
  await card(page, zebra).waitFor();
  assert.deepEqual(await ids(page), [zebra]);
  assert.deepEqual(await card(page, zebra).locator('mark').allTextContents(), ['zebra']);
  assert.equal(await card(page, other).count(), 0);
  await until('the count', async () => (await count(page)) === 1);
});
