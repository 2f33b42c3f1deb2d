// One click puts a text on the clipboard, also where the page came by plain HTTP from another machine.

import { on, word } from "./page.js";

const SHOWN_MILLIS = 1600;

on("click", "button[data-copy]", async (_, button) => {
  const label = button.querySelector("span");
  button.dataset.said ??= label.textContent;
  const done = await put(textOf(button));
  label.textContent = word(done ? "copied" : "copy-failed");
  button.dataset.state = done ? "copied" : "failed";
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    label.textContent = button.dataset.said;
    delete button.dataset.state;
  }, SHOWN_MILLIS);
});

/** The text of a button: beside it, elsewhere on the page, or to be fetched. A promise of it where it has to come first. */
function textOf({ dataset: { copy, text, from } }) {
  if (from) return fetch(from).then((response) => (response.ok ? response.text() : Promise.reject(response.status)));
  return text ?? document.getElementById(`${copy}-text`).textContent;
}

async function put(text) {
  try {
    // Safari lets only a promise in a ClipboardItem come later than the click.
    if (text instanceof Promise && globalThis.ClipboardItem && navigator.clipboard?.write) {
      const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } else if (navigator.clipboard) {
      await navigator.clipboard.writeText(await text);
    } else {
      return putSelected(await text);
    }
    return true;
  } catch {
    return putSelected(await Promise.resolve(text).catch(() => ""));
  }
}

/** The way before there was a clipboard to write to; the only one on plain HTTP. */
function putSelected(text) {
  if (!text) return false;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "hidden";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus?.({ preventScroll: true });
  return done;
}
