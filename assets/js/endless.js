// The next page comes as the end nears, the previous one as the beginning does, where one entered in the middle.

import { word } from "./page.js";
import * as list from "./list.js";

// How far ahead, in heights of the window.
const AHEAD = 2.5;

/** Where the list goes on. */
export const links = { next: null, prev: null };

const ends = {};
const busy = {};

function note(found, ways) {
  for (const way of ways) {
    links[way] = found[way];
    // The link stays for whoever looks for it; nobody has to press it.
    const link = document.querySelector(`a[rel=${way}]`);
    if (link) link.hidden = true;
    if (link && found[way]) link.href = found[way];
    else if (way === "prev") document.querySelector('[data-pager="newer"]')?.remove();
    else link?.remove();
    show(way, found[way] ? "" : "end");
  }
}

/** One more page that way; whether there was one. */
export function load(way) {
  busy[way] ??= fetchMore(way).finally(() => (busy[way] = undefined));
  return busy[way];
}

async function fetchMore(way) {
  const url = links[way];
  if (!url) return false;
  show(way, "loading");
  try {
    const found = list.read(await list.fetchPage(url));
    if (url !== links[way]) return false;
    if (way === "next") list.put(found.cards, url);
    else list.still(() => list.put(found.cards, url));
    note(found, [way]);
    return found.cards.length > 0;
  } catch (error) {
    console.warn(error);
    show(way, "error");
    return false;
  }
}

function show(way, state) {
  const end = ends[way];
  if (!end || end.dataset.state === state) return;
  end.dataset.state = state;
  if (way === "prev") list.still(() => say(end, way, state));
  else say(end, way, state);
}

function say(end, way, state) {
  if (state === "error") {
    const retry = document.createElement("button");
    retry.type = "button";
    retry.className = "button";
    retry.textContent = word("retry");
    retry.addEventListener("click", () => load(way).then(look));
    end.replaceChildren(word("load-error"), retry);
  } else {
    // Above the list no word may come and go: it would move what is seen.
    const words = { loading: "loading", end: list.items.length ? "that-was-all" : "" };
    const key = way === "next" ? words[state] : "";
    end.textContent = key ? word(key) : "";
  }
}

// Observers tell only of changes: what is near after a page came has to be looked at.
async function look() {
  const isNear = (end, distance) => end.dataset.state !== "error" && distance < innerHeight * AHEAD;
  while (links.next && isNear(ends.next, ends.next.getBoundingClientRect().top - innerHeight)) {
    if (!(await load("next"))) break;
    // The browser lays out by itself before it asks again.
    await new Promise(requestAnimationFrame);
  }
  while (links.prev && isNear(ends.prev, -ends.prev.getBoundingClientRect().bottom)) {
    if (!(await load("prev"))) break;
  }
}

/** Shows another part of the list instead: that of a page that was fetched. */
export function enter(page, url) {
  const found = list.read(page);
  list.clear();
  list.put(found.cards, url);
  note(found, ["next", "prev"]);
}

/** Begins with the links of this page. Before that, `prepare` may enter elsewhere. */
export async function begin(prepare) {
  for (const way of ["prev", "next"]) {
    const end = document.createElement("p");
    end.className = "end";
    end.role = "status";
    end.dataset.end = way;
    ends[way] = end;
  }
  list.root.before(ends.prev);
  list.root.after(ends.next);
  note(list.read(document), ["next", "prev"]);
  await prepare();
  const watch = new IntersectionObserver((seen) => seen.some((end) => end.isIntersecting) && look(), {
    rootMargin: `${AHEAD * 100}% 0px`,
  });
  watch.observe(ends.next);
  watch.observe(ends.prev);
}
