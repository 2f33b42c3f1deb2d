"""How long ComfyUI's start waits for the extension, beside how long it waits for aiohttp, which it serves with.

Asked: at most 50 ms. Run with a Python that has aiohttp: target/python/bin/python benches/extension.py
"""

import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15

# A process as ComfyUI's is by then: what the extension imports of the standard library is mostly there already.
SCRIPT = """
import sys, time, types, json, logging, subprocess, threading, urllib.request
began = time.perf_counter()
from aiohttp import web
served = time.perf_counter() - began
paths = {f"get_{kind}_directory": lambda: "/nonexistent" for kind in ("output", "temp", "input", "user")}
args = types.SimpleNamespace(listen="127.0.0.1", port=1, tls_keyfile=None, tls_certfile=None)
instance = types.SimpleNamespace(routes=web.RouteTableDef())
sys.modules["server"] = types.SimpleNamespace(PromptServer=types.SimpleNamespace(instance=instance))
sys.modules["folder_paths"] = types.SimpleNamespace(**paths)
sys.modules["comfy"] = types.SimpleNamespace()
sys.modules["comfy.cli_args"] = types.SimpleNamespace(args=args)
import importlib.util
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location("recall", folder + "/__init__.py", submodule_search_locations=[folder])
package = sys.modules["recall"] = importlib.util.module_from_spec(spec)
began = time.perf_counter()
spec.loader.exec_module(package)
print(time.perf_counter() - began, served)
"""


def main():
    folder = Path(__file__).resolve().parents[1] / "packaging" / "comfyui-extension"
    rounds = []
    for _ in range(ROUNDS):
        told = subprocess.run(
            [sys.executable, "-B", "-c", SCRIPT, str(folder)],
            capture_output=True, check=True, text=True, env={"COMFY_RECALL_PROGRAM": "/nonexistent"},
        )
        rounds.append([float(part) for part in told.stdout.split()])
    ours, theirs = (statistics.median(column) for column in zip(*rounds))
    worst = max(row[0] for row in rounds)
    print(f"extension: {ours * 1000:.1f} ms (worst {worst * 1000:.1f}), {ours / theirs:.2f} of importing aiohttp ({theirs * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
