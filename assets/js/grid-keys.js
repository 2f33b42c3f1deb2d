// Arrows walk through the cards; Tab goes past them.

import { isCommand } from "./keys.js";
import * as list from "./list.js";

const box = (card) => card.getBoundingClientRect();
const middle = (card) => box(card).left + box(card).width / 2;

/** The card of the next row that lies nearest, walking by `step`. */
function across(at, step) {
  const row = box(list.items[at]).top;
  let to = at + step;
  while (list.items[to] && Math.abs(box(list.items[to]).top - row) < 2) to += step;
  if (!list.items[to]) return at;
  const [next, x] = [box(list.items[to]).top, middle(list.items[at])];
  let best = to;
  for (; list.items[to] && Math.abs(box(list.items[to]).top - next) < 2; to += step) {
    if (Math.abs(middle(list.items[to]) - x) < Math.abs(middle(list.items[best]) - x)) best = to;
  }
  return best;
}

function target(key, at) {
  const forward = getComputedStyle(list.root).direction === "rtl" ? -1 : 1;
  switch (key) {
    case "ArrowRight": return at + forward;
    case "ArrowLeft": return at - forward;
    case "ArrowDown": return across(at, 1);
    case "ArrowUp": return across(at, -1);
    case "Home": return 0;
    case "End": return list.items.length - 1;
    default: return undefined;
  }
}

export function begin() {
  list.root.addEventListener("keydown", (event) => {
    const card = event.target.closest("li[data-id]");
    if (!card || event.shiftKey || !isCommand(event)) return;
    const to = target(event.key, list.items.indexOf(card));
    if (to === undefined) return;
    event.preventDefault();
    const next = list.items[to];
    if (!next) return;
    list.restore(next);
    next.querySelector("a").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  });
  // Tab comes back to where one was.
  list.root.addEventListener("focusin", (event) => {
    const link = event.target.closest("li[data-id] a");
    if (!link) return;
    for (const other of list.root.querySelectorAll('li a[tabindex="0"]')) other.tabIndex = -1;
    link.tabIndex = 0;
  });
}
