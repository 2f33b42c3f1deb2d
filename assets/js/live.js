// What changes, for the scripts of a page: `live-generation`, `live-instance`, `live-storage` and `live-reload` are
// events of the document. Says when the server can't be heard.

import { word } from "./page.js";
import { listen } from "./stream.js";

// A restart of the daemon is no news.
const PATIENCE = 5_000;

// What the page was made from; without it, it is an error page, which nothing changes.
let here = document.body.dataset.position;
let skew = 0;
let hasMissed = false;
let worker, direct, mark, marking;

/** Hears a kind of event: `react` gets what the server told. */
export function hear(type, react) {
  document.addEventListener(`live-${type}`, (event) => react(event.detail));
}

/** What the server's clock shows, in milliseconds. */
export const now = () => Date.now() + skew;

const emit = (type, detail) => document.dispatchEvent(new CustomEvent(`live-${type}`, { detail }));

function isAhead(id) {
  const [life, told] = id.split("-");
  const [ours, known] = here.split("-");
  return life !== ours || Number(told) > Number(known);
}

function receive({ type, id, ...told }) {
  if (type === "away") return lose(told.since);
  find();
  if (told.skew !== undefined) skew = told.skew;
  const isNews = type === "hello" ? isAhead(id) : type !== "beat";
  if (id && (isNews || type === "beat") && isAhead(id)) here = id;
  if (!isNews) return;
  // A tab that nobody sees catches up when somebody does.
  if (document.hidden) hasMissed = true;
  else emit(type === "hello" ? "reload" : type, told);
}

function lose(since) {
  document.documentElement.dataset.live = "away";
  clearTimeout(marking);
  marking = setTimeout(() => {
    if (!mark) {
      mark = document.createElement("p");
      mark.className = "offline";
      mark.dataset.offline = "";
      mark.role = "status";
      document.body.append(mark);
    }
    const time = new Date(since).toLocaleTimeString(document.documentElement.lang);
    mark.textContent = word("offline", { name: time });
    mark.hidden = false;
  }, Math.max(0, since + PATIENCE - Date.now()));
}

function find() {
  document.documentElement.dataset.live = "open";
  clearTimeout(marking);
  if (mark) mark.hidden = true;
}

function connect() {
  if (worker === null || !globalThis.SharedWorker) return connectAlone();
  try {
    worker = new SharedWorker(new URL("./live-worker.js", import.meta.url), { type: "module", name: "comfy-recall" });
  } catch {
    worker = null;
    return connectAlone();
  }
  worker.addEventListener("error", () => {
    worker = null;
    connectAlone();
  });
  worker.port.onmessage = ({ data }) => receive(data);
}

// Without a worker only the tab that is seen has a stream.
function connectAlone() {
  direct ??= listen(receive);
  if (!document.hidden) direct.check();
}

function leave() {
  worker?.port.postMessage("bye");
  worker?.port.close();
  direct?.close();
}

function look() {
  if (document.hidden) return direct?.close();
  if (hasMissed) {
    hasMissed = false;
    emit("reload", {});
  }
  if (direct) direct.check();
  else worker?.port.postMessage("check");
}

if (here) {
  connect();
  document.addEventListener("visibilitychange", look);
  addEventListener("online", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && connect());
}
