"""The wheel: the sdist holds what a build needs, and the wheel that is built from it records."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest
from daemon import Daemon, answers, until_recorded
from lab import picture
from root import ROOT


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run(["maturin", "sdist", "--out", folder], cwd=ROOT / "packaging/wheel", check=True)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def wheel(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = next(folder.iterdir())
    # Cargo takes what is older than its last build for known, and an sdist has files of long ago.
    for path in source.rglob("*"):
        os.utime(path)
    command = ["maturin", "build", "--quiet", "--profile=dev", "--strip", "--locked", "--out", folder / "made"]
    subprocess.run(command, cwd=source, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")})
    return next((folder / "made").glob("*.whl"))


def test_an_sdist_holds_what_a_build_needs_and_nothing_of_the_tests(sdist, version):
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert sdist.name == f"comfy_recall-{version}.tar.gz"
    tops = {name.split("/")[0] for name in names}
    files = {"Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "CHANGELOG.md", "PKG-INFO", "pyproject.toml"}
    assert tops == files | {"assets", "docs", "python", "src", "templates"}
    # Each file of these folders, as git knows them.
    told = subprocess.run(["git", "ls-files", "src", "assets", "templates"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    assert set(told.stdout.decode().split()) <= names


def test_an_image_for_containers_is_built_from_the_same_files():
    includes = re.search(r"^include = \[(.+?)\]", (ROOT / "Cargo.toml").read_text(), re.DOTALL | re.MULTILINE)[1]
    lines = (ROOT / "packaging/docker/Dockerfile.dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    kept = {line.removeprefix("!") for line in lines[2:]}
    assert kept == {*re.findall(r'"(.+?)"', includes), "/Cargo.toml"}


def test_the_wheel_tells_of_itself(wheel, version):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        told = archive.read(f"comfy_recall-{version}.dist-info/METADATA").decode()
    assert [name for name in names if "dist-info" not in name] == [
        "comfy_recall/__init__.py",
        "comfy_recall/__main__.py",
        f"comfy_recall-{version}.data/scripts/comfy-recall",
    ]
    for line in [f"Version: {version}", "Name: comfy-recall", "License: MIT", "Summary: Remembers", "Keywords: comfyui"]:
        assert f"\n{line}" in told
    assert "\n# comfy-recall\n" in told
    assert re.fullmatch(rf"comfy_recall-{re.escape(version)}-py3-none-\w+\.whl", wheel.name)


def test_a_wheel_in_a_new_environment_records(wheel, lab, version, tmp_path):
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    pip = [environment / "bin/pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-index", wheel], check=True)
    program = environment / "bin/comfy-recall"
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    module = [environment / "bin/python", "-m", "comfy_recall"]
    for command in [[program], module]:
        told = subprocess.run([*command, "--version"], env=alone, check=True, stdout=subprocess.PIPE, text=True).stdout
        assert told == f"comfy-recall {version}\n"
    options = ["--comfyui", lab.comfyui, "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path / "data")]
    with Daemon([*module, *options], env=alone) as daemon:
        detail = until_recorded(daemon.url, lab.record(picture(101)))
        assert len(detail["outputs"]) == 1
        # As the README updates it.
        told = subprocess.run([*module, "stop", *options[-2:]], env=alone, check=True, stdout=subprocess.PIPE, text=True)
        assert told.stdout == f"comfy-recall has stopped; its data folder is {tmp_path / 'data'}\n"
        assert answers(daemon.url) is None
    subprocess.run([*pip, "install", "--no-index", "--upgrade", "--force-reinstall", wheel], check=True)
    with Daemon([*module, *options], env=alone) as daemon:
        assert answers(f"{daemon.url}/api/v1/generations/{detail['id']}").ok
    subprocess.run([*pip, "uninstall", "--yes", "comfy-recall"], check=True)
    assert not program.exists()
    assert (tmp_path / "data/recall.db").exists()


@pytest.mark.parametrize("installer", [["pipx", "install"], ["uv", "tool", "install", "--python", sys.executable]], ids=["pipx", "uv"])
def test_pipx_and_uv_install_it_as_the_readme_says(installer, wheel, version, tmp_path):
    programs = tmp_path / "programs"
    places = {"PIPX_HOME": tmp_path / "pipx", "PIPX_BIN_DIR": programs, "UV_TOOL_DIR": tmp_path / "uv", "UV_TOOL_BIN_DIR": programs}
    environment = {**os.environ, "HOME": str(tmp_path), **{name: str(place) for name, place in places.items()}}
    subprocess.run([sys.executable, "-m", *installer, wheel], env=environment, check=True)
    told = subprocess.run([programs / "comfy-recall", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert told == f"comfy-recall {version}\n"


def test_a_module_without_its_program_says_what_to_do(tmp_path):
    environment = {"PYTHONPATH": str(ROOT / "packaging/wheel/python"), "HOME": str(tmp_path)}
    command = [sys.executable, "-S", "-m", "comfy_recall"]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "install it once more" in done.stderr
    assert len(done.stderr.splitlines()) == 1
