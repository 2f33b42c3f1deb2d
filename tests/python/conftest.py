import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
# No proxy stands between the tests and this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from lab import FAILURE, Lab, picture  # noqa: E402


@pytest.fixture(scope="session")
def lab():
    """One lab for all: tests only read, but for those that ask for `own_lab`."""
    lab = Lab()
    yield lab
    lab.stop()


@pytest.fixture
def own_lab():
    lab = Lab()
    yield lab
    lab.stop()


@pytest.fixture(scope="session")
def runs(lab):
    """A run of every kind by ComfyUI's id: those that ended, then the one in progress, then those that wait."""
    text = {"node": "5", "key": "text", "content": {"text": "what the node said, 中文"}}
    clip = {"node": "7", "key": "gifs", "subfolder": "video", "filename": "clip.webm"}
    clip["content"] = {"fixture": "output/clip_00001_.webm"}
    preview = {"node": "8", "folder": "temp", "filename": "ComfyUI_temp_00001_.png"}
    preview["content"] = {"picture": {"seed": 9, "width": 32, "height": 32}}
    saved = picture(4)["outputs"]
    documented = picture(2, prompt_id="c47268ab-a94a-48b9-9112-258c059e585d")
    documented["outputs"][0]["filename"] = "ComfyUI_00002_.png"
    ended = {
        "picture": lab.record(picture(1)),
        "documented": lab.record(documented),
        "everything": lab.record({"seed": 2**64 - 1, "outputs": [*saved, preview, clip, text]}),
        "nothing": lab.record({"seed": 5}),
        "failed": lab.record(picture(6), FAILURE),
        "interrupted": lab.record(picture(7), "interrupted"),
    }
    running = lab.queue(picture(8))
    lab.order("start")
    lab.order("recorded", prompt_id=running, status="in_progress")
    waiting = {f"waits {n}": lab.queue(picture(20 + n)) for n in range(2)}
    return {**ended, "runs": running, **waiting}
