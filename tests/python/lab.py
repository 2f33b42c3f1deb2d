"""A ComfyUI that does what it is told, and the real daemon beside it: the other end is tests/browser/lab/main.rs."""

import json
import os
import subprocess
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]


def build():
    """Builds the daemon and the lab; gives the path of the lab, which finds the daemon beside it."""
    command = ["cargo", "build", "--locked", "--bins", "--example", "lab"]
    command.append("--message-format=json-render-diagnostics")
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in told.splitlines()]
    return next(made["executable"] for made in artifacts if made.get("executable") and made["target"]["name"] == "lab")


def program():
    """The daemon's program, which stands above the lab's."""
    return Path(os.environ.get("RECALL_LAB") or build()).parent.parent / "comfy-recall"


class Lab:
    """`url` is the daemon's address, `comfyui` that of the ComfyUI beside it."""

    def __init__(self, *arguments):
        program = os.environ.get("RECALL_LAB") or build()
        self._process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        told = self._answer()
        self.url = told["url"].rstrip("/")
        self.comfyui = next(iter(told["comfyui"].values())).rstrip("/")

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the lab ended with {self._process.wait()}")
        return json.loads(line)

    def order(self, what, **fields):
        """One order of lab/orders.rs, and its answer."""
        self._process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def record(self, run, outcome="success"):
        """Queues, starts and ends a run, and waits until it is recorded with all its files; gives ComfyUI's id."""
        prompt_id = self.order("run", run=run, outcome=outcome)["prompt_id"]
        status = {"success": "completed", "interrupted": "cancelled"}.get(str(outcome), "failed")
        self.order("recorded", prompt_id=prompt_id, status=status)
        return prompt_id

    def queue(self, run):
        """Queues a run, and waits until it is recorded; gives ComfyUI's id."""
        prompt_id = self.order("queue", run=run)["prompt_id"]
        self.order("recorded", prompt_id=prompt_id, status="pending")
        return prompt_id

    def indexed(self):
        """Waits until searches know every run."""
        end = time.monotonic() + 60
        while requests.get(f"{self.url}/readyz").json()["index"]["waiting"] > 0:
            assert time.monotonic() < end, "waited in vain for the index"
            time.sleep(0.025)

    def stop(self):
        """Ends everything that it started."""
        self._process.stdin.close()
        self._process.wait(timeout=60)


def picture(seed, **more):
    """A run with one picture that differs for every seed."""
    content = {"picture": {"seed": seed, "width": 64, "height": 48}}
    return {"seed": seed, "outputs": [{"filename": f"lab_{seed:05}_.png", "content": content}], **more}


FAILURE = {
    "error": {
        "node": "3",
        "class": "KSampler",
        "exception": "torch.OutOfMemoryError",
        "message": "CUDA out of memory. Tried to allocate 2.50 GiB.\n",
        "traceback": ['  File "/opt/ComfyUI/execution.py", line 542, in execute\n'],
        "inputs": {"seed": [156680208700286]},
    }
}
