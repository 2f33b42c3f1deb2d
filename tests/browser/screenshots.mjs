// Photographs every page and state, for people to look at: npm run screenshots -- OUTDIR [NAME…]
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { launch, look } from './support/browser.mjs';
import { build } from './support/build.mjs';
import { Lab, failure, picture } from './support/lab.mjs';
import { examples, reveal } from './support/pages.mjs';

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error('say where to: npm run screenshots -- OUTDIR [NAME…]');

const LOOKS = ['desktop', 'phone'].flatMap((device) =>
  ['light', 'dark'].flatMap((theme) => ['en-US', 'zh-CN'].map((locale) => ({ device, theme, locale }))),
);

/** Waits until all that is in sight is painted. */
async function settled(page) {
  await page.waitForLoadState('load');
  await page.evaluate(async () => {
    const inSight = [...document.images].filter((img) => img.checkVisibility() && img.getBoundingClientRect().top < innerHeight);
    await Promise.race([
      Promise.all(inSight.map((img) => img.decode().catch(() => {}))),
      new Promise((resolve) => setTimeout(resolve, 5_000)),
    ]);
    for (const animation of document.getAnimations()) {
      if (animation.effect.getComputedTiming().iterations !== Infinity) animation.finish();
    }
    await document.fonts.ready;
  });
}

/** Each page by its name: where it is, and what is done there first. `whole`: also what lies below the window. */
function scenes(ids) {
  const run = (id) => ({ path: `/g/${id}`, whole: true });
  return {
    history: { path: '/' },
    'history-scrolled': { path: '/', act: (page) => page.mouse.wheel(0, 2_000) },
    'history-filtered': { path: '/?status=failed,lost' },
    'history-all-filters': { path: '/?status=completed&kind=image&instance=studio&previews=shown' },
    'nothing-matches': { path: '/?status=failed&date=2001-01-01' },
    search: { path: '/?q=lighthouse+-blurry+model:sd_xl&status=completed' },
    'search-mistyped': { path: '/?q=modle:flux+fox' },
    'search-suggestions': { path: '/', act: suggestions },
    'search-help': { path: '/', act: openGrammar },
    'search-values': { path: '/?q=lighthouse', act: openValues },
    calendar: { path: '/', act: openCalendar },
    'map-of-keys': { path: '/', act: openKeys },
    'run-picture': run(ids.picture),
    'run-several': run(ids.several),
    'run-video': run(ids.video),
    'run-audio': run(ids.audio),
    'run-text': run(ids.text),
    'run-without-outputs': run(ids.nothing),
    'run-files-missing': run(ids.missing),
    'run-failed': run(ids.failed),
    'run-failed-unfolded': { ...run(ids.failed), act: unfoldAll },
    'run-cancelled': run(ids.cancelled),
    'run-lost': run(ids.lost),
    'run-pending': run(ids.pending),
    'run-in-progress': run(ids.running),
    lightbox: { path: `/g/${ids.several}`, act: openLightbox },
    status: { path: '/status', whole: true },
    api: { path: '/api', whole: true },
    'api-operation': { path: '/api#get-api-v1-generations' },
    'not-found': { path: '/g/999999' },
    'bad-request': { path: '/?date=yesterday' },
  };
}

async function openCalendar(page) {
  const day = page.locator('[data-calendar] a[data-date]').first();
  if ((await day.count()) > 0) await reveal(page, day);
}

async function openKeys(page) {
  await page.keyboard.press('?');
  await page.locator('dialog[data-keys]').waitFor();
}

async function openLightbox(page) {
  await page.locator('main img').first().click();
  await page.locator('dialog[data-lightbox]').waitFor();
}

async function suggestions(page) {
  await page.locator('[data-query]').click();
  await page.keyboard.type('model:');
  await page.locator('[role=option]').first().waitFor();
  await page.keyboard.press('ArrowDown');
}

async function openGrammar(page) {
  await page.locator('[popovertarget=grammar]').first().click();
}

/** They are open where there is room. */
async function openValues(page) {
  if (!(await page.locator('[data-facets]').isVisible())) await page.locator('[data-refine]').click();
  await page.locator('[data-facet]').first().waitFor();
}

async function unfoldAll(page) {
  await page.evaluate(() => {
    for (const summary of document.querySelectorAll('details:not([open]) > summary')) summary.click();
  });
}

async function photograph(browser, lab, scenes) {
  for (const kind of LOOKS) {
    const context = await look(browser, lab.url, kind);
    context.setDefaultTimeout(5_000);
    const page = await context.newPage();
    for (const [name, { path, act, whole }] of Object.entries(scenes)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const file = `${name}-${kind.device}-${kind.theme}-${kind.locale.slice(0, 2)}.png`;
      try {
        await page.goto(path);
        await act?.(page);
        await settled(page);
        await page.screenshot({ path: join(folder, file), fullPage: whole ?? false });
        console.log(file);
      } catch (error) {
        console.error(`${file}: ${error.message.split('\n')[0]}`);
        process.exitCode = 1;
      }
    }
    await context.close();
  }
}

await mkdir(folder, { recursive: true });
process.env.RECALL_LAB ??= await build();
const browser = await launch();

const lab = await Lab.start({ seed: 120, days: 9, side: 512, instances: 'studio,gpu' });
const ids = await examples(lab);
await lab.indexed();
await lab.record(picture(900), failure());
const [running, waiting] = [await lab.queue(picture(901)), await lab.queue(picture(902))];
await lab.order('start');
ids.running = await lab.recorded(running.prompt_id, 'in_progress');
ids.pending = await lab.recorded(waiting.prompt_id, 'pending');
await photograph(browser, lab, scenes(ids));
await lab.order('unplug', { instance: 'gpu' });
await away(lab);
await photograph(browser, lab, { 'comfyui-away': { path: '/' }, 'status-away': { path: '/status', whole: true } });
await lab.stop();

const empty = await Lab.start();
await photograph(browser, empty, { 'first-start': { path: '/' } });
await empty.stop();

const alone = await Lab.start({ away: true });
await away(alone);
await photograph(browser, alone, { 'first-start-no-comfyui': { path: '/' }, 'status-no-comfyui': { path: '/status' } });
await alone.stop();
await browser.close();

/** Waits until the daemon knows that a ComfyUI is away. */
async function away(lab) {
  for (let looks = 0; looks < 200; looks += 1) {
    const response = await fetch(`${lab.url}/readyz`);
    if (/"away"/.test(await response.text())) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the daemon does not notice that ComfyUI is away');
}
