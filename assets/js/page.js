// What every script needs: the words of the page's language, and small tools of the DOM.

/** What every address of ours begins with: `/`, or `/history/`. Scripts lie in a folder below. */
export const base = new URL("..", import.meta.url).pathname;

const words = new Map(
  // The page to sign in has none.
  [...(document.getElementById("words")?.content.querySelectorAll("[data-word]") ?? [])].map((word) => [word.dataset.word, word.textContent]),
);

/** The words of a key, with `{n}` and `{name}` filled in. */
export function word(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), words.get(key) ?? key);
}

/** Hears an event of whatever matches the selector, now or later, below `root`. */
export function on(type, selector, react, root = document) {
  root.addEventListener(type, (event) => {
    const target = event.target instanceof Element ? event.target.closest(selector) : null;
    if (target) react(event, target);
  });
}

/** Whether the viewer asked their system for less motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether a key press is meant for a field or a control that has a use for it. */
export const isTyping = (event) =>
  event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], video, audio") !== null;
