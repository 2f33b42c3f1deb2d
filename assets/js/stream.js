// The stream of what changes, which comes back by itself: after an end, a silence, or a sleep of the computer.

// A worker has no page to ask: addresses are known by where this script lies.
const events = new URL("../events", import.meta.url).href;

// The server speaks every 15 seconds at least.
const SILENCE = 35_000;
const TICK = 5_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** Tells every event as `{type, id, skew, …}`, and `{type: "away", since}` when there is no stream. Begins by `check`. */
export function listen(tell) {
  let source = null;
  let last = null;
  let since = null;
  let heardAt = 0;
  let tickedAt = 0;
  let wait = FIRST_WAIT;
  let silence, retry, ticks;

  function open() {
    clearTimeout(retry);
    source?.close();
    heardAt = Date.now();
    source = new EventSource(last ? `${events}?after=${encodeURIComponent(last)}` : events);
    for (const type of ["hello", "reload", "generation", "instance", "storage", "beat"]) source.addEventListener(type, heard);
    source.addEventListener("error", lose);
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE);
  }

  function heard(event) {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE);
    [since, wait, heardAt, last] = [null, FIRST_WAIT, Date.now(), event.lastEventId || last];
    const data = JSON.parse(event.data);
    tell({ ...data, type: event.type, id: event.lastEventId, skew: data.now && data.now - heardAt });
  }

  // Browsers give up for good on some answers, and wait long after others: we come back ourselves.
  function lose() {
    clearTimeout(silence);
    clearTimeout(retry);
    source.close();
    if (since === null) {
      since = heardAt;
      tell({ type: "away", since });
    }
    retry = setTimeout(open, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function tick() {
    const isAwake = Date.now() - tickedAt < 3 * TICK;
    tickedAt = Date.now();
    if (!isAwake) check();
  }

  /** Opens what is closed and doubts what is silent: somebody looks now. */
  function check() {
    if (!ticks) {
      tickedAt = Date.now();
      ticks = setInterval(tick, TICK);
    }
    if (source === null || since !== null || Date.now() - heardAt > SILENCE / 2) {
      wait = FIRST_WAIT;
      open();
    }
  }

  function close() {
    source?.close();
    source = null;
    for (const timer of [silence, retry]) clearTimeout(timer);
    clearInterval(ticks);
    ticks = undefined;
  }

  return { check, close };
}
