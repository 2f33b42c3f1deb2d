// Back from a run, or loaded again, the history is where it was. Each entry of the browser's history has its place.

import * as endless from "./endless.js";
import * as list from "./list.js";

const KEY = "recall-places";
const MOST = 30;
const MOST_PAGES = 6;

const places = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

function remember() {
  const [first, last] = list.seen();
  const focused = document.activeElement?.closest("li[data-id]");
  // The one that was opened, if any: around it the rows may come to be others.
  const card = list.items.slice(first, last).includes(focused) ? focused : list.items[first];
  if (!card) return;
  const place = { id: card.dataset.id, top: card.getBoundingClientRect().top, url: list.source(card), focused: focused?.dataset.id };
  const all = { ...places(), [history.state.place]: scrollY > 0 || focused ? place : undefined };
  for (const old of Object.keys(all).slice(0, -MOST)) delete all[old];
  sessionStorage.setItem(KEY, JSON.stringify(all));
}

/** Goes to where this entry of the history was left, if it was. */
export async function recall() {
  const place = places()[history.state?.place];
  if (!place) return;
  if (!list.get(place.id) && place.url) {
    try {
      endless.enter(await list.fetchPage(place.url), place.url);
    } catch (error) {
      console.warn(error);
    }
  }
  const card = list.get(place.id);
  if (!card) return;
  const top = () => card.getBoundingClientRect().top;
  for (let pages = 0; ; pages += 1) {
    // There must be enough around it for it to come to where it was.
    while (top() + scrollY < place.top && (await endless.load("prev")));
    while (document.documentElement.scrollHeight - scrollY - top() < innerHeight - place.top && (await endless.load("next")));
    scrollBy({ top: top() - place.top, behavior: "instant" });
    // From the beginning of its day on, rows are as they were.
    const isCut = list.day(list.items[0]) === list.day(list.items[list.seen()[0]] ?? card);
    if (!isCut || pages === MOST_PAGES || !(await endless.load("prev"))) break;
  }
  list.get(place.focused)?.querySelector("a")?.focus({ preventScroll: true });
}

export function begin() {
  history.scrollRestoration = "manual";
  if (!history.state?.place) history.replaceState({ ...history.state, place: `${Date.now()}-${Math.random()}` }, "");
  addEventListener("pagehide", remember);
}
