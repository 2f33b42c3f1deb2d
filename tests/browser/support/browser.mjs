// Debian's Chromium, the ways in which people look at pages, and a watch over what a page must never do.
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/**
 * Chromium: what `CHROMIUM` names, else where Debian puts it. The headless shell is the same engine without the browser
 * around it, and takes half the processor time.
 */
export const CHROMIUM =
  process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync) ?? '/usr/bin/chromium';

/** How long a page may take for anything before a test fails. */
export const PATIENCE = 10_000;

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export async function launch(args = []) {
  if (!existsSync(CHROMIUM)) throw new Error(`no Chromium at ${CHROMIUM}; install it or set CHROMIUM`);
  // Chromium's sandbox doesn't work for root, which is who runs CI.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: CHROMIUM, args: [...sandbox, ...args] });
}

/** Where those who look are. */
export const ZONE = 'Europe/Berlin';

/**
 * A page as somebody looks at it: `device` desktop or phone, `theme` light or dark, `locale` en-US or zh-CN, `script`
 * false for a browser without JavaScript, `calm` for one that asks for reduced motion.
 */
export async function look(browser, url, { device, theme, locale, script, calm, ...more } = {}) {
  const context = await browser.newContext({
    ...(device === 'phone' ? PHONE : DESKTOP),
    baseURL: url,
    colorScheme: theme ?? 'light',
    locale: locale ?? 'en-US',
    timezoneId: ZONE,
    javaScriptEnabled: script ?? true,
    reducedMotion: calm ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...more,
  });
  // As after the first visit, which tells the server where its viewer's days begin.
  await context.addCookies([{ name: 'recall-tz', value: encodeURIComponent(ZONE), url }]);
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/** Notes what no page of ours may do, in every page of a context. */
export class Watch {
  #origin;
  #wrongs = [];
  #allowed = [];
  /** Every request so far, as `{url, type}`. */
  requests = [];

  constructor(context, url) {
    this.#origin = new URL(url).origin;
    context.on('console', (message) => {
      if (message.type() === 'error') this.#note(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => {
      const { message, stack } = error.error();
      // Chromium tells of a transition between two pages (`@view-transition`) that ended because another page was asked
      // for, or because this one came too early or late for it. No script of ours has a hand in it, so none could answer.
      if (/^Transition was (skipped|aborted)/.test(message)) return;
      this.#note(`uncaught: ${stack || message} (${error.page()?.url()})`);
    });
    context.on('dialog', (dialog) => {
      this.#note(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    context.on('request', (request) => this.#see(request));
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // What a page no longer wants when it goes: not its fault.
      if (why !== 'net::ERR_ABORTED') this.#note(`failed: ${request.url()}: ${why}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 400) this.#note(`${response.status()}: ${response.url()}`);
    });
  }

  #see(request) {
    const url = new URL(request.url());
    this.requests.push({ url: request.url(), path: url.pathname, type: request.resourceType() });
    const isOurs = url.origin === this.#origin || ['data:', 'blob:', 'about:'].includes(url.protocol);
    if (!isOurs) this.#note(`asks another host: ${request.url()}`);
  }

  #note(wrong) {
    this.#wrongs.push(wrong);
  }

  /** What this test brings about on purpose. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  /** What went wrong, one a line; empty when nothing did. */
  wrongs() {
    return this.#wrongs.filter((wrong) => !this.#allowed.some((pattern) => pattern.test(wrong)));
  }
}
