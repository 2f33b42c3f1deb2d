// Notices come and go while the page stays.

import { hear } from "./live.js";
import { base } from "./page.js";

const PAUSE = 300;
// While searches miss runs, how many they are is told again and again.
const PROGRESS_PAUSE = 5_000;

const region = document.querySelector("[data-banners]");
let timer, isBusy;

async function refresh() {
  timer = undefined;
  if (isBusy) return soon();
  isBusy = true;
  try {
    const query = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => ["tz", "q"].includes(name)));
    const response = await fetch(`${base}banners?${query}`);
    if (response.ok) show(await response.text());
  } catch {
    // The stream tells when the server is back.
  } finally {
    isBusy = false;
  }
  follow();
}

function follow() {
  if (region.querySelector("[data-banner=indexing]")) timer ??= setTimeout(refresh, PROGRESS_PAUSE);
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-banners]");
  // An alert that is put in again is read out again.
  if (fresh.innerHTML.trim() === region.innerHTML.trim()) return;
  const below = region.nextElementSibling;
  const before = below.getBoundingClientRect().top;
  region.replaceChildren(...fresh.children);
  if (scrollY > 0) scrollBy(0, below.getBoundingClientRect().top - before);
}

function soon() {
  timer ??= setTimeout(refresh, PAUSE);
}

// Without scripts the same form leads back to the page.
async function dismiss(event) {
  const form = event.target.closest("[data-dismiss]");
  if (!form) return;
  event.preventDefault();
  try {
    await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
  } finally {
    soon();
  }
}

if (region) follow();
if (region) region.addEventListener("submit", dismiss);
if (region) for (const type of ["instance", "storage", "reload"]) hear(type, soon);
