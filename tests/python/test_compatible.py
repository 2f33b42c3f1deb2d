"""docs/compatible.md: its examples run, and its tables have every key that there is."""

import re
import subprocess
import sys

import pytest
import requests
from lab import ROOT

DOCUMENT = (ROOT / "docs" / "compatible.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def at(lab, text):
    """The documented addresses, where they are now."""
    return text.replace("http://127.0.0.1:8588", lab.url).replace("http://127.0.0.1:8188", lab.comfyui)


@pytest.mark.parametrize("kind, block", BLOCKS, ids=[block.splitlines()[0][:50] for _, block in BLOCKS])
def test_every_example_runs(lab, runs, tmp_path, kind, block):
    # A request that is refused is no example.
    block = at(lab, block).replace("curl ", "curl --silent --show-error --fail --noproxy '*' ")
    command = ["bash", "-euo", "pipefail", "-c", block] if kind == "sh" else [sys.executable, "-c", block]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())


def keys_of_table(section, nth=0):
    """The first column of a table below a heading."""
    text = DOCUMENT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| (?:Key) .*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)[nth]
    return {re.match(r"\| `(\w+)`", row)[1] for row in table.splitlines()}


def test_every_key_of_a_history_entry_is_documented(lab, runs):
    history = requests.get(f"{lab.url}/history").json()
    assert set().union(*history.values()) == keys_of_table("History")


def test_every_key_of_a_job_is_documented(lab, runs):
    jobs = [requests.get(f"{lab.url}/api/jobs/{prompt_id}").json() for prompt_id in runs.values()]
    assert set().union(*jobs) == keys_of_table("Jobs")


def test_every_key_of_an_artifact_is_documented(lab, runs):
    asked = {"date": "", "status": "", "limit": "20", "offset": 0, "tz": "UTC", "instance": "default"}
    assert set(asked) == keys_of_table("The history plugin's contract")
    listed = requests.post(f"{lab.url}/bt/artifacts/list", json=asked).json()
    assert (listed["code"], listed["msg"], len(listed["data"])) == (0, "success", 9)
    assert set().union(*listed["data"]) == keys_of_table("The history plugin's contract", 1)
    for artifact in listed["data"]:
        alone = requests.get(f"{lab.url}/bt/artifacts/{artifact['id']}", params={"tz": "UTC"}).json()
        assert alone == {"code": 0, "msg": "success", "data": artifact}
