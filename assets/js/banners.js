// Notices come and go while the page stays.

import { hear } from "./live.js";

const PAUSE = 300;

const region = document.querySelector("[data-banners]");
let timer, isBusy;

async function refresh() {
  timer = undefined;
  if (isBusy) return soon();
  isBusy = true;
  try {
    const zone = new URLSearchParams(location.search).get("tz");
    const response = await fetch(zone ? `/banners?tz=${encodeURIComponent(zone)}` : "/banners");
    if (response.ok) show(await response.text());
  } catch {
    // The stream tells when the server is back.
  } finally {
    isBusy = false;
  }
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

if (region) for (const type of ["instance", "storage", "reload"]) hear(type, soon);
