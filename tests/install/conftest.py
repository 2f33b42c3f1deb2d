import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]
# No proxy stands between the tests and this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

import lab as labs  # noqa: E402
from root import ROOT, Root, archive, needs_root  # noqa: E402


def pytest_configure(config):
    """Builds the lab and the daemon once, and keeps them where no build reaches: that of the wheel replaces the daemon."""
    if hasattr(config, "workerinput"):
        return
    built = Path(labs.build())
    kept = ROOT / "target/install/lab"
    (kept / "examples").mkdir(parents=True, exist_ok=True)
    for program in (built, built.parents[1] / "comfy-recall"):
        copy = kept / program.relative_to(built.parents[1])
        copy.unlink(missing_ok=True)
        shutil.copy2(program, copy)
    # The workers have it from here.
    os.environ["RECALL_LAB"] = str(kept / "examples" / built.name)


@pytest.fixture(scope="session")
def version():
    """The one that Cargo.toml names."""
    return re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The daemon as it is packaged: without what only a debugger reads."""
    # Where a release build would put it.
    stripped = tmp_path_factory.mktemp("target") / "release/comfy-recall"
    stripped.parent.mkdir()
    subprocess.run(["strip", "-o", stripped, labs.program()], check=True)
    return stripped


@pytest.fixture(scope="session")
def lab():
    """A ComfyUI that does what it is told."""
    lab = labs.Lab()
    yield lab
    lab.stop()


@pytest.fixture
def new_root():
    """Makes Debians in folders that go after the test."""
    if reason := needs_root():
        pytest.skip(reason)
    folders = []

    def make(suite, *packages):
        folders.append(Path(tempfile.mkdtemp(prefix="recall-")))
        folders[-1].chmod(0o755)
        return Root(folders[-1], archive(suite, *packages))

    yield make
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def package(program, tmp_path_factory):
    """Builds the .deb, with the version of Cargo.toml or another."""
    # With the time of the last commit, as a release has it.
    epoch = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch.stdout.strip(), "CARGO_TARGET_DIR": str(program.parents[1])}
    # Whoever runs the tests isn't who maintains it.
    for name in ("DEBFULLNAME", "DEBEMAIL"):
        environment.pop(name, None)
    subprocess.run([ROOT / "packaging/generate", program, "target/packaging"], check=True, env=environment)

    @functools.cache
    def make(*options):
        maintainer = (ROOT / "target/packaging/maintainer").read_text()
        command = ["cargo", "deb", "--quiet", "--no-build", "--fast", "--maintainer", maintainer, *options]
        folder = tmp_path_factory.mktemp("deb")
        subprocess.run([*command, "--output", f"{folder}/"], cwd=ROOT, check=True, env=environment)
        return next(folder.glob("*.deb"))

    return make
