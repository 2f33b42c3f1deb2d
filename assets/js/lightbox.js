// The large view of a run's pictures, videos and sound: zoom, pan, swipe, keys. The dialog is in the page.

import { isCalm, on } from "./page.js";

const MOST = 8;
const STEP = 1.5;
/** How far a finger goes, in pixels, before it turns the page or closes. */
const SWIPE = 60;
/** Two taps within so many milliseconds are one double tap. */
const DOUBLE = 300;

let view;

on("click", "a[data-zoom]", (event, link) => {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!isPlain || !document.querySelector("dialog[data-lightbox]")) return;
  event.preventDefault();
  view = new View(document.querySelector("dialog[data-lightbox]"), link);
});

/** Whether the large view is open: then keys are its own. */
export const isOpen = () => view?.dialog.open ?? false;

class View {
  #all;
  #at;
  #stage;
  #scale = 1;
  #x = 0;
  #y = 0;
  #pointers = new Map();
  #start;
  #tapped = 0;
  #moved = false;
  #ended = new AbortController();

  constructor(dialog, link) {
    this.dialog = dialog;
    this.link = link;
    this.#all = [...document.querySelectorAll("main [data-media]")].filter((media) => /^(image|video|audio)$/.test(media.dataset.media));
    const at = this.#all.indexOf(link.closest("[data-media]"));
    for (const playing of document.querySelectorAll("main video, main audio")) playing.pause();
    this.#listen();
    dialog.toggleAttribute("data-single", this.#all.length < 2);
    dialog.showModal();
    this.#show(Math.max(0, at));
  }

  #listen() {
    const { signal } = this.#ended;
    const hear = (type, react, more) => this.dialog.addEventListener(type, react, { signal, ...more });
    hear("close", () => this.#end());
    hear("keydown", (event) => this.#key(event));
    hear("click", (event) => this.#click(event));
    hear("wheel", (event) => this.#wheel(event), { passive: false });
    hear("pointerdown", (event) => this.#down(event));
    hear("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) hear(type, (event) => this.#up(event));
    hear("dragstart", (event) => event.preventDefault());
  }

  #end() {
    this.#ended.abort();
    this.#stage?.remove();
    this.link.focus({ preventScroll: true });
  }

  #show(at, from = 0) {
    this.#at = at;
    const { media: kind, url, name } = this.#all[at].dataset;
    const stage = document.createElement("div");
    stage.className = "view";
    stage.append(element(kind, url, name));
    const old = this.#stage;
    this.#stage = stage;
    this.dialog.querySelector("[data-ground]").after(stage);
    this.#set(1, 0, 0);
    if (from && old && !isCalm()) {
      stage.animate([{ translate: `${from * 12}% 0`, opacity: 0 }, { translate: "0 0", opacity: 1 }], { duration: 180, easing: "ease-out" });
    }
    old?.remove();
    this.dialog.querySelector("[data-name]").textContent = name;
    this.dialog.querySelector("[data-place]").textContent = this.#all.length > 1 ? `${at + 1} / ${this.#all.length}` : "";
    const file = this.dialog.querySelector("[data-act=file]");
    file.href = url;
    file.download = name;
    this.dialog.dataset.kind = kind;
    // The neighbours are there before they are asked for.
    for (const near of [at + 1, at - 1]) {
      const { media, url } = this.#all.at(near % this.#all.length).dataset;
      if (media === "image") new Image().src = url;
    }
  }

  #turn(by) {
    if (this.#all.length < 2) return;
    this.#show((this.#at + by + this.#all.length) % this.#all.length, by);
  }

  get #isImage() {
    return this.#all[this.#at].dataset.media === "image";
  }

  #set(scale, x, y) {
    this.#scale = Math.min(MOST, Math.max(1, scale));
    const picture = this.#stage.firstElementChild;
    // Not further than its edge to the edge of the window.
    const bound = (place, size, room) => {
      const over = Math.max(0, (size * this.#scale - room) / 2);
      return Math.min(over, Math.max(-over, place));
    };
    this.#x = bound(x, picture.offsetWidth, innerWidth);
    this.#y = bound(y, picture.offsetHeight, innerHeight);
    picture.style.setProperty("transform", this.#scale === 1 ? "none" : `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`);
    this.dialog.toggleAttribute("data-zoomed", this.#scale > 1);
  }

  /** Zooms so that what is at a point of the window stays there. */
  #zoom(scale, x = innerWidth / 2, y = innerHeight / 2) {
    if (!this.#isImage) return;
    const to = Math.min(MOST, Math.max(1, scale));
    const [dx, dy] = [x - innerWidth / 2, y - innerHeight / 2];
    const ratio = to / this.#scale;
    this.#set(to, dx - (dx - this.#x) * ratio, dy - (dy - this.#y) * ratio);
  }

  #toggle(x, y) {
    this.#zoom(this.#scale > 1 ? 1 : 2.5, x, y);
  }

  #act(what) {
    const acts = {
      before: () => this.#turn(-1),
      after: () => this.#turn(1),
      in: () => this.#zoom(this.#scale * STEP),
      out: () => this.#zoom(this.#scale / STEP),
      close: () => this.dialog.close(),
    };
    acts[what]?.();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const player = event.target instanceof Element && event.target.closest("video, audio");
    const pan = (x, y) => this.#set(this.#scale, this.#x + x, this.#y + y);
    const zoomed = this.#scale > 1;
    const keys = {
      ArrowLeft: () => this.#turn(-1),
      ArrowRight: () => this.#turn(1),
      ArrowUp: () => pan(0, 80),
      ArrowDown: () => pan(0, -80),
      Home: () => this.#show(0, -1),
      End: () => this.#show(this.#all.length - 1, 1),
      "+": () => this.#act("in"),
      "=": () => this.#act("in"),
      "-": () => this.#act("out"),
      0: () => this.#zoom(1),
    };
    const isOurs = keys[event.key] && !player && (zoomed || !/ArrowUp|ArrowDown/.test(event.key));
    // What the page does with keys waits until this is closed.
    event.stopPropagation();
    if (!isOurs) return;
    event.preventDefault();
    keys[event.key]();
  }

  #click(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (act) return this.#act(act);
    const isGround = event.target.matches("dialog, [data-ground], .view");
    if (isGround && !this.#moved) this.dialog.close();
  }

  #wheel(event) {
    event.preventDefault();
    this.#zoom(this.#scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event.clientX, event.clientY);
  }

  #down(event) {
    if (event.target.closest("button, a, video, audio") || event.button > 0) return;
    this.#pointers.set(event.pointerId, event);
    this.#stage.setPointerCapture?.(event.pointerId);
    this.#begin();
  }

  /** Where the fingers are when their number changes. */
  #begin() {
    const { x, y, spread } = this.#fingers();
    this.#start = { x, y, spread, scale: this.#scale, atX: this.#x, atY: this.#y, count: this.#pointers.size };
    if (this.#pointers.size === 1) this.#moved = false;
  }

  #fingers() {
    const all = [...this.#pointers.values()];
    const mean = (of) => all.reduce((sum, finger) => sum + of(finger), 0) / (all.length || 1);
    const [x, y] = [mean((finger) => finger.clientX), mean((finger) => finger.clientY)];
    return { x, y, spread: mean((finger) => Math.hypot(finger.clientX - x, finger.clientY - y)) };
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, event);
    const { x, y, spread } = this.#fingers();
    const [dx, dy] = [x - this.#start.x, y - this.#start.y];
    if (Math.hypot(dx, dy) > 6) this.#moved = true;
    if (this.#start.count > 1 && this.#isImage && this.#start.spread > 0) {
      this.#moved = true;
      const ratio = spread / this.#start.spread;
      const [fromX, fromY] = [this.#start.x - innerWidth / 2, this.#start.y - innerHeight / 2];
      const scale = Math.min(MOST, Math.max(1, this.#start.scale * ratio));
      const real = scale / this.#start.scale;
      this.#set(scale, fromX - (fromX - this.#start.atX) * real + dx, fromY - (fromY - this.#start.atY) * real + dy);
    } else if (this.#scale > 1) {
      this.#set(this.#scale, this.#start.atX + dx, this.#start.atY + dy);
    } else if (event.pointerType !== "mouse" && !isCalm()) {
      this.#stage.style.setProperty("translate", Math.abs(dx) > Math.abs(dy) ? `${dx}px 0` : `0 ${Math.max(0, dy)}px`);
    }
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    this.#stage.style.removeProperty("translate");
    if (this.#pointers.size > 0) return this.#begin();
    const [dx, dy] = [event.clientX - this.#start.x, event.clientY - this.#start.y];
    if (event.type === "pointercancel") return;
    if (!this.#moved) return this.#tap(event);
    if (this.#start.count > 1 || this.#scale > 1 || event.pointerType === "mouse") return;
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > Math.abs(dy)) this.#turn(dx < 0 ? 1 : -1);
    else if (dy > SWIPE * 1.5) this.dialog.close();
  }

  #tap(event) {
    const isDouble = event.timeStamp - this.#tapped < DOUBLE;
    this.#tapped = isDouble ? 0 : event.timeStamp;
    // The stage has the pointer; what is under it tells picture from ground.
    const under = document.elementFromPoint(event.clientX, event.clientY);
    if (under?.tagName === "IMG") {
      this.#moved = true;
      if (isDouble) this.#toggle(event.clientX, event.clientY);
    }
  }
}

function element(kind, url, name) {
  const tag = { image: "img", video: "video", audio: "audio" }[kind];
  const media = document.createElement(tag);
  if (kind === "image") {
    media.alt = name;
    media.draggable = false;
  } else {
    Object.assign(media, { controls: true, loop: kind === "video", autoplay: true, playsInline: true });
    media.setAttribute("aria-label", name);
  }
  media.src = url;
  return media;
}
