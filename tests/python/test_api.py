"""docs/api.md: its examples run, it names every address and metric; the API is what its description says."""

import re
import subprocess
import sys

import pytest
import requests
from lab import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(sh|python|js)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("kind, block", BLOCKS, ids=[block.splitlines()[0][:50] for _, block in BLOCKS])
def test_every_example_runs(lab, runs, tmp_path, kind, block):
    block = block.replace("http://127.0.0.1:8189", lab.url)
    block = block.replace("curl ", "curl --show-error --fail --noproxy '*' ")
    if kind == "sh":
        command = ["bash", "-euo", "pipefail", "-c", block]
    elif kind == "python":
        command = [sys.executable, "-c", block]
    else:
        (tmp_path / "example.mjs").write_text(block + "\nprocess.exit(0);\n")
        command = ["node", "example.mjs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_address_is_documented(lab):
    described = requests.get(f"{lab.url}/api/v1/openapi.json").json()["paths"]
    documented = set(re.findall(r"^\| `(/[^`]+)` \|", DOCUMENT, re.MULTILINE))
    assert documented == set(described)


def test_every_metric_is_documented(lab, runs):
    text = requests.get(f"{lab.url}/metrics").text
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    documented = set(re.findall(r"`(comfy_recall_\w+)`", DOCUMENT))
    # Without a gap there is no number of gaps.
    told |= {"comfy_recall_gaps"}
    assert {name.removesuffix("_total") for name in documented} == {name.removesuffix("_total") for name in told}


def test_the_api_is_what_its_description_says(lab, runs):
    """No 5xx, and every answer conforms, for whatever the description allows and what it doesn't."""
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{lab.url}/api/v1/openapi.json",
        "--checks", checks, "--exclude-path", "/events", "--max-examples", "40", "--seed", "7", "--workers", "2",
        "--phases", "examples,coverage,fuzzing", "--no-color", "--suppress-health-check", "all",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
