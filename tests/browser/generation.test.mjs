// One generation: everything that is kept of it, to look at, to copy and to take along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { cards, examples, ids, link, unfold } from './support/pages.mjs';
import { stage, until } from './support/stage.mjs';
import { unzip } from './support/unzip.mjs';

const { test } = stage({ seed: 60, days: 3 });

const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

async function copy(page, what) {
  await page.evaluate(() => navigator.clipboard.writeText('nothing yet'));
  await page.locator(`button[data-copy="${what}"]`).first().click();
  return until(`${what} on the clipboard`, async () => {
    const text = await copied(page);
    return text === 'nothing yet' ? undefined : text;
  });
}

async function download(page, what) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator(`a[data-download="${what}"]`).first().click()]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

async function bytesOf(lab, attachment) {
  return Buffer.from(await (await fetch(lab.url + attachment.url)).arrayBuffer());
}

test('a card opens its generation, and the media is there in full', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open('/');
  await link(page, picture).click();
  await page.waitForURL(`**/g/${picture}*`);
  const detail = await lab.json(`/api/v1/generations/${picture}`);
  const shown = page.locator(`main img[src^="/files/${detail.outputs[0].sha256}"], main img[src^="/thumbs/${detail.outputs[0].sha256}"]`).first();
  await until('the picture', () => shown.evaluate((img) => img.complete && img.naturalWidth > 0));
});

test('prompt, negative, seed and workflow are copied by one click each', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open(`/g/${picture}`);
  const { prompt, workflow } = await lab.json(`/api/v1/generations/${picture}`);
  assert.equal(await copy(page, 'prompt'), prompt['6'].inputs.text);
  assert.equal(await copy(page, 'negative'), prompt['7'].inputs.text);
  assert.equal(await copy(page, 'seed'), String(prompt['3'].inputs.seed));
  assert.deepEqual(JSON.parse(await copy(page, 'workflow')), workflow);
});

test('what the graph says plainly is on the page: model, sampler, steps, size', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open(`/g/${picture}`);
  const { prompt } = await lab.json(`/api/v1/generations/${picture}`);
  const text = await page.locator('main').innerText();
  const size = prompt['5'].inputs;
  for (const said of [prompt['4'].inputs.ckpt_name.replace('.safetensors', ''), 'dpmpp_2m', String(prompt['3'].inputs.steps)]) {
    assert.ok(text.includes(said), `${said} isn't on the page`);
  }
  assert.match(text, new RegExp(`${size.width}\\s*[×x]\\s*${size.height}`));
});

test('a file is downloaded byte for byte, under its own name', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open(`/g/${picture}`);
  const [output] = (await lab.json(`/api/v1/generations/${picture}`)).outputs;
  const { name, bytes } = await download(page, 'file');
  assert.equal(name, output.filename);
  assert.deepEqual(bytes, await bytesOf(lab, output));
});

test('all files come in one ZIP, byte for byte', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open(`/g/${several}`);
  const { outputs } = await lab.json(`/api/v1/generations/${several}`);
  const { name, bytes } = await download(page, 'zip');
  assert.match(name, /\.zip$/);
  const files = unzip(bytes);
  for (const output of outputs) {
    const [path] = [...files.keys()].filter((path) => path.endsWith(output.filename));
    assert.ok(path, `${output.filename} isn't among ${[...files.keys()]}`);
    assert.deepEqual(files.get(path), await bytesOf(lab, output));
  }
});

test('workflow and prompt are downloaded as JSON that ComfyUI opens', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open(`/g/${picture}`);
  const kept = await lab.json(`/api/v1/generations/${picture}`);
  for (const what of ['workflow', 'prompt']) {
    const { name, bytes } = await download(page, what);
    assert.match(name, /\.json$/);
    assert.deepEqual(JSON.parse(bytes), kept[what]);
  }
});

