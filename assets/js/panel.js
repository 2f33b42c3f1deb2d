// Inside ComfyUI's page: workflows are opened there, and we look as it does. We speak with the page around us alone, and
// only where it comes from an origin that the server names.

import { base, on, word } from "./page.js";

/** What a dragged run is known by, beside the address of its picture. */
const RUN = "application/x-comfy-recall";

const frames = document.documentElement.dataset.frames.split(" ");
const site = base.replace(/panel\/[^/]+\/$/, "");
const here = location.pathname.slice(base.length) + location.search;

/** The origin of the page around us, as soon as it has spoken. */
let around;

/** What was to be said before: a click may come sooner than the page around us. */
const waiting = [];

function say(message) {
  if (around) parent.postMessage({ from: "comfy-recall", ...message }, around);
  else waiting.push(message);
}

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || !frames.includes(origin) || data?.to !== "comfy-recall") return;
  around = origin;
  waiting.splice(0).forEach(say);
  if (data.say === "hello" && /^(light|dark)-(en|zh-CN)$/.test(data.look)) greet(data.look);
  if (data.say === "open" && /^\d+$/.test(data.run)) open(data.run);
});

function greet(look) {
  const dressed = `${site}panel/${look}/`;
  if (dressed === base) say({ say: "here", path: here });
  else location.replace(dressed + here + location.hash);
}

async function open(run) {
  const name = document.querySelector(`[data-load="${run}"]`)?.dataset.name;
  try {
    // What came from a script has a prompt and no workflow.
    for (const kind of ["workflow", "prompt"]) {
      const response = await fetch(`${base}g/${run}/${kind}.json`);
      if (response.ok) return say({ say: "open", run, name, [kind]: await response.json() });
      if (response.status !== 404) break;
    }
  } catch {
    // Told like every other failure.
  }
  say({ say: "failed", text: word("open-failed") });
}

// Opened in a tab, by a click with the middle button, it is a page like every other.
if (parent === window) location.replace(site + here + location.hash);
// To whoever is there, so it tells nothing: the page around greets before all pictures are here.
else parent.postMessage({ from: "comfy-recall", say: "ready" }, "*");

on("click", "[data-load]", (_, button) => open(button.dataset.load));

on("dragstart", "a.card, [data-run] .media a, [data-run] .media img", ({ dataTransfer }, dragged) => {
  const run = dragged.closest("[data-id]")?.dataset.id ?? dragged.closest("[data-run]").dataset.run;
  dataTransfer.setData(RUN, run);
  if (!dragged.matches(".card")) return;
  // The link of a card leads to its page; what is dragged is its picture.
  const file = dragged.querySelector("[data-file]")?.dataset.file ?? `${base}g/${run}/workflow.json`;
  dataTransfer.setData("text/uri-list", new URL(file, location.href).href);
  dataTransfer.setData("text/plain", new URL(file, location.href).href);
});
