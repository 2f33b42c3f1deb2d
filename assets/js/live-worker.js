// One stream for all tabs: browsers allow six connections to a server, and people have twenty tabs.

import { listen } from "./stream.js";

const tabs = new Set();
// What a tab that comes later has to know.
let state = null;

const stream = listen((message) => {
  if (message.type === "away") state = message;
  else if (message.id) state = { type: "hello", id: message.id, skew: message.skew ?? state?.skew };
  for (const tab of tabs) tab.postMessage(message);
});

globalThis.onconnect = ({ ports: [tab] }) => {
  tabs.add(tab);
  tab.onmessage = ({ data }) => {
    if (data !== "bye") return stream.check();
    tabs.delete(tab);
    tab.close();
    if (tabs.size === 0) {
      stream.close();
      state = null;
    }
  };
  if (state) tab.postMessage(state);
  stream.check();
};
