// What every page does: the viewer's time zone, and a theme that changes at once.

import "./banners.js";
import "./clock.js";
import "./keys.js";
import { on } from "./page.js";

// The server can't know where the viewer's days begin; from the next page on it does.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `recall-tz=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax`;

on("click", "button[name=theme]", async (event, button) => {
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  for (const other of button.parentElement.querySelectorAll("button")) other.ariaPressed = String(other === button);
  await fetch("/preferences", { method: "POST", body: new URLSearchParams({ theme: button.value }), redirect: "manual" });
});
