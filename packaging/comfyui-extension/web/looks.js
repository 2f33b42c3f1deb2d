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
  title: ["History", "构建记录"],
  tooltip: ["Everything this ComfyUI made (comfy-recall)", "这个 ComfyUI 生成过的一切（comfy-recall）"],
  command: ["Show or hide the permanent history", "显示或隐藏构建记录"],
  "setting-start": ["Start comfy-recall with ComfyUI", "随 ComfyUI 一起启动 comfy-recall"],
  "setting-start-hint": [
    "Only where none runs yet. It goes on when ComfyUI stops. Takes effect at ComfyUI's next start.",
    "仅在尚未运行时启动；ComfyUI 停止后它会继续运行。下次启动 ComfyUI 时生效。",
  ],
  "setting-address": ["Address of comfy-recall", "comfy-recall 的地址"],
  "setting-address-hint": [
    "Only if it runs elsewhere, for example https://recall.example.org. It must record this ComfyUI.",
    "仅当它在别处运行时填写，例如 https://recall.example.org。它必须记录这个 ComfyUI。",
  ],
  looking: ["Looking for comfy-recall…", "正在寻找 comfy-recall…"],
  starting: ["comfy-recall is starting…", "comfy-recall 正在启动…"],
  // until published: pypi
  absent: [
    "comfy-recall isn't installed beside this ComfyUI, so nothing is recorded. Run this in a checkout of comfy-recall, then press Start.",
    "尚未安装 comfy-recall，因此没有任何记录。请在 comfy-recall 的源码目录里运行下面的命令，然后点击“启动”。",
  ],
  off: ["comfy-recall doesn't run, so nothing is recorded.", "comfy-recall 没有运行，因此没有任何记录。"],
  unwanted: [
    "comfy-recall doesn't run, so nothing is recorded. ComfyUI's settings say not to start it: switch “Start comfy-recall with ComfyUI” on, then press Start.",
    "comfy-recall 没有运行，因此没有任何记录。ComfyUI 的设置不允许启动它：请打开“随 ComfyUI 一起启动 comfy-recall”，然后点击“启动”。",
  ],
  failed: [
    "comfy-recall couldn't be started, so nothing is recorded. ComfyUI's own log says why, and comfy-recall.log in ComfyUI's “user” folder says more.",
    "无法启动 comfy-recall，因此没有任何记录。原因见 ComfyUI 自己的日志；ComfyUI 的“user”文件夹里的 comfy-recall.log 有更多细节。",
  ],
  "no-address": [
    "The address of comfy-recall in ComfyUI's settings, {url}, is neither an http nor an https address. Write one such as https://recall.example.org.",
    "ComfyUI 设置中 comfy-recall 的地址 {url} 不是 http 或 https 地址。请填写形如 https://recall.example.org 的地址。",
  ],
  unreachable: [
    "comfy-recall runs on ComfyUI's machine, but this browser can't reach {url}. Let it listen there (--listen, with a password), or set its address in ComfyUI's settings.",
    "comfy-recall 正在 ComfyUI 所在的机器上运行，但此浏览器无法访问 {url}。请让它监听该地址（--listen，并设置密码），或在 ComfyUI 设置中填写它的地址。",
  ],
  refused: [
    "comfy-recall at {url} doesn't record the ComfyUI at {origin}, so it doesn't show itself here. Name every ComfyUI that it should record in its configuration file (“comfy-recall config” says where that is), and this one as below. Then run “comfy-recall stop”, and start it again.",
    "位于 {url} 的 comfy-recall 没有记录 {origin} 的 ComfyUI，因此不在这里显示。请在它的配置文件（“comfy-recall config”会显示其位置）中列出它应记录的每个 ComfyUI，这一个的写法如下。然后运行“comfy-recall stop”，再重新启动它。",
  ],
  start: ["Start", "启动"],
  retry: ["Try again", "重试"],
  unsaved: [
    "The workflow on the canvas has changes that aren't saved. Open the other one all the same?",
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
