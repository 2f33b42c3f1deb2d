"""A daemon that was installed, and what it is asked."""

import subprocess
import time

import requests

PATIENCE = 60


def until(what, look):
    """Looks again and again until there is an answer."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def answers(url, **options):
    """The answer of a daemon that may not be there yet."""
    try:
        return requests.get(url, timeout=5, **options)
    except requests.ConnectionError:
        return None


def until_recorded(url, prompt_id, **options):
    """Waits until a run is recorded there with its files; gives its details."""

    def look():
        answer = answers(f"{url}/api/v1/generations?prompt_id={prompt_id}", **options)
        items = answer.json()["items"] if answer is not None and answer.ok else []
        if not items or items[0]["status"] != "completed":
            return None
        detail = requests.get(f"{url}/api/v1/generations/{items[0]['id']}", timeout=5, **options).json()
        return detail if all(output["state"] == "stored" for output in detail["outputs"]) else None

    return until(f"{prompt_id} to be recorded", look)


class Daemon:
    """One that was started here: `url` is its address."""

    def __init__(self, command, **options):
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        line = self._process.stdout.readline()
        assert "listening on " in line, f"it said {line!r} and ended with {self._process.wait(timeout=PATIENCE)}"
        self.url = line.split("listening on ")[1].strip().rstrip("/").replace("//0.0.0.0:", "//127.0.0.1:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        assert self._process.wait(timeout=PATIENCE) == 0
