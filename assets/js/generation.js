// The page of one run: it follows its run, leads to the neighbours by keys, and opens documents in their place.

import "./copy.js";
import { isOpen } from "./lightbox.js";
import { hear } from "./live.js";
import { isTyping, on } from "./page.js";

const run = document.querySelector("article[data-run]");

// What happens to the run is shown without losing what is open, selected or played.
if (run) {
  const isWaiting = () => document.querySelector("article[data-run]").dataset.status === "pending";
  // While it waits, every run before it moves its place in the queue.
  hear("generation", ({ runs }) => (isWaiting() || runs.some(({ id }) => String(id) === run.dataset.run)) && follow());
  hear("reload", follow);
}

let isFollowing = false;
let isBehind = false;

async function follow() {
  if (isFollowing) {
    isBehind = true;
    return;
  }
  isFollowing = true;
  do {
    isBehind = false;
    const page = await load(location.href);
    if (page) renew(page);
  } while (isBehind);
  isFollowing = false;
}

async function load(url) {
  try {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : undefined;
  } catch {
    return undefined;
  }
}

function renew(page) {
  const [now, next] = [document, page].map((root) => root.querySelector("article[data-run]"));
  if (!next || isOpen()) return;
  const open = [...now.querySelectorAll("details[open][data-fold]")].map((fold) => fold.dataset.fold);
  for (const fold of open) next.querySelector(`details[data-fold="${CSS.escape(fold)}"]`)?.setAttribute("open", "");
  const focused = pathOf(document.activeElement, now);
  // Parts that are the same stay, so that a video plays on and a picture doesn't blink.
  patch(now, next);
  if (focused) now.querySelector(focused)?.focus({ preventScroll: true });
  document.title = page.title;
}

/** Makes one element like another, and leaves alone what is alike. */
function patch(now, next) {
  if (now.isEqualNode(next)) return;
  const isLeaf = now.tagName !== next.tagName || now.matches("figure, form, pre, svg, [data-document]");
  if (isLeaf) return now.replaceWith(next);
  for (const { name, value } of next.attributes) now.setAttribute(name, value);
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  const [old, fresh] = [[...now.children], [...next.children]];
  const isText = now.childElementCount === 0 || next.childElementCount === 0;
  if (isText || old.length !== fresh.length) return now.replaceChildren(...matched(old, [...next.childNodes]));
  old.forEach((child, nth) => patch(child, fresh[nth]));
}

/** The new nodes, with an old one in the place of each that it equals. */
function matched(old, fresh) {
  return fresh.map((node) => old.find((child) => child.isEqualNode(node)) ?? node);
}

function pathOf(element, root) {
  if (!element || !root.contains(element) || element === root) return undefined;
  const { copy, download, neighbour } = element.dataset;
  if (copy) return `[data-copy="${copy}"]`;
  if (download) return `[data-download="${download}"]`;
  return neighbour ? `[data-neighbour="${neighbour}"]` : undefined;
}

// The small picture that was there first has done its work.
for (const first of document.querySelectorAll("main img.first")) {
  first.parentElement.querySelector("img").decode().then(() => first.remove(), () => {});
}

// Left is newer, right is older, as in the history; Escape leads back to it.
addEventListener("keydown", (event) => {
  const isOurs = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (!run || !isOurs || isTyping(event) || document.querySelector("dialog[open], :popover-open")) return;
  const isScrolling = event.target instanceof Element && event.target.closest(".lines, pre") !== null;
  const link = {
    ArrowLeft: !isScrolling && "a[data-neighbour=newer]",
    ArrowRight: !isScrolling && "a[data-neighbour=older]",
    Escape: "a[data-back]",
  }[event.key];
  if (!link) return;
  event.preventDefault();
  document.querySelector(link)?.click();
});

// Back to the same place of the history, when that is where one came from.
on("click", "a[data-back]", (event, link) => {
  const from = document.referrer && new URL(document.referrer);
  const isFromThere = from && from.origin === location.origin && from.pathname === new URL(link.href).pathname;
  if (!isFromThere || event.ctrlKey || event.metaKey || event.shiftKey || history.length < 2) return;
  event.preventDefault();
  history.back();
});

// What is dragged out names the file, for ComfyUI's canvas and for a folder.
on("dragstart", "a[data-zoom], a[data-download], figure img", ({ dataTransfer }, target) => {
  const link = target.closest("a") ?? target;
  const name = target.closest("[data-name]")?.dataset.name ?? link.download ?? "";
  const url = link.href ?? link.src;
  dataTransfer.effectAllowed = "copyLink";
  dataTransfer.setData("text/uri-list", url);
  dataTransfer.setData("text/plain", url);
  const type = /json$/.test(name) ? "application/json" : "application/octet-stream";
  dataTransfer.setData("DownloadURL", `${type}:${name.replaceAll(":", "_")}:${url}`);
});

// Documents: long ones come when they are opened; looking for something stays on the page.
document.addEventListener("toggle", (event) => {
  const place = event.target.open ? event.target.querySelector(":scope > [data-document][data-from]") : null;
  if (place) show(place, place.dataset.from);
}, true);

on("submit", "[data-document] form", (event, form) => {
  event.preventDefault();
  const place = form.closest("[data-document]");
  const find = form.elements.find;
  const next = place.querySelector("a[rel=next].round");
  // The same again means the next one.
  const isSame = find.value === find.defaultValue && next;
  show(place, isSame ? next.href : `${form.action}?${new URLSearchParams(new FormData(form))}`);
});

on("click", "[data-document] .steps a, [data-document] .windows a", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.closest("[data-document]"), link.href);
});

async function show(place, url) {
  place.ariaBusy = "true";
  const page = await load(url);
  const fresh = page?.querySelector("[data-document]");
  if (!fresh) return location.assign(url);
  const field = place.querySelector("input[name=find]");
  const isFocused = place.contains(document.activeElement) || field === null;
  place.replaceWith(fresh);
  if (!run) history.replaceState(null, "", url);
  if (isFocused && field) fresh.querySelector("input[name=find]").focus({ preventScroll: true });
  const current = fresh.querySelector("li.current");
  const lines = fresh.querySelector(".lines");
  if (current) lines.scrollTop = current.offsetTop - lines.clientHeight / 3;
}
