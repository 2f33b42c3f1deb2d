// Keys of every page: the map of them, and the way to the filter.

import { isTyping } from "./page.js";

/** Whether a key press is a command: not meant for a field, not with a modifier, and nobody else took it. */
export const isCommand = (event) =>
  !(event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented || isTyping(event));

const map = document.querySelector("dialog[data-keys]");

function filter() {
  const form = document.querySelector("form[role=search]");
  const field = form?.querySelector("input:not([type=hidden]), select, button");
  if (!field) return false;
  for (let around = field.parentElement; around; around = around.parentElement) {
    if (around.matches("details")) around.open = true;
    if (around.matches("[popover]:not(:popover-open)")) around.showPopover();
    if (around.matches("dialog:not([open])")) around.showModal();
  }
  field.focus();
  field.select?.();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!isCommand(event) || document.querySelector("dialog:modal")) return;
  if (event.key === "?") map.showModal();
  else if (event.key !== "/" || !filter()) return;
  event.preventDefault();
});

// A click beside the map closes it.
map.addEventListener("click", (event) => event.target === map && map.close());
