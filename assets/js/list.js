// The cards of the history in their order, under their days. Knows where each came from; puts in, takes out, and lets go
// of the content of those that are far from what is seen.

import { isCalm } from "./page.js";

// Cards that are kept whole before and behind those that are seen, and those behind which they are let go.
const NEAR = 60;
const FAR = 120;
// Cards that one frame gives back or lets go, beside those that are seen.
const STEP = 24;
// More than these aren't seen at once, and needn't move smoothly.
const MOVABLE = 80;

/** Has sections `[data-day]`, each with a heading and a `ul` of `li[data-id][data-place]`. */
export const root = document.querySelector("[data-grid]");

/** Every card, newest first. */
export const items = [];
const byId = new Map();
const sources = new WeakMap();
const contents = new WeakMap();
let whole = [0, 0];

/** The cards of a page that was fetched, or of this one, and its links to others. */
export function read(page) {
  const link = (rel) => page.querySelector(`a[rel=${rel}]`)?.getAttribute("href") ?? null;
  return { cards: [...page.querySelectorAll("li[data-id]")], next: link("next"), prev: link("prev") };
}

/** Fetches a page or a fragment. */
export async function fetchPage(url) {
  const response = await fetch(url, { headers: { accept: "text/html" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** The day that a card stands under. */
export const day = (card) => card.closest("section");
export const get = (id) => byId.get(String(id));
export const source = (card) => sources.get(card);

// Time and id, as the cursors of the server have them.
const order = (card) => card.dataset.place.split("-").map((number) => parseInt(number, 36));

/** Whether `card` stands before `other`. */
export function isNewer(card, other) {
  const [[time, id], [otherTime, otherId]] = [order(card), order(other)];
  return time === otherTime ? id > otherId : time > otherTime;
}

/** The first place that isn't before: of the cards of which `isBefore` holds come all others. */
function search(isBefore) {
  let [from, to] = [0, items.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBefore(items[middle])) from = middle + 1;
    else to = middle;
  }
  return from;
}

export const place = (card) => search((other) => isNewer(other, card));

/** Puts cards in where they belong; `url` is the page that has them. Those that are there are replaced. */
export function put(cards, url) {
  for (const card of cards) {
    const known = get(card.dataset.id);
    if (known && known.dataset.place === card.dataset.place) {
      replace(known, card);
      continue;
    }
    if (known) remove(known);
    const at = place(card);
    const section = sectionOf(card, at);
    const after = items[at]?.parentElement === section ? items[at] : null;
    section.insertBefore(document.adoptNode(card), after);
    items.splice(at, 0, card);
    byId.set(card.dataset.id, card);
    if (url) sources.set(card, url);
    const link = card.querySelector("a");
    if (link) link.tabIndex = items.length === 1 ? 0 : -1;
  }
  whole = [0, items.length];
  soon();
}

/** The list of the day of a card that comes to stand at a place. */
function sectionOf(card, at) {
  const own = day(card);
  const beside = [items[at - 1], items[at]].map((other) => other && day(other));
  let section = beside.find((other) => other?.dataset.day === own.dataset.day);
  if (!section) {
    section = document.adoptNode(own.cloneNode(true));
    section.querySelector("ul").replaceChildren();
    // A day that is split has one half before and one behind: that can't be, as the zone is the same.
    if (beside[1]) beside[1].before(section);
    else root.append(section);
  }
  return section.querySelector("ul");
}

function replace(known, card) {
  const isSame = known.dataset.status === card.dataset.status && contentOf(known) === card.innerHTML;
  if (isSame) return;
  const hadFocus = known.contains(document.activeElement);
  const index = known.querySelector("a")?.tabIndex;
  Object.assign(known.dataset, card.dataset);
  known.className = card.className;
  contents.delete(known);
  known.style.blockSize = "";
  known.replaceChildren(...[...card.childNodes].map((node) => document.adoptNode(node)));
  const link = known.querySelector("a");
  if (link) link.tabIndex = index ?? -1;
  if (hadFocus) link?.focus({ preventScroll: true });
}

// Without what scripts of ours did to it.
function contentOf(card) {
  return (contents.get(card) ?? card.innerHTML).replace(/ tabindex="-?\d"/, "");
}

/** Takes a card out, and its day if it was the last. */
export function remove(card) {
  const at = items.indexOf(card);
  if (at < 0) return;
  items.splice(at, 1);
  byId.delete(card.dataset.id);
  const section = day(card);
  card.remove();
  if (!section.querySelector("li")) section.remove();
  whole = [0, items.length];
  soon();
}

/** Empties the list. */
export function clear() {
  for (const card of items) day(card)?.remove();
  items.length = 0;
  byId.clear();
}

const topOf = (card) => card.getBoundingClientRect().top;

/** Places of the first card that is seen and of the one behind the last. */
export function seen() {
  const first = search((card) => card.getBoundingClientRect().bottom <= 0);
  return [first, search((card) => topOf(card) < innerHeight)];
}

/** Whether the beginning of the list is in sight. */
export const isAtTop = () => root.getBoundingClientRect().top > 0;

/** What has to stay where it is. What comes in above comes to the first day, whose rows it changes: rather another's. */
function anchored() {
  const [first, last] = seen();
  const cards = items.slice(first, last);
  const focused = document.activeElement?.closest("li[data-id]");
  return cards.find((card) => card === focused) ?? cards.find((card) => day(card) !== day(items[0])) ?? cards[0];
}

/** Changes the list; what is seen stays where it is. */
export function still(change) {
  const anchor = anchored();
  const before = anchor && topOf(anchor);
  const result = change();
  if (anchor?.isConnected) scrollBy({ top: topOf(anchor) - before, behavior: "instant" });
  return result;
}

/** Changes the list; what is seen slides to where it comes to be. */
export function slide(change) {
  const [from, to] = seen();
  if (isCalm() || to - from > MOVABLE) return change();
  const places = new Map(items.slice(from, to).map((card) => [card, card.getBoundingClientRect()]));
  change();
  for (const card of items.slice(...seen())) {
    const [old, fresh] = [places.get(card), card.getBoundingClientRect()];
    const [dx, dy] = old ? [old.left - fresh.left, old.top - fresh.top] : [0, -24];
    if (dx || dy) card.animate([{ transform: `translate(${dx}px, ${dy}px)`, opacity: old ? 1 : 0 }, {}], { duration: 240, easing: "ease-out" });
  }
}

/** Gives a card its content back. */
export function restore(card) {
  if (!contents.has(card)) return;
  card.innerHTML = contents.get(card);
  contents.delete(card);
  card.style.blockSize = "";
}

function release(cards) {
  // All heights first: each change would make the browser lay out again.
  const heights = cards.map((card) => card.offsetHeight);
  cards.forEach((card, nth) => {
    contents.set(card, card.innerHTML);
    card.style.blockSize = `${heights[nth]}px`;
    card.replaceChildren();
  });
}

const isWhole = (card) => !contents.has(card);
const isFree = (card) => isWhole(card) && !card.contains(document.activeElement);

/** Lets go of what is far and brings back what is near, a few at a time: a frame has to be short. */
function lighten() {
  const [first, last] = seen();
  const [from, to] = [Math.max(0, first - FAR), Math.min(items.length, last + FAR)];
  // Outside of this nothing is whole.
  const [oldFrom, oldTo] = [Math.min(whole[0], from), Math.min(Math.max(whole[1], to), items.length)];
  const far = [...items.slice(oldFrom, Math.min(from, oldTo)), ...items.slice(Math.max(to, oldFrom), oldTo)].filter(isFree);
  release(far.slice(0, 2 * STEP));
  const near = items.slice(Math.max(0, first - NEAR), last + NEAR).filter((card) => !isWhole(card));
  const isSeen = (card) => !isNewer(card, items[first]) && (!items[last] || isNewer(card, items[last]));
  near.sort((one, other) => isSeen(other) - isSeen(one)).filter((card, nth) => nth < STEP || isSeen(card)).forEach(restore);
  whole = far.length > 2 * STEP ? [oldFrom, oldTo] : [from, to];
  if (far.length > 2 * STEP || near.length > STEP) soon();
}

let frame;
function soon() {
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    lighten();
  });
}

/** Takes over the cards that are there. */
export function begin() {
  const { cards } = read(root);
  for (const card of cards) {
    items.push(card);
    byId.set(card.dataset.id, card);
    sources.set(card, location.pathname + location.search);
    card.querySelector("a").tabIndex = items.length === 1 ? 0 : -1;
  }
  whole = [0, items.length];
  addEventListener("scroll", soon, { passive: true });
  // We hold what is seen; the browser doing it too would do it twice.
  document.documentElement.style.overflowAnchor = "none";
  // Far cards don't know how high they would be now: as high as one that is there.
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    const whole = items.find((card) => !contents.has(card));
    const height = whole ? `${whole.offsetHeight}px` : "";
    for (const card of items) if (contents.has(card)) card.style.blockSize = height;
  }).observe(root);
}
