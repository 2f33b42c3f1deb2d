// Covers of cards: a video plays while one points at it, and what can't be loaded shows its kind.

import { isCalm } from "./page.js";

// Who only passes by starts nothing.
const REST = 150;

let playing, timer;

function start(card) {
  if (playing?.card === card || isCalm()) return;
  stop();
  const still = card.querySelector("[data-video]");
  const video = still ? document.createElement("video") : card.querySelector("video");
  if (!video) return;
  playing = { card, video, isAdded: Boolean(still) };
  timer = setTimeout(() => {
    if (still) {
      Object.assign(video, { src: still.dataset.video, muted: true, loop: true, playsInline: true, tabIndex: -1, ariaHidden: "true" });
      video.addEventListener("error", () => video.remove());
      still.after(video);
    }
    video.play().catch(() => {});
  }, REST);
}

function stop() {
  clearTimeout(timer);
  const { video, isAdded } = playing ?? {};
  playing = undefined;
  if (!video) return;
  video.pause();
  if (!isAdded) return;
  // Else the browser goes on loading it.
  video.removeAttribute("src");
  video.load();
  video.remove();
}

function replace(media) {
  const cover = media.closest(".cover");
  const tile = cover?.querySelector("template[data-tile]");
  if (tile) media.replaceWith(tile.content.cloneNode(true));
}

export function begin() {
  const at = (event) => (event.target instanceof Element ? event.target.closest("a.card") : null);
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, (event) => {
      const card = at(event);
      if (card) start(card);
      else stop();
    });
  }
  for (const type of ["pointerleave", "focusout"]) document.documentElement.addEventListener(type, stop);
  document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && replace(event.target), true);
  for (const img of document.querySelectorAll(".cover img")) if (img.complete && img.src && !img.naturalWidth) replace(img);
}
