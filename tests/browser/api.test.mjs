// The page of the API: its contents lead to what they name, its examples are copied and opened as they stand.
import assert from 'node:assert/strict';

import { stage, until } from './support/stage.mjs';

const { test } = stage({ seed: 20, days: 2 });

test('the header leads there, and every entry of its contents to a place', async ({ open }) => {
  const page = await open('/');
  await page.locator('header nav a[href="/api"]').click();
  await page.waitForURL('**/api');
  const lost = await page.locator('.contents a, .reference a[href^="#"]').evaluateAll((all) =>
    all.map((link) => link.getAttribute('href')).filter((href) => !document.getElementById(href.slice(1))),
  );
  assert.deepEqual(lost, []);
  assert.ok((await page.locator('.contents a').count()) > 25);
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length);
});

test('every operation of the document is there, with an example that is copied as it stands', async ({ open, lab }) => {
  const { paths } = await lab.json('/api/v1/openapi.json');
  const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const page = await open('/api');
  const shown = await page.locator('[data-operation]').evaluateAll((all) => all.map(({ dataset }) => dataset.operation));
  assert.deepEqual(shown.sort(), described.sort());
  for (const operation of ['GET /api/v1/generations', 'GET /api/v1/generations/{id}']) {
    const place = page.locator(`[data-operation="${operation}"]`);
    await place.locator('button[data-copy]').click();
    const text = await place.locator('pre').textContent();
    assert.match(text, new RegExp(`^curl -s "${lab.url}/api/v1/generations`));
    await until('the clipboard', async () => (await page.evaluate(() => navigator.clipboard.readText())) === text);
  }
});

test('what can be opened answers', async ({ open }) => {
  const page = await open('/api');
  const links = await page.locator('.example .tools a').evaluateAll((all) => all.map(({ href }) => href));
  assert.ok(links.length >= 18, `${links.length} links`);
  for (const link of links) assert.equal((await fetch(link)).status, 200, link);
});
