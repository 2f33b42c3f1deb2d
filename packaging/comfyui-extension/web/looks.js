// What the page around us looks like and speaks, and our few words in its languages.

/** `light` or `dark`, whatever palette ComfyUI wears. */
export function theme(body = document.body) {
  if (body.classList.contains("dark-theme")) return "dark";
  const [red, green, blue] = (getComputedStyle(body).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128 ? "dark" : "light";
}

/** The language that our pages have of those that ComfyUI may be set to. */
export function language(app, browser = navigator.language) {
  const chosen = app.ui?.settings?.getSettingValue?.("Comfy.Locale") || browser;
  return /^zh/i.test(chosen) ? "zh-CN" : "en";
}

const WORDS = {
  title: ["History", "生成历史"],
  tooltip: ["Everything this ComfyUI has made (comfy-recall)", "这个 ComfyUI 生成过的一切（comfy-recall）"],
  command: ["Show or hide the permanent history", "显示或隐藏生成历史"],
  "setting-start": ["Start comfy-recall with ComfyUI", "随 ComfyUI 一起启动 comfy-recall"],
  "setting-start-hint": [
    "Only if it isn't running yet. It keeps running when ComfyUI stops. Takes effect at ComfyUI's next start.",
    "仅在尚未运行时启动；ComfyUI 停止后它会继续运行。下次启动 ComfyUI 时生效。",
  ],
  "setting-address": ["Address of comfy-recall", "comfy-recall 的地址"],
  "setting-address-hint": [
    "Only if it runs elsewhere, for example https://recall.example.org. It has to record this ComfyUI.",
    "仅当它在别处运行时填写，例如 https://recall.example.org。它必须配置为记录这个 ComfyUI。",
  ],
  looking: ["Looking for comfy-recall…", "正在查找 comfy-recall……"],
  starting: ["comfy-recall is starting…", "comfy-recall 正在启动……"],
  // until published: pypi
  absent: [
    "comfy-recall isn't installed on ComfyUI's machine, so nothing is recorded. Run this in a checkout of comfy-recall, then press Start.",
    "ComfyUI 所在的机器上没有安装 comfy-recall，因此不会记录任何内容。请在 comfy-recall 的源码目录里运行下面的命令，然后点击“启动”。",
  ],
  off: ["comfy-recall isn't running, so nothing is recorded.", "comfy-recall 没有运行，因此不会记录任何内容。"],
  unwanted: [
    "comfy-recall isn't running, so nothing is recorded. Starting it is disabled in ComfyUI's settings: turn on “Start comfy-recall with ComfyUI”, then press Start.",
    "comfy-recall 没有运行，因此不会记录任何内容。ComfyUI 的设置中关闭了自动启动：请打开“随 ComfyUI 一起启动 comfy-recall”，然后点击“启动”。",
  ],
  failed: [
    "comfy-recall couldn't be started, so nothing is recorded. ComfyUI's log says why; comfy-recall.log in ComfyUI's “user” folder has the details.",
    "无法启动 comfy-recall，因此不会记录任何内容。原因见 ComfyUI 的日志；详情见 ComfyUI 的“user”文件夹中的 comfy-recall.log。",
  ],
  "no-address": [
    "The address of comfy-recall in ComfyUI's settings, {url}, isn't an http or https address. Enter one such as https://recall.example.org.",
    "ComfyUI 设置中 comfy-recall 的地址 {url} 不是 http 或 https 地址。请填写形如 https://recall.example.org 的地址。",
  ],
  unreachable: [
    "comfy-recall is running on ComfyUI's machine, but this browser can't reach {url}. Make it listen there (--listen, with a password), or set its address in ComfyUI's settings.",
    "comfy-recall 正在 ComfyUI 所在的机器上运行，但此浏览器无法访问 {url}。请让它监听该地址（--listen，并设置密码），或在 ComfyUI 设置中填写它的地址。",
  ],
  refused: [
    "comfy-recall at {url} doesn't record the ComfyUI at {origin}, so its history can't be shown here. List every ComfyUI that it should record in its configuration file (“comfy-recall config” shows where that is), including this one as below. Then run “comfy-recall stop”, and start it again.",
    "位于 {url} 的 comfy-recall 没有记录 {origin} 的 ComfyUI，因此无法在这里显示历史。请在它的配置文件（“comfy-recall config”会显示其位置）中列出需要记录的每个 ComfyUI，其中这一个的写法如下。然后运行“comfy-recall stop”，再重新启动。",
  ],
  start: ["Start", "启动"],
  retry: ["Try again", "重试"],
  unsaved: [
    "The workflow on the canvas has unsaved changes. Open the other one anyway?",
    "画布上的工作流有未保存的更改。仍要打开另一个吗？",
  ],
  "unsaved-title": ["Open in ComfyUI", "在 ComfyUI 中打开"],
  broken: ["This workflow can't be opened.", "无法打开这个工作流。"],
};

/** What says a key in that language, with `{name}` filled in. */
export function words(language) {
  const column = language === "zh-CN" ? 1 : 0;
  return (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), WORDS[key][column]);
}
