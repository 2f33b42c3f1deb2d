// The history inside ComfyUI: its own page, in three of its versions, with our extension and the real daemon behind it.
import assert from 'node:assert/strict';

import axe from 'axe-core';

import { FLAGS, FrontEnd, VERSIONS } from './support/front-end.mjs';
import { picture } from './support/lab.mjs';
import { stage, until } from './support/stage.mjs';

const { test } = stage({}, FLAGS);

const NEWEST = VERSIONS.at(-1);

/** What says yes to the page's question. */
const YES = { name: /^\W*(confirm|yes|ok)$/i };

/** A workflow of so many nodes: unlike those that the versions begin with, which have seven and ten. */
const workflow = (count) => ({
  version: 0.4,
  last_node_id: count,
  last_link_id: 0,
  links: [],
  nodes: Array.from({ length: count }, (_, nth) => ({
    id: nth + 1, type: 'EmptyImage', pos: [nth * 60, nth * 60], size: [210, 130], flags: {}, order: nth, mode: 0,
    outputs: [{ name: 'IMAGE', type: 'IMAGE', links: null }], properties: {}, widgets_values: [64, 64, 1, nth],
  })),
});

/** The frame of our pages, as soon as it shows one whose address looks so. */
const framed = (page, path = /\/panel\//) => until('our page in the frame', () => page.frames().find((frame) => path.test(frame.url())));
const nodes = (page) => page.evaluate(() => globalThis.app.graph._nodes.length);
const counted = (page, count) => until(`${count} nodes on the canvas`, async () => (await nodes(page)) === count);

/** Changes what was opened from the history, so that the page knows it. */
async function change(page, make) {
  const opened = () => /lab_/.test(globalThis.app.extensionManager.workflow.activeWorkflow.path);
  const seen = () => {
    const { activeWorkflow } = globalThis.app.extensionManager.workflow;
    activeWorkflow.changeTracker.checkState();
    return activeWorkflow.isModified;
  };
  await until('the tab of the run', () => page.evaluate(opened));
  await until('a change that is seen', async () => {
    // Once more where the tab was still being opened, and took the change for what it was opened with.
    await page.evaluate(make);
    return page.evaluate(seen);
  });
}

const tab = (page) => page.locator('.comfy-recall-icon').first();

/** From now on, what our page says of where it is. */
const listen = (page) => page.evaluate(() => addEventListener('message', ({ data }) => data?.say === 'here' && (globalThis.where = data.path)));
const says = (page, path) =>
  until('the page in the frame says where it is', () => page.evaluate((path) => globalThis.where?.startsWith(path), path));

/** The history in the sidebar, with a run in it. */
async function shown(page, id) {
  await tab(page).click();
  const frame = await framed(page);
  await frame.locator(`[data-load="${id}"]`).waitFor({ state: 'attached' });
  // Its scripts hear clicks from then on.
  await frame.waitForLoadState('load');
  return frame;
}

/** What somebody has in hand who drags that. */
const dragged = (frame, selector) =>
  frame.locator(selector).evaluate((card) => {
    const event = new DragEvent('dragstart', { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() });
    card.querySelector('img').dispatchEvent(event);
    return [...event.dataTransfer.types].map((mimeType) => ({ mimeType, data: event.dataTransfer.getData(mimeType) }));
  });

/** Drops it, as the browser does what came from another frame. */
async function drop(page, items, { x, y }) {
  const browser = await page.context().newCDPSession(page);
  const data = { items, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) await browser.send('Input.dispatchDragEvent', { type, x, y, data });
}

/** Opens ComfyUI's page for a test. */
async function within(version, { lab, browser }, play, { prepare, ...look } = {}) {
  const frontEnd = new FrontEnd(version, lab);
  prepare?.(frontEnd);
  const page = await frontEnd.open(browser, look);
  await play(page, frontEnd);
  const ours = page.wrongs.filter((wrong) => wrong.includes('comfyui-recall') || wrong.includes('/panel/'));
  assert.deepEqual(ours, [], 'errors of our scripts');
}

for (const version of VERSIONS) {
  test(`in front end ${version} a run of the sidebar opens on the canvas`, async (stage) => {
    const id = await stage.lab.record(picture(1, { workflow: workflow(5) }));
    await within(version, stage, async (page) => {
      const frame = await shown(page, id);
      assert.match(frame.url(), /\/panel\/(dark|light)-en\/$/);
      await frame.locator(`li[data-id="${id}"]`).hover();
      await frame.locator(`[data-load="${id}"]`).click();
      await counted(page, 5);
      // The page of the run has it too; what is gone from the canvas by then was saved nowhere.
      await change(page, () => void globalThis.app.graph.clear());
      await frame.locator(`li[data-id="${id}"] a.card`).click();
      await framed(page, new RegExp(`/panel/[^/]+/g/${id}`));
      await frame.locator('button.primary[data-load]').click();
      await page.getByRole('button', YES).click();
      await counted(page, 5);
    });
  });

  test(`in front end ${version} a run is dragged onto the canvas`, async (stage) => {
    const id = await stage.lab.record(picture(2, { workflow: workflow(6) }));
    await within(version, stage, async (page) => {
      const frame = await shown(page, id);
      await drop(page, await dragged(frame, `li[data-id="${id}"] a.card`), { x: 900, y: 500 });
      await counted(page, 6);
    });
  });

  test(`in front end ${version} changes that are not saved are asked about`, async (stage) => {
    const id = await stage.lab.record(picture(3, { workflow: workflow(4) }));
    await within(version, stage, async (page) => {
      const frame = await shown(page, id);
      const load = frame.locator(`[data-load="${id}"]`);
      await load.dispatchEvent('click');
      await counted(page, 4);
      await change(page, () => void globalThis.app.graph.add(globalThis.LiteGraph.createNode('EmptyImage')));
      const changed = await nodes(page);
      await load.dispatchEvent('click');
      const dialog = page.getByText(/unsaved changes/);
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      assert.equal(await nodes(page), changed, 'nothing was opened');
      await load.dispatchEvent('click');
      await dialog.waitFor();
      await page.getByRole('button', YES).click();
      await counted(page, 4);
    });
  });
}

test('the history follows theme and language of the page around it', async (stage) => {
  const id = await stage.lab.record(picture(4));
  await within(NEWEST, stage, async (page) => {
    const frame = await shown(page, id);
    await framed(page, /\/panel\/dark-zh-CN\/$/);
    assert.equal(await frame.locator('html').getAttribute('lang'), 'zh-CN');
    await frame.locator(`li[data-id="${id}"] a.card`).click();
    await framed(page, new RegExp(`/panel/dark-zh-CN/g/${id}`));
    await page.evaluate(() => document.body.classList.remove('dark-theme'));
    await page.evaluate(() => (document.body.style.backgroundColor = 'white'));
    // The same run in other clothes.
    await framed(page, new RegExp(`/panel/light-zh-CN/g/${id}`));
    await frame.locator('button.primary[data-load]').getByText('在 ComfyUI 中打开').waitFor();
  }, { settings: { 'Comfy.Locale': 'zh' } });
});

test('a key opens and closes the history', async (stage) => {
  await within(NEWEST, stage, async (page) => {
    await page.keyboard.press('Alt+h');
    await framed(page);
    await page.keyboard.press('Alt+h');
    await until('the frame is gone', () => !page.frames().some((frame) => frame.url().includes('/panel/')));
  });
});

test('where it was, the history is again when the tab is opened next', async (stage) => {
  const id = await stage.lab.record(picture(5));
  await within(NEWEST, stage, async (page) => {
    const frame = await shown(page, id);
    await listen(page);
    await frame.locator(`li[data-id="${id}"] a.card`).click();
    await says(page, `g/${id}`);
    await tab(page).click();
    await until('the frame is gone', () => !page.frames().some((frame) => frame.url().includes('/panel/')));
    await tab(page).click();
    await framed(page, new RegExp(`/g/${id}`));
  });
});

test('a run opens before all pictures are there', async (stage) => {
  const id = await stage.lab.record(picture(10, { workflow: workflow(3) }));
  await within(NEWEST, stage, async (page) => {
    const frame = await shown(page, id);
    const held = [];
    await page.context().route(/\/panel\/.+\.png$/, (route) => held.push(route));
    await listen(page);
    await frame.locator(`li[data-id="${id}"] a.card`).click();
    await says(page, `g/${id}`);
    assert.equal(await frame.evaluate(() => document.readyState), 'interactive');
    await frame.locator('button.primary[data-load]').click();
    await counted(page, 3);
    await Promise.all(held.map((route) => route.abort()));
  });
});

test('without the program one message says how to get it', async (stage) => {
  const absent = (frontEnd) => Object.assign(frontEnd.daemon, { state: 'absent' });
  await within(NEWEST, stage, async (page) => {
    await tab(page).click();
    const note = page.locator('[data-recall=absent]');
    await note.getByText('cargo install --locked --path .').waitFor();
    assert.match(await note.textContent(), /nothing is recorded/);
    assert.equal(await page.locator('[data-recall]').count(), 1);
  }, { prepare: absent });
});

test('a daemon that is off is started by a click and shows itself', async (stage) => {
  const id = await stage.lab.record(picture(6));
  const off = (frontEnd) => {
    const running = frontEnd.daemon;
    let state = 'off';
    frontEnd.daemon = (path) => {
      if (path.endsWith('/start')) state = 'starting';
      else if (state === 'starting') state = 'running';
      return { ...running, state };
    };
  };
  await within(NEWEST, stage, async (page, frontEnd) => {
    await tab(page).click();
    await page.locator('[data-recall=off] button').click();
    const frame = await framed(page);
    await frame.locator(`[data-load="${id}"]`).waitFor({ state: 'attached' });
    assert.deepEqual(frontEnd.started, ['POST']);
  }, { prepare: off });
});

test('a daemon that the settings say not to start is not started, and the page says which setting it is', async (stage) => {
  const unwanted = (frontEnd) => Object.assign(frontEnd.daemon, { state: 'off', starts: false });
  await within(NEWEST, stage, async (page, frontEnd) => {
    await tab(page).click();
    const note = page.locator('[data-recall=unwanted]');
    await note.getByText(/turn on “Start comfy-recall with ComfyUI”/).waitFor();
    await note.getByRole('button').click();
    await until('it was asked', () => frontEnd.started.length === 1);
    await note.waitFor();
  }, { prepare: unwanted });
});

test('an address in the settings that is no page of the web is shown and not opened', async (stage) => {
  await within(NEWEST, stage, async (page) => {
    await tab(page).click();
    await page.locator('[data-recall=no-address]').getByText('javascript:alert(1)').waitFor();
    assert.equal(await page.locator('iframe[src]').count(), 0);
    const written = (address) =>
      page.evaluate(async (address) => (await import('/extensions/comfyui-recall/frame.js')).written(address), address);
    for (const address of ['file:///etc/passwd', 'data:text/html,x', 'recall.example.org', '//recall.example.org', 'blob:http://a/b', '']) {
      assert.equal(await written(address), undefined, address);
    }
    assert.equal(await written(' https://recall.example.org/history// '), 'https://recall.example.org/history');
  }, { settings: { 'comfy-recall.address': 'javascript:alert(1)' } });
});

test('a daemon that records another comfyui shows nothing here, and the page says what to do', async (stage) => {
  await within(NEWEST, stage, async (page, frontEnd) => {
    await tab(page).click();
    const note = page.locator('[data-recall=refused]');
    await note.waitFor();
    assert.match(await note.locator('p').textContent(), /in its configuration file \(“comfy-recall config” shows where that is\).*comfy-recall stop/);
    assert.equal(await note.locator('code').textContent(), '[[comfyui]]\nname = "127.0.0.1-9188"\nurl = "http://127.0.0.1:9188"');
    await page.waitForFunction(() => !document.querySelector('iframe[src*="/panel/"]'));
    // Somebody did so.
    Object.assign(frontEnd.daemon, { state: 'off' });
    await note.getByRole('button').click();
    await page.locator('[data-recall=off]').waitFor();
  }, { origin: 'http://127.0.0.1:9188' });
});

test('a daemon that cannot be reached from this browser is said to be so', async (stage) => {
  const gone = (frontEnd) => Object.assign(frontEnd.daemon, { url: 'http://127.0.0.1:9' });
  await within(NEWEST, stage, async (page) => {
    await tab(page).click();
    await page.locator('[data-recall=unreachable]').getByText('http://127.0.0.1:9').waitFor();
  }, { prepare: gone });
});

test('nobody but the frame is heard, and nobody but the page around it hears the frame', async (stage) => {
  const id = await stage.lab.record(picture(7, { workflow: workflow(9) }));
  await within(NEWEST, stage, async (page) => {
    const frame = await shown(page, id);
    const before = await nodes(page);
    // The page itself is not the frame, and a frame of another origin is not the page around.
    await page.evaluate((workflow) => postMessage({ from: 'comfy-recall', say: 'open', name: 'evil', workflow }, '*'), workflow(9));
    await frame.evaluate((run) => postMessage({ to: 'comfy-recall', say: 'open', run }, '*'), String(id));
    // What comes later over the same way has overtaken nothing.
    await frame.locator(`li[data-id="${id}"] a.card`).click();
    await framed(page, new RegExp(`/g/${id}`));
    await frame.locator('button.primary[data-load]').waitFor();
    assert.equal(await nodes(page), before);
  });
});

/** What the frame gives a page that asks for these, by the time at which it answers a greeting that comes after them. */
const asks = (page, words) =>
  page.evaluate(async (words) => {
    const { contentWindow, src } = document.querySelector('iframe[src*="/panel/"]');
    const { origin, pathname } = new URL(src);
    const heard = [];
    const hear = ({ data }) => heard.push(data);
    addEventListener('message', hear);
    for (const run of words) contentWindow.postMessage({ to: 'comfy-recall', say: 'open', run }, origin);
    // A run that it gave would be read from the server first: as many answers of it are waited for.
    const answered = new Promise((resolve) => addEventListener('message', ({ data }) => data?.say === 'here' && resolve()));
    contentWindow.postMessage({ to: 'comfy-recall', say: 'hello', look: pathname.split('/')[2] }, origin);
    await answered;
    for (let nth = 0; nth < 3; nth += 1) await fetch('/queue');
    removeEventListener('message', hear);
    return heard.filter(({ say }) => say !== 'here' && say !== 'ready');
  }, words);

test('a page around the frame is given no run for the asking, but what was dragged, once', async (stage) => {
  const id = await stage.lab.record(picture(11, { workflow: workflow(8) }));
  await within(NEWEST, stage, async (page) => {
    const frame = await shown(page, id);
    const runs = Array.from({ length: Number(id) + 1 }, (_, nth) => nth);
    const read = [];
    page.on('request', (request) => /\/g\/\d+\/(workflow|prompt)\.json/.test(request.url()) && read.push(request.url()));
    assert.deepEqual(await asks(page, [...runs, ...runs.map(String), undefined, null, '', {}]), []);
    const items = await dragged(frame, `li[data-id="${id}"] a.card`);
    const word = items.find(({ mimeType }) => mimeType === 'application/x-comfy-recall').data;
    assert.ok(word.length > 20 && !word.split('-').includes(String(id)), word);
    // Somebody has it in hand, and dropped it nowhere.
    assert.deepEqual(await asks(page, [...runs, ...runs.map(String), undefined, null, '']), []);
    assert.deepEqual(read, [], 'nothing was read for it');
    await drop(page, items, { x: 900, y: 500 });
    await counted(page, 8);
    assert.equal(read.length, 1);
    await asks(page, [word]);
    assert.equal(read.length, 1, 'what was dropped once is given once');
  });
});

test('a page for the frame leads to no other site, however its path begins', async ({ lab, open }) => {
  const page = await open(null);
  page.watch.allow(/404/);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).host));
  for (const path of ['//evil.example/', '///evil.example/', '/%5Cevil.example/', '/\\evil.example/', '/.//evil.example/']) {
    await page.goto(`${lab.url.replace(/\/$/, '')}/panel/dark-en${path}`);
    await page.waitForURL((url) => !url.pathname.startsWith('/panel/'));
    assert.equal(new URL(page.url()).host, new URL(lab.url).host, path);
  }
  assert.deepEqual([...new Set(asked)], [new URL(lab.url).host]);
});

