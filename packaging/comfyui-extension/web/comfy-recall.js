// The history in ComfyUI's sidebar. Our pages stand in a frame; what they ask for (open this workflow) is done here, as only
// this page can. Both sides name the origin they speak with, and check the one they hear.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { openWorkflow } from "./canvas.js";
import { Frame } from "./frame.js";
import { language, theme, words } from "./looks.js";

const ID = "comfy-recall";
const RUN = "application/x-comfy-recall";
const say = words(language(app));

const frame = new Frame({
  look: () => `${theme()}-${language(app)}`,
  ask: (path, options) => api.fetchApi(path, options).then((answer) => answer.json()),
  address: () => app.ui.settings.getSettingValue("comfy-recall.address", ""),
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
  commands: [{ id: "comfy-recall.toggle", icon: "pi pi-history", label: say("command"), function: toggle }],
  keybindings: [{ commandId: "comfy-recall.toggle", combo: { key: "h", alt: true } }],
  setup() {
    const tab = {
      id: ID,
      icon: "pi pi-history comfy-recall-tab",
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
