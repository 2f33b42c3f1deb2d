// Values to narrow the list by: beside it where there is room, else in a sheet. They come when the list is there.

import { isCommand } from "./keys.js";
import { hear } from "./live.js";
import { base, on, word } from "./page.js";

// Between two times that counts are read again while runs come in.
const PAUSE = 5_000;
const YEAR = 31_536_000;

const results = document.querySelector("[data-results]");
const facets = document.querySelector("[data-facets]");
const opener = document.querySelector("[data-refine]");
const wide = matchMedia("(min-width: 70rem)");

let expanded = new URLSearchParams(location.search).get("facets") ?? "";
let sheet, asking, timer;

const isSeen = () => sheet?.open || (wide.matches && !results.classList.contains("closed"));

async function load() {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams(location.search);
  if (expanded) query.set("facets", expanded);
  else query.delete("facets");
  try {
    const response = await fetch(`${base}facets?${query}`, { headers: { accept: "text/html" }, signal: asking.signal });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
    const focused = document.activeElement?.closest("[data-facets] a")?.dataset.more;
    facets.replaceChildren(...fresh.childNodes);
    settle();
    if (focused) facets.querySelector(`[data-facet="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
  } catch (error) {
    if (error.name !== "AbortError") console.warn(error);
  }
}

/** Tab comes to one of them and goes past the others. */
function settle(to = facets.querySelector("a")) {
  for (const link of facets.querySelectorAll("a")) link.tabIndex = link === to ? 0 : -1;
}

/** Arrows walk: up and down through the values, sideways to what leaves one out. */
function walk(event, link) {
  if (!isCommand(event)) return;
  const rows = [...facets.querySelectorAll("li > a:first-child, .more")];
  const row = link.matches(".minus") ? link.previousElementSibling : link;
  const at = rows.indexOf(row);
  const to = {
    ArrowDown: rows[at + 1],
    ArrowUp: rows[at - 1],
    ArrowRight: row.nextElementSibling,
    ArrowLeft: row,
    Home: rows[0],
    End: rows.at(-1),
  };
  if (!(event.key in to)) return;
  event.preventDefault();
  to[event.key]?.focus();
}

function build() {
  sheet = document.createElement("dialog");
  sheet.className = "sheet";
  sheet.dataset.sheet = "";
  const header = document.createElement("header");
  const title = document.createElement("h2");
  title.id = "sheet-title";
  title.textContent = opener.textContent;
  const done = document.createElement("button");
  done.type = "button";
  done.className = "button small";
  done.textContent = word("close");
  done.addEventListener("click", () => sheet.close());
  header.append(title, done);
  sheet.append(header);
  sheet.setAttribute("aria-labelledby", title.id);
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.addEventListener("close", () => {
    results.prepend(facets);
    tell();
  });
  document.body.append(sheet);
}

function tell() {
  opener.ariaExpanded = String(Boolean(isSeen()));
}

function toggle() {
  if (wide.matches) {
    const isClosed = results.classList.toggle("closed");
    document.cookie = `recall-facets=${isClosed ? "closed" : "open"}; Path=${base}; Max-Age=${YEAR}; SameSite=Lax`;
  } else {
    if (!sheet) build();
    sheet.append(facets);
    sheet.showModal();
  }
  settle();
  tell();
  if (isSeen()) load();
}

// Counts that somebody points at stay as they are.
function refresh() {
  timer = undefined;
  if (isSeen() && !document.hidden && !facets.matches(":hover, :focus-within")) load();
}

if (facets && opener) {
  on("click", "[data-refine]", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    toggle();
  });
  on("click", "[data-facets] [data-more]", (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    expanded = link.dataset.more;
    load();
  });
  on("focusin", "a", (_, link) => settle(link), facets);
  on("keydown", "a", walk, facets);
  wide.addEventListener("change", () => {
    sheet?.close();
    tell();
    if (isSeen()) load();
  });
  for (const type of ["generation", "reload"]) hear(type, () => (timer ??= setTimeout(refresh, PAUSE)));
  settle();
  tell();
  if (isSeen()) load();
}
