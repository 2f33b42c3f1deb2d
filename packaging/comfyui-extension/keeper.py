"""Sees to it that a daemon runs, and knows how it is doing. Starts one at most once, and never stops one."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from . import command
from .beside import SETTING_ADDRESS, SETTING_START, Beside, setting

# What to type in a checkout. until published: pypi
INSTALL = "cargo install --locked --path ."

# How long a daemon may take until it answers; a big history is upgraded before.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.1


def answers(url: str, timeout: float = 1.0) -> bool:
    """Whether a comfy-recall answers there. It says who it is without a password."""
    # Not through a proxy of the environment: that is for the world outside.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=timeout) as answer:
            return json.loads(answer.read(4096)).get("app") == "comfy-recall"
    except (OSError, ValueError, AttributeError):
        return False


class Keeper:
    """What is known of the daemon: `state` is one of the words below, `detail` what a person should know of it.

    - `looking`: nothing is known yet
    - `running`: it answers at `url`
    - `starting`: it was started and doesn't answer yet
    - `off`: none runs, and the settings say not to start one
    - `absent`: the program isn't installed
    - `failed`: it ended, or can't be started; `detail` says why
    """

    def __init__(self, beside: Beside):
        self._beside = beside
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._state = "looking"
        self._detail = ""
        self._url = command.DEFAULT_URL
        self._file = command.DEFAULT_FILE
        self.log = Path(beside.user_dir, "comfy-recall.log")

    def begin(self, is_asked: bool = False) -> threading.Thread:
        """Looks for a daemon on a thread, and starts one if there is none. `is_asked`: even if the settings say not to."""
        thread = threading.Thread(target=self._begin, args=(is_asked,), name="comfy-recall", daemon=True)
        thread.start()
        return thread

    def told(self) -> dict:
        """How it is now, for the page. Asks the daemon: it may have come or gone."""
        with self._lock:
            state, detail, url, file = self._state, self._detail, self._url, self._file
        if state not in ("looking", "starting"):
            is_there = answers(url)
            if is_there != (state == "running"):
                state, detail = ("running", "") if is_there else ("off", "")
                self._set(state, detail)
        comfyui = self._beside.url
        return {"state": state, "detail": detail, "url": url, "config": file, "comfyui": comfyui, "install": INSTALL}

    def _set(self, state: str, detail: str = "", url: str | None = None, file: str | None = None) -> None:
        with self._lock:
            self._state, self._detail = state, detail
            self._url, self._file = url or self._url, file or self._file

    def _begin(self, is_asked: bool) -> None:
        # One at a time: the button in the sidebar may be clicked twice.
        if not self._turn.acquire(blocking=False):
            return
        try:
            self._look_and_start(is_asked)
        except Exception as error:  # The thread's only listener is the log.
            self._fail(str(error))
        finally:
            self._turn.release()

    def _look_and_start(self, is_asked: bool) -> None:
        elsewhere = setting(self._beside.user_dir, SETTING_ADDRESS, "").strip().rstrip("/")
        if elsewhere:
            # Somebody else's to start. The page asks there itself.
            return self._set("running" if answers(elsewhere) else "off", url=elsewhere)
        program = command.find()
        known = command.configured(program) if program else command.Configured(command.DEFAULT_URL, False)
        self._set("looking", url=known.url, file=known.file)
        if answers(known.url):
            return self._set("running")
        if program is None:
            logging.warning("comfy-recall: not installed, so nothing is recorded. In its checkout: %s", INSTALL)
            return self._set("absent")
        if not (is_asked or setting(self._beside.user_dir, SETTING_START, True)):
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
                return self._fail(self._last_words() or f"it ended with exit code {process.returncode}")
            time.sleep(PAUSE_SECONDS)
        self._fail(f"it doesn't answer at {url}; see {self.log}")

    def _fail(self, why: str) -> None:
        logging.warning("comfy-recall: nothing is recorded: %s", why)
        self._set("failed", why)

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
