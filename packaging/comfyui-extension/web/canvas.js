// Puts the workflow of a run on the canvas, as the front end at hand does it, and asks before work would be lost.

/** Whether the canvas holds changes that were saved nowhere. Front ends without tabs can't say: then whatever is on it. */
export function hasUnsaved(app) {
  const workflow = app.extensionManager?.workflow?.activeWorkflow;
  if (workflow && typeof workflow.isModified === "boolean") return workflow.isModified;
  return (app.graph?._nodes?.length ?? 0) > 0;
}

async function mayReplace(app, say) {
  if (!hasUnsaved(app)) return true;
  const dialog = app.extensionManager?.dialog;
  if (dialog?.confirm) return (await dialog.confirm({ title: say("unsaved-title"), message: say("unsaved") })) === true;
  return confirm(say("unsaved"));
}

/** What a tab is called after a run: a name that can be a file's, without the ending of the picture that it may come from. */
export function tabName(name) {
  const plain = (name ?? "").replace(/\.(png|jpe?g|webp|gif|mp4|webm|flac|mp3|opus|wav|json)$/i, "");
  return plain.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, "_").trim().slice(0, 100) || "comfy-recall";
}

/**
 * Opens a run's workflow, or its prompt where it came from a script and has no workflow. False if the user would rather not.
 * `run`: `{ name, workflow }` or `{ name, prompt }`, as JSON values.
 */
export async function openWorkflow(app, run, say) {
  const { workflow, prompt } = run;
  if (!workflow && !prompt) throw new TypeError("no workflow");
  if (!(await mayReplace(app, say))) return false;
  const name = tabName(run.name);
  // By name, so that front ends with tabs open it in one of its own.
  if (workflow) await app.loadGraphData(workflow, true, true, name);
  else await app.loadApiJson(prompt, name);
  return true;
}
