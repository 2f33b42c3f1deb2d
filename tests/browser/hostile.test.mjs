// Texts that are made to break pages, in every field that ComfyUI or a user of it can fill.
import assert from 'node:assert/strict';

import { card, cards, scrollThrough, unfold, untilListening } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 0, hostile: true });

/** What hostile texts would bring into a page if one of them were taken for markup. */
const intruders = (page) =>
  page.evaluate(() => {
    const attributes = [...document.querySelectorAll('*')].flatMap((element) =>
      [...element.attributes].filter(({ name }) => /^on/.test(name)).map(({ name }) => `${element.tagName} ${name}`),
    );
    const links = [...document.querySelectorAll('[href], [src], [action]')].map((element) => element.href ?? element.src ?? element.action);
    return [
      ...attributes,
      ...[...document.querySelectorAll('img[src="x"], svg[onload], b, i:not([class])')].map((element) => element.outerHTML.slice(0, 80)),
      ...[...document.scripts].filter((script) => !script.src).map((script) => script.outerHTML.slice(0, 80)),
      ...links.filter((link) => typeof link === 'string' && /^\s*javascript:/i.test(link)),
    ];
  });

/** The text of a page as somebody can select it, white space made one. */
const textOf = (page) => page.evaluate(() => document.body.textContent.replaceAll(/\s+/g, ' '));

const flat = (text) => text.replaceAll(/\s+/g, ' ').trim();

test('the history shows them as text', async ({ open, lab }) => {
  const page = await open('/');
  await scrollThrough(page);
  const shown = await cards(page);
  assert.equal(shown.length, lab.hostile.length * 3);
  assert.deepEqual(await intruders(page), []);
  const text = await textOf(page);
  for (const hostile of lab.hostile) assert.ok(text.includes(flat(hostile).slice(0, 60)), hostile.slice(0, 60));
});

test('every generation shows them as text, in full, where they matter', async ({ open, lab }) => {
  const page = await open('/');
  for (const run of await lab.list()) {
    await page.goto(`/g/${run.id}`);
    assert.deepEqual(await intruders(page), [], `/g/${run.id}`);
    const text = await textOf(page);
    assert.ok(text.includes(flat(run.workflow_name).slice(0, 200)), `/g/${run.id}: ${run.workflow_name.slice(0, 60)}`);
    await unfold(page);
    assert.deepEqual(await intruders(page), [], `/g/${run.id} unfolded`);
  }
});

test('the newest run in the examples of the API is text too', async ({ open, lab }) => {
  const page = await open('/api');
  assert.deepEqual(await intruders(page), []);
  const [newest] = await lab.list();
  assert.ok((await page.locator('pre.answer').first().textContent()).includes(`"id": ${newest.id}`));
});

test('a LoRA in a prompt is shown and copied as it was written', async ({ open, lab }) => {
  const hostile = lab.hostile.find((text) => text.includes('<lora:'));
  const run = (await lab.list()).find(({ workflow_name }) => workflow_name === hostile);
  const page = await open(`/g/${run.id}`);
  assert.ok((await page.locator('main').innerText()).includes('<lora:add_detail:0.7> (masterpiece:1.2)'));
  await page.locator('button[data-copy="prompt"]').first().click();
  await until('the clipboard', async () => (await page.evaluate(() => navigator.clipboard.readText())).includes(hostile));
});

test('a prompt of a hundred kilobytes neither breaks nor slows its page', async ({ open, lab }) => {
  const longest = lab.hostile.at(-1);
  assert.ok(longest.length > 95_000);
  const run = (await lab.list()).find(({ workflow_name }) => workflow_name === longest);
  const page = await open(`/g/${run.id}`);
  const took = await page.evaluate(() => performance.getEntriesByType('navigation')[0].domComplete);
  assert.ok(took < 5_000, `${took} ms`);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height < 20_000, `the page is ${height} pixels high`);
});

test('marks that turn the direction of writing stay inside their own text', async ({ open, lab }) => {
  const hostile = lab.hostile.find((text) => text.includes('\u202e'));
  const run = (await lab.list()).find(({ workflow_name }) => workflow_name === hostile);
  const page = await open('/');
  await scrollThrough(page, (seen) => seen.has(run.id));
  const loose = await card(page, run.id).evaluate((li) => {
    const walker = document.createTreeWalker(li, NodeFilter.SHOW_TEXT);
    const loose = [];
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      const isolated = /isolate|plaintext/.test(getComputedStyle(parent).unicodeBidi);
      if (walker.currentNode.data.includes('\u202e') && !isolated) loose.push(parent.outerHTML.slice(0, 120));
    }
    return loose;
  });
  assert.deepEqual(loose, []);
});

test('hostile texts that arrive while a page is open are text too', async ({ open, lab }) => {
  const page = await open('/');
  await untilListening(page);
  for (const [nth, hostile] of lab.hostile.entries()) {
    const prompt = { 3: { class_type: hostile, inputs: { text: hostile }, _meta: { title: hostile } } };
    const workflow = { id: hostile, name: hostile, nodes: [{ id: 3, type: hostile, title: hostile }], links: [] };
    const name = `${[...hostile].slice(0, 60).join('').replaceAll('/', '_')}.png`;
    const run = {
      prompt,
      workflow,
      client_id: hostile,
      outputs: [
        { node: hostile, key: hostile, filename: name, content: { picture: { seed: nth, width: 64, height: 64 } } },
        { node: hostile, key: 'text', content: { text: hostile } },
      ],
    };
    const outcome = { error: { node: '3', class: hostile, exception: hostile, message: hostile, traceback: [hostile], inputs: { [hostile]: [hostile] } } };
    const ids = [await lab.record(run), await lab.record({ ...run, outputs: [] }, outcome)];
    for (const id of ids) await until(`the card of ${hostile.slice(0, 40)}`, async () => (await card(page, id).count()) > 0);
    assert.deepEqual(await intruders(page), []);
  }
});

test('a hostile query is answered by a page that repeats it as text', async ({ open, lab }) => {
  const page = await open('/');
  page.watch.allow(/400|404/);
  for (const hostile of lab.hostile.slice(0, 8)) {
    for (const name of ['status', 'date', 'kind', 'instance', 'next', 'prev', 'previews', 'prompt_id']) {
      await page.goto(`/?${name}=${encodeURIComponent(hostile)}`);
      assert.deepEqual(await intruders(page), [], `${name}=${hostile}`);
    }
    await page.goto(`/g/${encodeURIComponent(hostile)}`);
    assert.deepEqual(await intruders(page), [], hostile);
  }
});

test('an HTML file that a run saved is never shown as a page of ours', async ({ lab }) => {
  const runs = await lab.list();
  const files = [];
  for (const run of runs) files.push(...(await lab.json(`/api/v1/generations/${run.id}`)).outputs.filter((output) => output.filename?.endsWith('.html')));
  assert.equal(files.length, lab.hostile.length);
  for (const file of files) {
    const response = await fetch(lab.url + file.url);
    assert.match(response.headers.get('content-disposition'), /^attachment/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.match(response.headers.get('content-security-policy'), /sandbox/);
  }
});