test('a page for the frame that is opened in a tab is a page like every other', async ({ lab, open }) => {
  const id = await lab.record(picture(8));
  const page = await open(null);
  await page.goto(`/panel/dark-zh-CN/g/${id}?status=completed#top`);
  await page.waitForURL(`**/g/${id}?status=completed#top`);
  assert.equal(new URL(page.url()).pathname, `/g/${id}`);
  assert.equal(await page.locator('[data-load]').count(), 0);
});

for (const theme of ['light', 'dark']) {
  test(`in a narrow frame nothing is cut off and nothing keeps anybody out, ${theme}`, async (stage) => {
    const id = await stage.lab.record(picture(9));
    await within(NEWEST, stage, async (page) => {
      await page.evaluate((theme) => {
        document.body.classList.toggle('dark-theme', theme === 'dark');
        document.body.style.backgroundColor = theme === 'dark' ? 'black' : 'white';
      }, theme);
      const frame = await shown(page, id);
      for (const path of ['', `g/${id}`, 'status']) {
        await frame.goto(`${stage.lab.url.replace(/\/$/, '')}/panel/${theme}-en/${path}`);
        const wide = await frame.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${path} is ${wide} pixels too wide`);
        await frame.evaluate(axe.source);
        const found = await frame.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
        assert.deepEqual(found.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${path}: ${id}: ${target}`)), []);
      }
    }, { viewport: { width: 700, height: 700 } });
  });
}
