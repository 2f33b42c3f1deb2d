// The search box suggests while somebody types: fields, then known values. A combobox with a list, as WAI-ARIA has it.

import { base, on, word } from "./page.js";

// As long as a hand needs from key to key.
const BREATH = 70;

const input = document.querySelector("[data-query]");
const box = input?.closest("[data-box]");
const list = document.createElement("ul");

let suggestions = [];
// What they were made for.
let told = "";
let active = -1;
let asking, timer;

const isOpen = () => !list.hidden;

// The server counts characters, not halves of them.
const countedTo = (place) => [...input.value.slice(0, place)].length;
const placeOf = (count) => [...input.value].slice(0, count).join("").length;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, BREATH);
}

async function ask() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const text = input.value;
  const query = new URLSearchParams({ q: text, cursor: countedTo(input.selectionStart) });
  try {
    const response = await fetch(`${base}api/v1/suggest?${query}`, { signal: asking.signal });
    if (!response.ok) return close();
    const news = (await response.json()).suggestions;
    // Who chose one while these were on their way goes on having chosen it.
    const chosen = suggestions[active];
    suggestions = news;
    told = text;
    if (document.activeElement === input) show(news.findIndex((one) => isSame(one, chosen)));
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

const isSame = (one, other) => one.kind === other?.kind && one.label === other.label;

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function option({ label, kind, count, hint }, nth) {
  const item = document.createElement("li");
  item.id = `option-${nth}`;
  item.role = "option";
  item.ariaSelected = "false";
  item.dataset.option = nth;
  item.dataset.kind = kind;
  const what = part("what", label);
  what.dir = "auto";
  what.title = label;
  item.append(what);
  if (hint) item.append(part("hint", hint));
  if (count !== undefined) item.append(part("number", count.toLocaleString("en")));
  return item;
}

function show(chosen = -1) {
  list.replaceChildren(...suggestions.map(option));
  list.hidden = !suggestions.length;
  input.ariaExpanded = String(isOpen());
  list.scrollTop = 0;
  point(chosen);
}

function close() {
  clearTimeout(timer);
  asking?.abort();
  suggestions = [];
  show();
}

/** Points at a suggestion; at none, the box itself is meant. */
function point(nth) {
  active = nth;
  for (const item of list.children) item.ariaSelected = String(item.dataset.option === String(nth));
  const item = list.children[nth];
  if (item) input.setAttribute("aria-activedescendant", item.id);
  else input.removeAttribute("aria-activedescendant");
  item?.scrollIntoView({ block: "nearest" });
}

async function take(nth) {
  // Somebody typed on: what they typed isn't taken back, and the same is taken if it is suggested for that, too.
  if (input.value !== told) {
    point(nth);
    await ask();
    if (active < 0 || input.value !== told) return;
    nth = active;
  }
  const { text, cursor, kind } = suggestions[nth];
  input.value = text;
  const place = placeOf(cursor);
  input.setSelectionRange(place, place);
  close();
  // Behind a field, its values are asked for.
  if (kind === "field") ask();
}

function press(event) {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const count = suggestions.length;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && !isOpen()) ask();
  else if (step) point(((active + 1 + step + count + 1) % (count + 1)) - 1);
  else if (event.key === "Enter" && active >= 0) take(active);
  else if (event.key === "Tab" && isOpen() && !event.shiftKey) take(Math.max(active, 0));
  else if (event.key === "Escape") leave();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** One thing at a time: the suggestions, what was typed, the box. */
function leave() {
  if (isOpen()) close();
  else if (input.value) input.value = "";
  else input.blur();
}

if (input) {
  list.id = "options";
  list.className = "options";
  list.role = "listbox";
  list.ariaLabel = word("suggestions");
  list.hidden = true;
  box.append(list);
  input.role = "combobox";
  input.ariaAutoComplete = "list";
  input.ariaExpanded = "false";
  input.setAttribute("aria-controls", list.id);
  input.addEventListener("input", (event) => {
    point(-1);
    if (!event.isComposing) soon();
  });
  input.addEventListener("compositionend", soon);
  input.addEventListener("click", () => isOpen() || soon());
  input.addEventListener("keydown", press);
  input.addEventListener("blur", close);
  // The box keeps the focus.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("mousedown", (event) => event.preventDefault());
  on("click", "[data-option]", (_, item) => take(Number(item.dataset.option)), list);
  input.form.addEventListener("submit", close);
}