test('newer and older lead through the current filter and no further', async ({ open, lab }) => {
  const failed = (await lab.list('status=failed')).map(({ id }) => id);
  const page = await open('/?status=failed');
  assert.deepEqual(await ids(page), failed);
  await link(page, failed[1]).click();
  await page.waitForURL(`**/g/${failed[1]}*`);
  await page.locator('a[data-neighbour="older"]').first().click();
  await page.waitForURL(`**/g/${failed[2]}*`);
  await page.locator('a[data-neighbour="newer"]').first().click();
  await page.waitForURL(`**/g/${failed[1]}*`);
  await page.locator('a[data-neighbour="newer"]').first().click();
  await page.waitForURL(`**/g/${failed[0]}*`);
  assert.equal(await page.locator('a[data-neighbour="newer"]').count(), 0);
});

test('a failed run says what failed, where, and with which inputs', async ({ open, lab }) => {
  const { failed } = await examples(lab);
  const page = await open(`/g/${failed}`);
  await unfold(page);
  const text = await page.locator('main').innerText();
  for (const said of ['OutOfMemoryError', 'CUDA out of memory', 'KSampler', 'samplers.py', '156680208700286']) {
    assert.ok(text.includes(said), `${said} isn't on the page`);
  }
});

test('video and audio play', async ({ open, lab }) => {
  const { video, audio } = await examples(lab);
  for (const [id, tag] of [[video, 'video'], [audio, 'audio']]) {
    const page = await open(`/g/${id}`);
    const player = page.locator(`main ${tag}`).first();
    await player.evaluate((media) => {
      media.muted = true;
      return media.play();
    });
    await until(`${tag} to play`, () => player.evaluate((media) => media.currentTime > 0));
  }
});

test('a text output is read on the page, and missing files are named with the reason', async ({ open, lab }) => {
  const { text, missing } = await examples(lab);
  const page = await open(`/g/${text}`);
  assert.match(await page.locator('main').innerText(), /The light turns, and turns again\./);
  await page.goto(`/g/${missing}`);
  const said = await page.locator('main').innerText();
  const [output] = (await lab.json(`/api/v1/generations/${missing}`)).outputs;
  assert.ok(said.includes(output.filename) && said.includes(output.reason), said);
});

test('the raw prompt is folded, and searched once it is open', async ({ open, lab }) => {
  const { picture } = await examples(lab);
  const page = await open(`/g/${picture}`);
  const viewer = page.locator('[data-document="prompt"]').first();
  await viewer.waitFor({ state: 'attached' });
  const find = page.locator('input[name=find]').first();
  assert.equal(await find.isVisible(), false, 'folded at first');
  const summary = viewer.locator('summary').first();
  await ((await summary.count()) > 0 ? summary : page.locator('details:has([data-document="prompt"]) > summary')).first().click();
  await find.fill('dpmpp_2m');
  await find.press('Enter');
  await until('the match to be marked', () =>
    page.evaluate(() => {
      const painted = [...(CSS.highlights?.values() ?? [])].reduce((sum, highlight) => sum + highlight.size, 0);
      return painted + document.querySelectorAll('[data-document] mark').length > 0;
    }),
  );
});

test('a click on the picture opens it large, zooms, and Escape closes it', async ({ open, lab }) => {
  const { several } = await examples(lab);
  const page = await open(`/g/${several}`);
  const box = page.locator('dialog[data-lightbox]');
  await page.locator('main img').first().click();
  await box.waitFor();
  const large = box.locator('img').first();
  await until('the large picture', () => large.evaluate((img) => img.complete && img.naturalWidth > 0));
  const first = await large.getAttribute('src');
  await page.keyboard.press('ArrowRight');
  await until('the next picture', async () => {
    const shown = await box.locator('img').evaluateAll((all) => all.filter((img) => {
      const { left, right } = img.getBoundingClientRect();
      return img.checkVisibility() && left < innerWidth / 2 && right > innerWidth / 2;
    }).map((img) => img.getAttribute('src')));
    return shown.length > 0 && !shown.includes(first);
  });
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'hidden' });
});

test('every kind of run has a page without a fault', async ({ open, lab }) => {
  const page = await open('/');
  const statuses = new Set((await cards(page)).map(({ status }) => status));
  for (const [kind, id] of Object.entries(await examples(lab))) {
    const response = await page.goto(`/g/${id}`);
    assert.equal(response.status(), 200, kind);
    assert.ok((await page.title()).length > 0, kind);
  }
  assert.ok(statuses.size >= 4, [...statuses].join());
});
