// Runs appear, change and go while the history is open, and nothing that is looked at moves.

import { base, on, word } from "./page.js";
import { hear } from "./live.js";
import { links } from "./endless.js";
import * as list from "./list.js";

// Events of one breath are asked for together.
const BREATH = 15;
const PAUSE = 50;
// As many as an address can hold, and as are worth to be held back.
const MOST = 200;

// The filter of this page.
const filter = new URLSearchParams(location.search);
for (const name of ["next", "prev"]) filter.delete(name);

const newest = filter.size ? `${base}?${filter}` : base;

const wanted = new Set();
/** Cards that wait for their viewer to come up. */
const held = new Map();
// More came than can be held: the way to them is the first page.
let hasMore = false;
let timer, isBusy, hasToRefresh;

const button = document.createElement("button");
button.type = "button";
button.className = "news";
button.dataset.new = "";
button.hidden = true;

function ask(ids) {
  for (const id of ids) wanted.add(String(id));
  if (!isBusy) timer ??= setTimeout(send, BREATH);
}

async function send() {
  timer = undefined;
  isBusy = true;
  const ids = [...wanted].slice(0, MOST);
  for (const id of ids) wanted.delete(id);
  try {
    if (hasToRefresh) await refresh();
    if (ids.length) {
      const page = await list.fetchPage(`${base}cards?${new URLSearchParams([...filter, ["ids", ids.join()]])}`);
      take(list.read(page).cards, page.querySelector("[data-gone]").dataset.gone.split(" "));
      count(page);
    }
  } catch (error) {
    // When the server is back, the page is told to look again.
    console.warn(error);
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  isBusy = false;
  if (wanted.size || hasToRefresh) timer ??= setTimeout(send);
}

/** Cards as they are by now, and ids that the list has no more. */
function take(cards, gone) {
  const isNews = (card) => !list.items.length || list.isNewer(card, list.items[0]);
  const isWithin = (card) => !links.next || (list.items.length && list.isNewer(card, list.items.at(-1)));
  const [known, fresh] = [[], []];
  for (const card of cards) {
    if (list.get(card.dataset.id)) known.push(card);
    else if (isNews(card) || held.has(card.dataset.id)) !links.prev && fresh.push(card);
    else if (isWithin(card)) known.push(card);
  }
  for (const id of gone) held.delete(id);
  const lost = gone.map(list.get).filter(Boolean);
  const change = () => {
    list.put(known);
    lost.forEach(list.remove);
  };
  if (list.isAtTop()) {
    list.slide(() => {
      change();
      appear(fresh);
    });
  } else {
    list.still(change);
    for (const card of fresh) held.set(card.dataset.id, card);
  }
  show();
}

function count(page) {
  const [told, ours] = [page, document].map((place) => place.querySelector("[data-count]"));
  if (!told || !ours || ours.textContent === told.textContent) return;
  ours.textContent = told.textContent;
  ours.dataset.count = told.dataset.count;
}

function appear(cards) {
  if (!cards.length) return;
  const empty = document.querySelector("[data-empty]");
  // The first run ever: now there is something to filter.
  if (empty?.dataset.empty === "yet") return location.reload();
  empty?.remove();
  list.put(cards, newest);
}

function show() {
  if (held.size > MOST) hasMore = true;
  if (hasMore) held.clear();
  button.hidden = !held.size && !hasMore;
  if (!button.hidden) button.textContent = hasMore ? word("many-new") : word("new", { n: held.size });
}

function release() {
  if (hasMore) return location.assign(newest);
  const cards = [...held.values()];
  held.clear();
  show();
  return cards;
}

function flush() {
  if (held.size && list.isAtTop()) list.slide(() => appear(release()));
}

function rise() {
  const cards = release();
  if (!cards) return;
  appear(cards);
  scrollTo({ top: 0, behavior: "instant" });
  list.items[0]?.querySelector("a")?.focus({ preventScroll: true });
}

/** Something was missed: the newest are read again, and what is seen. */
async function refresh() {
  hasToRefresh = false;
  const [first, last] = list.seen();
  const open = list.items.filter((card) => ["pending", "in_progress"].includes(card.dataset.status));
  for (const card of [...open.slice(0, MOST / 2), ...list.items.slice(first, last)].slice(0, MOST)) wanted.add(card.dataset.id);
  if (links.prev) return;
  const fetched = await list.fetchPage(newest);
  count(fetched);
  const page = list.read(fetched);
  const isHole = page.next && list.items.length && !page.cards.some((card) => list.get(card.dataset.id));
  if (isHole) {
    if (list.isAtTop()) return location.reload();
    hasMore = true;
    return show();
  }
  // What lies between the cards of that page and isn't one of them is gone.
  const ids = new Set(page.cards.map((card) => card.dataset.id));
  const oldest = page.cards.at(-1);
  const gone = list.items.filter((card) => !ids.has(card.dataset.id) && (!page.next || list.isNewer(card, oldest)));
  take(page.cards, gone.map((card) => card.dataset.id));
}

/** Those that wait know how many are before them. */
const waiting = () => list.items.filter((card) => card.dataset.status === "pending").slice(0, MOST / 2).map((card) => card.dataset.id);

export function begin() {
  document.body.append(button);
  on("click", "[data-new]", rise);
  addEventListener("scroll", flush, { passive: true });
  hear("generation", ({ runs }) => ask([...runs.map((run) => run.id), ...waiting()]));
  hear("instance", () => waiting().length && ask(waiting()));
  hear("reload", () => {
    hasToRefresh = true;
    ask([]);
  });
}
