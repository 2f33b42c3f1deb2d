// The history's filters: a choice counts at once, and the calendar opens in place.

import { base, on } from "./page.js";

const calendar = () => document.querySelector("[data-calendar]");
const opener = () => document.querySelector("[data-open-calendar]");

on("change", "form[data-filters]", (_, form) => form.requestSubmit());

// What isn't chosen doesn't belong into the address.
on("submit", "form[role=search], .range", (event, form) => {
  event.preventDefault();
  const chosen = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(chosen).toString();
  location.assign(query ? `${base}?${query}` : base);
});

/** Puts the calendar of that address in place of the one that is open. */
async function open(href, focused) {
  const response = await fetch(href);
  if (!response.ok) return location.assign(href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-calendar]");
  if (!fresh) return location.assign(href);
  calendar()?.remove();
  opener().closest(".tools").append(fresh);
  (fresh.querySelector(focused) ?? fresh.querySelector("[aria-current=date], [data-today], a")).focus();
}

function close() {
  calendar()?.remove();
  opener()?.focus();
}

on("click", "[data-open-calendar]", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (calendar()) close();
  else open(link.href);
});
on("click", "[data-calendar] [data-month]", (event, link) => {
  event.preventDefault();
  open(link.href, `[data-month=${link.dataset.month}]`);
});
on("click", "[data-calendar] [data-close]", (event) => {
  event.preventDefault();
  close();
});
document.addEventListener("pointerdown", ({ target }) => {
  if (calendar() && !target.closest("[data-calendar], [data-open-calendar]")) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && calendar() && !document.querySelector("dialog[open]")) close();
});

// From day to day by arrows.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
on("keydown", "[data-calendar] [data-date]", (event, link) => {
  const days = [...link.closest("table").querySelectorAll("[data-date]")];
  const day = days[days.indexOf(link) + STEPS[event.key]];
  if (!day) return;
  event.preventDefault();
  event.stopPropagation();
  day.focus();
});
