// How long something has been going on: `<time data-since="1795168752094">` counts.

import { now } from "./live.js";

function elapsed(since) {
  const seconds = Math.max(0, Math.floor((now() - since) / 1_000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const digits = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${digits(minutes)}:${digits(rest)}` : `${minutes}:${digits(rest)}`;
}

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-since]")) time.textContent = elapsed(time.dataset.since);
}

setInterval(tick, 1_000);
tick();
