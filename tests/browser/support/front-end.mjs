// ComfyUI's own page, as its makers publish it on PyPI, with our extension in it. It stands at the address of the lab's
// ComfyUI: what that answers it answers itself, the page's files and the few things beside are put in between.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const KEPT = join(ROOT, 'target/front-ends');
const EXTENSION = join(ROOT, 'packaging/comfyui-extension/web');
const NODES = join(ROOT, 'tests/fixtures/comfyui/object_info.json');

/** The oldest that PyPI has (ComfyUI 0.3.26 shipped it), that of ComfyUI 0.26, and the newest when this was written. */
export const VERSIONS = ['1.12.8', '1.45.19', '1.58.1'];

/** What is put in between comes from no address that Chromium knows, so that it takes the daemon's for somebody's home. */
export const FLAGS = ['--disable-features=LocalNetworkAccessChecks'];

/** What ComfyUI's server itself answers; the lab's stands in for it. */
const SERVER = /^\/(api\/)?(ws|queue|history|prompt|view|jobs|system_stats|interrupt)(\/|$)/;

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.webp': 'image/webp', '.woff2': 'font/woff2', '.woff': 'font/woff',
};

/** The folder of a version; fetched once, below target. */
function files(version) {
  const folder = join(KEPT, version);
  if (!existsSync(folder)) {
    const [python, draft] = [join(KEPT, 'venv/bin/python'), join(KEPT, `${version}.draft-${process.pid}`)];
    mkdirSync(draft, { recursive: true });
    try {
      if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', join(KEPT, 'venv')]);
      const wanted = `comfyui-frontend-package==${version}`;
      execFileSync(python, ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', draft, wanted]);
      const wheel = readdirSync(draft).find((name) => name.endsWith('.whl'));
      execFileSync(python, ['-m', 'zipfile', '--extract', join(draft, wheel), draft]);
      if (!existsSync(folder)) renameSync(join(draft, 'comfyui_frontend_package/static'), folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return folder;
}

export class FrontEnd {
  #folder;
  /** What `/comfy-recall` answers; what was asked of it by POST. */
  daemon;
  started = [];

  constructor(version, lab) {
    this.#folder = files(version);
    this.url = Object.values(lab.comfyui)[0];
    const url = lab.url.replace(/\/$/, '');
    this.daemon = { state: 'running', url, install: 'cargo install --locked --path .', starts: true };
  }

  /** The page, loaded, with the extension in it. `settings` of ComfyUI; `origin` where it stands, if not at the lab's. */
  async open(browser, { settings = {}, origin = new URL(this.url).origin, ...look } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', ...look });
    context.setDefaultTimeout(20_000);
    await context.route(`${origin}/**`, (route) => this.#answer(route, settings));
    const page = await context.newPage();
    page.wrongs = [];
    page.on('pageerror', (error) => page.wrongs.push(String(error.stack ?? error)));
    await page.goto(`${origin}/`);
    await page.locator('.comfy-recall-icon').first().waitFor();
    // What it begins with stands on the canvas before there is a tab that it belongs to.
    await page.waitForFunction(() => globalThis.app.extensionManager.workflow?.activeWorkflow?.isModified === false);
    // The page greets who comes for the first time.
    await page.keyboard.press('Escape');
    return page;
  }

  #answer(route, settings) {
    const request = route.request();
    const { pathname } = new URL(request.url());
    const json = (value) => route.fulfill({ json: value });
    const own = pathname.replace(/^\/api/, '');
    if (own === '/comfy-recall/start') this.started.push(request.method());
    if (own.startsWith('/comfy-recall')) return json(typeof this.daemon === 'function' ? this.daemon(own) : this.daemon);
    if (own.startsWith('/extensions/comfyui-recall/')) return this.#file(route, EXTENSION, own.slice('/extensions/comfyui-recall'.length));
    if (own === '/extensions') return json(readdirSync(EXTENSION).map((name) => `/extensions/comfyui-recall/${name}`));
    if (SERVER.test(pathname)) return route.continue();
    if (own === '/object_info') return this.#file(route, NODES, '');
    if (own === '/settings') return json({ 'Comfy.TutorialCompleted': true, 'Comfy.InstalledVersion': '1.12.8', ...settings });
    if (own === '/users') return json({ storage: 'server', migrated: true });
    if (own.startsWith('/userdata') && request.method() === 'GET') return pathname.includes('/userdata/') ? route.fulfill({ status: 404 }) : json([]);
    if (pathname.startsWith('/api/')) return json(/models|embeddings|extensions/.test(pathname) ? [] : {});
    return this.#file(route, this.#folder, pathname === '/' ? '/index.html' : decodeURIComponent(pathname));
  }

  #file(route, folder, path) {
    const name = join(folder, path);
    if (!existsSync(name)) return route.fulfill({ status: 404 });
    return route.fulfill({ body: readFileSync(name), contentType: TYPES[extname(name)] ?? 'application/octet-stream' });
  }
}
