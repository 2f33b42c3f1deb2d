// The history in ComfyUI's sidebar. Our pages stand in a frame; what they ask for (open this workflow) is done here, as only
// this page can. Both sides name the origin they speak with, and check the one they hear.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { openWorkflow } from "./canvas.js";
import { Frame } from "./frame.js";
import { language, theme, words } from "./looks.js";

const ID = "comfy-recall";
const RUN = "application/x-comfy-recall";
// A picture with a clock: older front ends have a history of their own, with the clock alone.
const ICON = "comfy-recall-icon";
const GLYPH =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'>" +
  "<path d='M10 20H6a2.5 2.5 0 0 1-2.5-2.5v-11A2.5 2.5 0 0 1 6 4h11a2.5 2.5 0 0 1 2.5 2.5V9M3.8 16.2l3.7-3.7 2.6 2.4'/>" +
  "<circle cx='9' cy='8.6' r='1.2'/><circle cx='17' cy='17' r='4.6'/><path d='M17 14.8V17l1.6 1.1'/></svg>";
const say = words(language(app));

const frame = new Frame({
  look: () => `${theme()}-${language(app)}`,
  ask: (path, options) => api.fetchApi(path, options).then((answer) => answer.json()),
  address: () => app.ui.settings.getSettingValue("comfy-recall.address") ?? "",
  open: async (run) => {
    try {
      await openWorkflow(app, run, say);
    } catch (error) {
      tell("error", say("broken"), String(error?.message ?? error));
    }
  },
  tell: (text) => tell("warn", text),
  say,
});

function tell(severity, summary, detail) {
  const toast = app.extensionManager?.toast;
  if (toast) toast.add({ severity, summary, detail, life: 6000 });
  else alert([summary, detail].filter(Boolean).join("\n"));
}

function toggle() {
  const manager = app.extensionManager;
  if (manager?.sidebarTab?.toggleSidebarTab) manager.sidebarTab.toggleSidebarTab(ID);
  else if (manager?.command?.execute) manager.command.execute(`Workspace.ToggleSidebarTab.${ID}`);
  else frame.openAlone();
}

/** A run that is dragged from the history onto the canvas. A node that takes pictures keeps the picture for itself. */
function hearDrops() {
  const isOurs = (event) => event.dataTransfer?.types.includes(RUN);
  const isForNode = () => Boolean(app.dragOverNode);
  addEventListener(
    "drop",
    (event) => {
      if (!isOurs(event) || isForNode() || !(event.target instanceof HTMLCanvasElement)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      frame.askFor(event.dataTransfer.getData(RUN));
    },
    true,
  );
}

app.registerExtension({
  name: "comfy-recall",
  settings: [
    {
      id: "comfy-recall.start",
      category: ["comfy-recall", "comfy-recall", "start"],
      name: say("setting-start"),
      tooltip: say("setting-start-hint"),
      type: "boolean",
      defaultValue: true,
    },
    {
      id: "comfy-recall.address",
      category: ["comfy-recall", "comfy-recall", "address"],
      name: say("setting-address"),
      tooltip: say("setting-address-hint"),
      type: "text",
      defaultValue: "",
    },
  ],
  commands: [{ id: "comfy-recall.toggle", icon: ICON, label: say("command"), function: toggle }],
  keybindings: [{ commandId: "comfy-recall.toggle", combo: { key: "h", alt: true } }],
  setup() {
    const style = document.createElement("style");
    style.textContent = `.${ICON} { display: inline-block; width: 1.25rem; height: 1.25rem; background: currentColor; mask: url("data:image/svg+xml,${encodeURIComponent(GLYPH)}") center / contain no-repeat; }`;
    document.head.append(style);
    const tab = {
      id: ID,
      icon: ICON,
      title: say("title"),
      tooltip: say("tooltip"),
      type: "custom",
      render: (element) => frame.show(element),
      destroy: () => frame.hide(),
    };
    if (app.extensionManager?.registerSidebarTab) app.extensionManager.registerSidebarTab(tab);
    hearDrops();
  },
});
