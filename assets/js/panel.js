// Inside ComfyUI's page: workflows are opened there, and we look as it does. We speak with the page around us alone, and
// only where it comes from an origin that the server names. It runs code of custom nodes: of what we read in the viewer's
// name it is given the run that they click, or drag and drop on it, and no other.

import { base, on, word } from "./page.js";

/** What the word of a dragged run stands under, beside the address of its picture. */
const RUN = "application/x-comfy-recall";

const frames = document.documentElement.dataset.frames.split(" ");
const site = base.replace(/panel\/[^/]+\/$/, "");
// With strokes at its front it would be the name of another host.
const here = location.pathname.slice(base.length).replace(/^[/\\]+/, "") + location.search;

/** The origin of the page around us, as soon as it has spoken. */
let around;

/** What was to be said before: a click may come sooner than the page around us. */
const waiting = [];

/** What is dragged, and the word that it is asked for by: only a page that it was dropped on knows that. Good once. */
let inHand;

function say(message) {
  if (around) parent.postMessage({ from: "comfy-recall", ...message }, around);
  else waiting.push(message);
}

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || !frames.includes(origin) || data?.to !== "comfy-recall") return;
  around = origin;
  waiting.splice(0).forEach(say);
  if (data.say === "hello" && /^(light|dark)-(en|zh-CN)$/.test(data.look)) greet(data.look);
  if (data.say === "open" && inHand && data.run === inHand.word) {
    const { run } = inHand;
    inHand = undefined;
    open(run);
  }
});

/** So many random bits that nobody guesses them. */
const anyWord = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

/** Goes to a place of this site, whatever the path begins with. */
const go = (path) => location.replace(location.origin + path + location.hash);

function greet(look) {
  const dressed = `${site}panel/${look}/`;
  if (dressed === base) say({ say: "here", path: here });
  else go(dressed + here);
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
if (parent === window) go(site + here);
// To whoever is there, so it tells nothing: the page around greets before all pictures are here.
else parent.postMessage({ from: "comfy-recall", say: "ready" }, "*");

on("click", "[data-load]", (_, button) => open(button.dataset.load));

on("dragstart", "a.card, [data-run] .media a, [data-run] .media img", ({ dataTransfer }, dragged) => {
  const run = dragged.closest("[data-id]")?.dataset.id ?? dragged.closest("[data-run]").dataset.run;
  inHand = { run, word: anyWord() };
  dataTransfer.setData(RUN, inHand.word);
  if (!dragged.matches(".card")) return;
  // The link of a card leads to its page; what is dragged is its picture.
  const file = dragged.querySelector("[data-file]")?.dataset.file ?? `${base}g/${run}/workflow.json`;
  dataTransfer.setData("text/uri-list", new URL(file, location.href).href);
  dataTransfer.setData("text/plain", new URL(file, location.href).href);
});
