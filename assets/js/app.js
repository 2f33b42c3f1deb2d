// What every page does: the viewer's time zone, and a theme that changes at once.

import "./banners.js";
import "./clock.js";
import "./keys.js";
import { base, on } from "./page.js";

// The server can't know where the viewer's days begin until it is told. Where it guessed wrong, the page is asked for
// again, once: what comes later must not stand under other days.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const told = `recall-tz=${encodeURIComponent(zone ?? "")}`;
const isTold = () => document.cookie.split("; ").includes(told);
if (zone && !isTold()) {
  document.cookie = `${told}; Path=${base}; Max-Age=31536000; SameSite=Lax`;
  const isWrong = Number(document.body.dataset.offset) !== -new Date().getTimezoneOffset();
  if (isWrong && isTold() && document.body.dataset.position) location.reload();
}

on("click", "button[name=theme]", async (event, button) => {
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  for (const other of button.parentElement.querySelectorAll("button")) other.ariaPressed = String(other === button);
  await fetch(`${base}preferences`, { method: "POST", body: new URLSearchParams({ theme: button.value }), redirect: "manual" });
});
