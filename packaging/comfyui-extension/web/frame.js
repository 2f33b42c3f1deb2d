// The frame that our pages stand in, and what stands there instead as long as there is no daemon to show.

const GREETING_MILLIS = 4000;
const WAITING_MILLIS = 1000;

/** The address by which this browser reaches a daemon that listens on the machine of ComfyUI's server. */
export function reach(url, page = location) {
  const [there, here] = [new URL(url), new URL(page.href)];
  const isLoopback = (host) => host === "localhost" || host === "[::1]" || /^127\./.test(host);
  // The same name as the page has, so that both are one site for cookies; and where the page came from another machine,
  // the daemon's loopback isn't the browser's.
  if (isLoopback(there.hostname) && here.hostname) there.hostname = here.hostname;
  return there.href.replace(/\/$/, "");
}

/** An address that somebody wrote down, without strokes at its end; nothing where it isn't one of http or https. */
export function written(address) {
  const plain = address.trim().replace(/\/+$/, "");
  try {
    return ["http:", "https:"].includes(new URL(plain).protocol) ? plain : undefined;
  } catch {
    return undefined;
  }
}

export class Frame {
  #outer;
  #frame;
  #site;
  #path = "";
  #isGreeted = false;
  #timer;
  #watch;

  /** `outer`: what the page around can do: `look`, `ask`, `address`, `open`, `tell`, `say`. */
  constructor(outer) {
    this.#outer = outer;
    addEventListener("message", (event) => this.#hear(event));
  }

  /** Fills the element of the sidebar. */
  show(element) {
    // Some front ends fill it once more when it is there already.
    if (this.#frame && element.contains(this.#frame)) return;
    this.element = element;
    Object.assign(element.style, { height: "100%", display: "flex", flexDirection: "column" });
    this.#begin();
    this.#watch?.disconnect();
    this.#watch = new MutationObserver(() => this.#greet());
    this.#watch.observe(document.body, { attributes: true, attributeFilter: ["class", "style"] });
  }

  hide() {
    clearTimeout(this.#timer);
    this.#watch?.disconnect();
    this.#frame = undefined;
    this.element = undefined;
    this.#isGreeted = false;
  }

  /** Asks for a run that was dropped here, as only our pages can read it with their password. `word`: what it was dragged by. */
  askFor(word) {
    if (this.#isGreeted) this.#say({ say: "open", run: word });
  }

  /** For front ends that have no sidebar. */
  async openAlone() {
    const { ask, address, tell, say } = this.#outer;
    const state = await ask("/comfy-recall");
    const site = address().trim() ? written(address()) : reach(state.url);
    if (site) open(site, "_blank", "noopener");
    else tell(say("no-address", { url: address() }));
  }

  async #begin(isAsked = false) {
    clearTimeout(this.#timer);
    const { say, ask } = this.#outer;
    const element = this.element;
    if (isAsked) this.#note("starting");
    let state;
    try {
      state = await ask(isAsked ? "/comfy-recall/start" : "/comfy-recall", isAsked ? { method: "POST" } : undefined);
    } catch {
      state = { state: "looking" };
    }
    if (element !== this.element) return;
    const address = this.#outer.address().trim();
    const site = address ? written(address) : state.state === "running" && reach(state.url);
    if (site) return this.#open(site);
    if (address) {
      return this.#note("no-address", { values: { url: address }, button: say("retry"), press: () => this.#begin() });
    }
    if (state.state === "looking" || state.state === "starting") {
      this.#note(state.state);
      this.#timer = setTimeout(() => this.#begin(), WAITING_MILLIS);
      return;
    }
    const note = state.state === "off" && state.starts === false ? "unwanted" : state.state;
    const code = note === "absent" ? state.install : undefined;
    this.#note(note, { code, button: say("start"), press: () => this.#begin(true) });
  }

  async #open(site) {
    const { say } = this.#outer;
    const element = this.element;
    let isReached = true;
    try {
      // Nothing of the answer can be read, but that there is one.
      await fetch(`${site}/healthz`, { mode: "no-cors", cache: "no-store" });
    } catch {
      isReached = false;
    }
    // Closed while it was asked.
    if (!element || element !== this.element) return;
    if (!isReached) {
      return this.#note("unreachable", { values: { url: site }, button: say("retry"), press: () => this.#begin() });
    }
    this.#site = site;
    this.#isGreeted = false;
    const frame = document.createElement("iframe");
    frame.title = say("title");
    frame.allow = "clipboard-write; fullscreen";
    // Whom it may tell which page it stands in, before anybody is signed in, is told by this alone.
    frame.referrerPolicy = "origin";
    Object.assign(frame.style, { flex: "1", width: "100%", minHeight: "0", border: "0" });
    frame.addEventListener("load", () => {
      this.#greet();
      // From now on, as a page may take its time, and a frame that is refused is loaded at once, with nothing in it.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#isGreeted || this.#refused(), GREETING_MILLIS);
    });
    frame.src = `${site}/panel/${this.#outer.look()}/${this.#path}`;
    this.#frame = frame;
    element.replaceChildren(frame);
  }

  /** Says hello, and how this page looks by now. */
  #greet() {
    this.#say({ say: "hello", look: this.#outer.look() });
  }

  #say(message) {
    const { origin } = new URL(this.#site ?? location.href);
    this.#frame?.contentWindow?.postMessage({ to: "comfy-recall", ...message }, origin);
  }

  #hear({ source, origin, data }) {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== new URL(this.#site).origin) return;
    if (data?.from !== "comfy-recall") return;
    if (data.say === "ready") {
      this.#greet();
    } else if (data.say === "here") {
      this.#isGreeted = true;
      // Where it was, it is again when the tab is opened next.
      this.#path = String(data.path ?? "");
    } else if (data.say === "open") {
      this.#outer.open(data);
    } else if (data.say === "failed") {
      this.#outer.tell(String(data.text));
    }
  }

  #refused() {
    const { say } = this.#outer;
    // By the address that this page has, as only the pages of addresses that are named may hold the frame.
    const { host, origin } = location;
    const code = `[[comfyui]]\nname = "${host.replace(/[^\w.]+/g, "-")}"\nurl = "${origin}"`;
    const values = { url: this.#site, origin };
    this.#note("refused", { code, values, button: say("retry"), press: () => this.#begin() });
  }

  /** One message where the history would be. */
  #note(key, { code, values, button, press } = {}) {
    const { say } = this.#outer;
    this.#frame = undefined;
    const note = document.createElement("div");
    note.dataset.recall = key;
    note.setAttribute("role", "status");
    Object.assign(note.style, { padding: "1rem", display: "grid", gap: "0.75rem", fontSize: "0.875rem", lineHeight: "1.5" });
    const add = (tag, text, style = {}) => {
      const made = Object.assign(document.createElement(tag), { textContent: text });
      Object.assign(made.style, style);
      note.append(made);
      return made;
    };
    add("p", say(key, values), { margin: "0" });
    if (code) {
      const style = { padding: "0.5rem 0.75rem", borderRadius: "6px", background: "rgb(127 127 127 / 18%)", overflowWrap: "anywhere", whiteSpace: "pre-wrap", userSelect: "all" };
      add("code", code, style);
    }
    if (button) {
      const style = { justifySelf: "start", padding: "0.5rem 1rem", border: "0", borderRadius: "6px", background: "#0f6a63", color: "#fff", font: "inherit", cursor: "pointer" };
      add("button", button, style).addEventListener("click", press);
    }
    this.element.replaceChildren(note);
  }
}
