"""docs/api.md and the page /api: their examples run; every address and metric is named; the API is what its description
says."""

import html
import os
import re
import subprocess
import sys

import pytest
import requests
from lab import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(sh|python|js)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def run_example(kind, block, folder):
    """Runs it as somebody who pasted it; a request that is refused is no example."""
    if kind == "sh":
        block = block.replace("curl ", "curl --show-error --fail --noproxy '*' ")
        # A stream has no end but the one that we give it.
        block = re.sub(r"^(curl .*) -sN (.*)$", r"\1 -sN --max-time 1 \2 || test $? = 28", block, flags=re.MULTILINE)
        command = ["bash", "-euo", "pipefail", "-c", block]
    elif kind == "python":
        command = [sys.executable, "-c", block]
    else:
        (folder / "example.mjs").write_text(block + "\nprocess.exit(0);\n")
        command = ["node", "example.mjs"]
    environment = {**os.environ, "TOKEN": "nothing is asked for"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{block}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("kind, block", BLOCKS, ids=[block.splitlines()[0][:50] for _, block in BLOCKS])
def test_every_example_runs(lab, runs, tmp_path, kind, block):
    run_example(kind, block.replace("http://127.0.0.1:8588", lab.url), tmp_path)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_example_of_the_page_runs(lab, runs, tmp_path, language):
    page = requests.get(f"{lab.url}/api", headers={"Accept-Language": language}).text
    examples = re.findall(r'<pre id="([^"]+)" data-example="(\w+)"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert len(examples) > 30
    kinds = set()
    for name, kind, block in examples:
        kinds.add(kind)
        if "/gaps/" in block:
            # Nothing was missed here.
            assert '"not_found"' in run_example(kind, html.unescape(block).replace("curl ", "curl --no-fail "), tmp_path)
        # What the configuration has of webhooks is read by a test of the configuration.
        elif kind != "toml":
            (tmp_path / name).mkdir()
            run_example(kind, html.unescape(block), tmp_path / name)
    assert kinds == {"sh", "python", "js", "toml"}


def test_asking_again_gets_nothing_anew(lab, runs, tmp_path):
    block = next(block for kind, block in BLOCKS if "If-None-Match" in block)
    assert run_example("sh", block.replace("http://127.0.0.1:8588", lab.url), tmp_path).strip() == "304"


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
