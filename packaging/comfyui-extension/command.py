"""The program `comfy-recall`: where it is, what it would do, and how it is started so that it outlives ComfyUI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

NAME = "comfy-recall.exe" if os.name == "nt" else "comfy-recall"
DEFAULT_URL = "http://127.0.0.1:8588"

# A log that nobody reads must not fill a disk.
MOST_LOG_BYTES = 4 * 1024 * 1024

# A line of `comfy-recall config`: `key = "value"  # where it comes from`.
_LINE = re.compile(r'^(\w+) = "((?:[^"\\]|\\.)*)"  # (.*)$', re.MULTILINE)


@dataclass(frozen=True)
class Configured:
    """What the daemon's own configuration says, from its file and its environment."""

    url: str
    has_servers: bool


# Where cargo, and pipx and uv, put programs: a ComfyUI that was started by a click may not have them on its `PATH`.
_INSTALLED = (".cargo/bin", ".local/bin")


def find(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The program: where `COMFY_RECALL_PROGRAM` says, beside this Python, on the `PATH`, or where it was installed."""
    named = environment.get("COMFY_RECALL_PROGRAM")
    if named:
        return Path(named) if Path(named).is_file() else None
    schemes = [sysconfig.get_path("scripts")]
    if hasattr(sysconfig, "get_preferred_scheme"):
        schemes.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    schemes.append(str(Path(sys.executable).parent))
    for folder in schemes:
        program = Path(folder, NAME)
        if program.is_file():
            return program
    found = shutil.which(NAME, path=environment.get("PATH"))
    if found:
        return Path(found)
    installed = [Path.home() / folder / NAME for folder in _INSTALLED]
    return next((program for program in installed if program.is_file()), None)


def configured(program: Path) -> Configured:
    """Asks the program for its configuration.

    Raises OSError or ValueError, which says what the program said, where there is none that can be used.
    """
    asked = subprocess.run(
        [str(program), "config"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, **_quiet()
    )
    if asked.returncode != 0:
        raise ValueError(asked.stderr.decode("utf-8", "replace").strip() or f"exit code {asked.returncode}")
    return read(asked.stdout.decode("utf-8", "replace"))


def read(text: str) -> Configured:
    """Reads what `comfy-recall config` printed."""
    url, base, has_servers = DEFAULT_URL, "", False
    for key, value, source in _LINE.findall(text):
        if key == "listen":
            url = "http://" + reachable(value)
        elif key == "base_path":
            base = value.rstrip("/")
        elif key == "url":
            has_servers = has_servers or not source.startswith("default")
    return Configured(url + base, has_servers)


def reachable(listen: str) -> str:
    """`HOST:PORT` for this machine's programs of an address that is listened on: nobody connects to `0.0.0.0`."""
    host, _, port = listen.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return f"{host}:{port}"


def start(program: Path, options: list[str], log: Path) -> subprocess.Popen:
    """Starts the daemon on its own: it goes on when ComfyUI stops, as that is when its history is needed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    is_long = log.exists() and log.stat().st_size > MOST_LOG_BYTES
    with open(log, "wb" if is_long else "ab") as out:
        process = subprocess.Popen(
            [str(program), *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=str(Path.home()),
            **_apart(),
        )
    # Should it end before ComfyUI does, nothing of it stays in the table of processes.
    threading.Thread(target=process.wait, name="comfy-recall end", daemon=True).start()
    return process


def _quiet() -> dict:
    return {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}


def _apart() -> dict:
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    # Ctrl-C in ComfyUI's terminal is meant for ComfyUI.
    return {"start_new_session": True}
