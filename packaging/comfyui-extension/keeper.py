"""Sees to it that a daemon runs, and knows how it is doing. Starts one at most once, and never stops one."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from . import command
from .beside import SETTING_ADDRESS, SETTING_START, Beside, setting

# What to type in a checkout. until published: pypi
INSTALL = "cargo install --locked --path ."

# How long a daemon may take until it answers; a big history is upgraded before.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1


def _opener() -> urllib.request.OpenerDirector:
    """Asks by http and https alone, where it was told to and nowhere else: a redirect leads to what nobody named, and a
    proxy of the environment is for the world outside."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def is_address(url: str) -> bool:
    """Whether that is the address of a page: http or https, a host, and nothing that belongs to one page or person."""
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.port != 0 and not set(url) & set("?#\\") and url.isprintable()
        return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain
    except ValueError:
        return False


def answers(url: str, timeout: float = 1.0) -> bool:
    """Whether a comfy-recall answers there. It says who it is without a password."""
    if not is_address(url):
        return False
    try:
        with _opener().open(f"{url}/healthz", timeout=timeout) as answer:
            return json.loads(answer.read(4096)).get("app") == "comfy-recall"
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return False


class Keeper:
    """What is known of the daemon: `state` is one of the words below.

    - `looking`: nothing is known yet
    - `running`: it answers at `url`
    - `starting`: it was started and doesn't answer yet
    - `off`: none runs
    - `absent`: the program isn't installed
    - `failed`: it ended, or can't be started; ComfyUI's log says why

    Whoever reaches ComfyUI may ask for the state, so no path, no line of a log and no word of an error is in it.
    """

    def __init__(self, beside: Beside):
        self._beside = beside
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._asks = threading.Lock()
        self._state = "looking"
        self._url = command.DEFAULT_URL
        self.log = Path(beside.user_dir, "comfy-recall.log")

    def begin(self) -> threading.Thread:
        """Looks for a daemon on a thread, and starts one if there is none, unless the settings say not to."""
        thread = threading.Thread(target=self._begin, name="comfy-recall", daemon=True)
        thread.start()
        return thread

    def told(self) -> dict:
        """How it is now, for the page. Asks the daemon: it may have come or gone."""
        with self._lock:
            state, url = self._state, self._url
        # One asks at a time: whoever is asked may take its time to answer, and ComfyUI has but a few threads.
        if state not in ("looking", "starting") and self._asks.acquire(blocking=False):
            try:
                is_there = answers(url)
            finally:
                self._asks.release()
            if is_there != (state == "running"):
                state = "running" if is_there else "off"
                self._set(state)
        return {"state": state, "url": url, "install": INSTALL, "starts": self._may_start()}

    def _may_start(self) -> bool:
        return setting(self._beside.user_dir, SETTING_START, True)

    def _set(self, state: str, url: str | None = None) -> None:
        with self._lock:
            self._state, self._url = state, url or self._url

    def _begin(self) -> None:
        # One at a time: the button in the sidebar may be clicked twice.
        if not self._turn.acquire(blocking=False):
            return
        try:
            self._look_and_start()
        except Exception as error:  # The thread's only listener is the log.
            self._fail(str(error))
        finally:
            self._turn.release()

    def _look_and_start(self) -> None:
        elsewhere = setting(self._beside.user_dir, SETTING_ADDRESS, "").strip().rstrip("/")
        if elsewhere:
            # Somebody else's to start. The page asks there itself.
            if not is_address(elsewhere):
                logging.warning("comfy-recall: its address in ComfyUI's settings isn't an http or https address")
                return self._set("off")
            return self._set("running" if answers(elsewhere) else "off", url=elsewhere)
        program = command.find()
        known = command.configured(program) if program else command.Configured(command.DEFAULT_URL, False)
        self._set("looking", url=known.url)
        if answers(known.url):
            return self._set("running")
        if program is None:
            logging.warning("comfy-recall: not installed, so nothing is recorded. Install it from a checkout with: %s", INSTALL)
            return self._set("absent")
        if not self._may_start():
            return self._set("off")
        self._set("starting")
        # Servers that the daemon's own configuration names are its owner's choice; ours would take their place.
        options = [] if known.has_servers else self._beside.options()
        process = command.start(program, options, self.log)
        self._wait(process, known.url)

    def _wait(self, process, url: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if answers(url):
                logging.info("comfy-recall: recording; the history is at %s", url)
                return self._set("running")
            if process.poll() is not None:
                return self._fail(self._last_words() or f"it exited with code {process.returncode}")
            time.sleep(PAUSE_SECONDS)
        self._fail(f"it doesn't answer at {url}; see {self.log}")

    def _fail(self, why: str) -> None:
        logging.warning("comfy-recall: nothing is recorded: %s", why)
        self._set("failed")

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
