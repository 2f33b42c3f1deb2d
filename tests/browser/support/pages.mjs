// What the pages promise their markup to be: the only place that knows it beside the tests of a part itself.
import { PATIENCE } from './browser.mjs';
import { until } from './stage.mjs';

/** The cards that are there, in their order. */
export function cards(page) {
  return page.locator('li[data-id]').evaluateAll((all) =>
    all.map((card) => ({
      id: Number(card.dataset.id),
      status: card.dataset.status,
      day: card.closest('[data-day]')?.dataset.day,
    })),
  );
}

export function card(page, id) {
  return page.locator(`li[data-id="${id}"]`);
}

/** The link of a card to its generation. */
export function link(page, id) {
  return card(page, id).locator(`a[href^="/g/${id}"]`).first();
}

export async function ids(page) {
  return (await cards(page)).map(({ id }) => id);
}

/** The number of matches that the page tells. */
export async function count(page) {
  const told = await page.locator('[data-count]').first().getAttribute('data-count');
  return Number(told);
}

/** Sees to it that a control can be used: opens the `details` or the popover that hides it. */
export async function reveal(page, control) {
  const hidden = control.locator('xpath=ancestor::details[not(@open)]');
  for (const details of await hidden.all()) await details.locator('> summary').click();
  const popover = control.locator('xpath=ancestor::*[@popover]');
  for (const shade of await popover.all()) {
    const isOpen = await shade.evaluate((element) => element.matches(':popover-open'));
    if (!isOpen) await page.locator(`[popovertarget="${await shade.getAttribute('id')}"]`).first().click();
  }
}

/** Opens everything that is folded. */
export async function unfold(page) {
  await page.evaluate(() => {
    for (const summary of document.querySelectorAll('main details:not([open]) > summary')) summary.click();
  });
}

/** Chooses a value in the filter form as a person does, and shows what it selects. */
export async function choose(page, name, value) {
  const form = page.locator('form[role=search]');
  const field = form.locator(`[name="${name}"]`).first();
  await field.waitFor({ state: 'attached' });
  const kind = await field.evaluate((element) => element.type);
  const before = page.url();
  if (kind === 'checkbox' || kind === 'radio') {
    const box = form.locator(`[name="${name}"][value="${value}"]`);
    await reveal(page, box);
    const id = await box.getAttribute('id');
    const label = form.locator(id ? `label[for="${id}"]` : `label:has([name="${name}"][value="${value}"])`);
    await ((await label.count()) > 0 ? label.first() : box).click();
  } else if (kind.startsWith('select')) {
    await reveal(page, field);
    await field.selectOption(value);
  } else {
    await reveal(page, field);
    await field.fill(value);
  }
  // The form may show it at once or wait for its button.
  const button = form.locator('button[type=submit], button:not([type])').first();
  const isThere = await button.isVisible().catch(() => false);
  if (isThere && page.url() === before) await button.click().catch(() => {});
  await page.waitForURL((url) => url.href !== before);
}

/** The words that select what this page shows, without what only pages. */
export function query(page) {
  const words = new URL(page.url()).searchParams;
  for (const name of ['next', 'prev']) words.delete(name);
  for (const [name, value] of [...words]) if (!value) words.delete(name, value);
  return Object.fromEntries(words);
}

/** Takes an active filter away. */
export async function unchip(page, name) {
  const before = page.url();
  await page.locator(`[data-chip="${name}"] a, a[data-chip="${name}"]`).first().click();
  await page.waitForURL((url) => url.href !== before);
}

/** Scrolls down until `isEnough` or nothing more comes; gives every id that was there, in order of appearance. */
export async function scrollThrough(page, isEnough = () => false) {
  const seen = new Set(await ids(page));
  for (let idle = 0; idle < 100; ) {
    if (isEnough(seen)) return [...seen];
    const before = seen.size;
    await page.mouse.wheel(0, 1600);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    for (const id of await ids(page)) seen.add(id);
    const isAtEnd = await page.evaluate(
      () => innerHeight + scrollY >= document.documentElement.scrollHeight - 2 && !document.querySelector('a[rel=next]'),
    );
    if (isAtEnd && seen.size === before) return [...seen];
    idle = seen.size === before ? idle + 1 : 0;
    if (idle > 3) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return [...seen];
}

/** Waits until a page hears of what happens, so that nothing is missed. */
export async function untilListening(page) {
  await until('the page to listen to events', () =>
    page.watch.requests.some(({ path }) => path === '/events') ||
    page.evaluate(() => document.documentElement.dataset.live === 'open'),
  );
}

/** Whether anything is wider than the window. */
export function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return undefined;
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return `${scrollWidth} > ${clientWidth}: ${wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).join(' | ')}`;
  });
}

/** The ids of one seeded generation for each kind of page. */
export async function examples(lab) {
  const runs = await lab.list();
  const first = (what, is) => {
    const found = runs.find(is);
    if (!found) throw new Error(`the lab has no run that is ${what}`);
    return found.id;
  };
  const covered = (kind) => (run) => run.status === 'completed' && run.cover?.kind === kind;
  const bare = (run) => run.status === 'completed' && !run.cover;
  return {
    picture: first('a picture', (run) => covered('image')(run) && run.outputs_count === 1),
    several: first('several pictures', (run) => covered('image')(run) && run.outputs_count === 4 && run.kinds.join() === 'image'),
    video: first('a video', covered('video')),
    audio: first('audio', covered('audio')),
    text: first('a text', (run) => bare(run) && run.outputs_count === 1 && run.files_state === null),
    nothing: first('without outputs', (run) => bare(run) && run.outputs_count === 0),
    missing: first('missing', (run) => bare(run) && run.files_state === 'missing'),
    failed: first('failed', (run) => run.status === 'failed' && run.outputs_count === 0),
    lost: first('lost', (run) => run.status === 'lost'),
    cancelled: first('cancelled', (run) => run.status === 'cancelled'),
  };
}

/** Waits, inside the page, for an element; gives the page's clock at that moment. */
export function appearance(page, selector) {
  const waited = page.evaluate(
    ([selector, patience]) =>
      new Promise((resolve) => {
        const tell = (at) => {
          observer.disconnect();
          clearTimeout(end);
          resolve(at);
        };
        const look = () => document.querySelector(selector) && tell(performance.timeOrigin + performance.now());
        const observer = new MutationObserver(look);
        observer.observe(document.documentElement, { childList: true, subtree: true, attributes: true });
        const end = setTimeout(tell, patience);
        look();
      }),
    [selector, PATIENCE],
  );
  const told = waited.then((at) => {
    if (at === undefined) throw new Error(`waited in vain for ${selector}`);
    return at;
  });
  // Whoever waits for it hears of it; a test that has failed before doesn't.
  told.catch(() => {});
  return told;
}
