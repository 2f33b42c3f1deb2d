"""What starts it on Windows and on macOS, and what is written of versions. Neither system is here: scripts are parsed,
or run with a launchctl that only listens."""

import os
import plistlib
import re
import shutil
import subprocess

import pytest
import tree_sitter
import tree_sitter_powershell
from pages import lead_nowhere
from root import ROOT

PACKAGING = ROOT / "packaging"
POWERSHELL = sorted((PACKAGING / "windows").glob("*.ps1"))


@pytest.fixture(scope="session")
def flags(program):
    """The options of `serve`."""
    told = subprocess.run([program, "serve", "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return set(re.findall(r"--[a-z-]+", told))


def shell_scripts():
    """Everything in packaging that says that a shell reads it, and what runs these tests."""
    scripts = [ROOT / ".ci/run", ROOT / "tests/all", *ROOT.glob("tests/*/run")]
    for path in sorted(PACKAGING.rglob("*")):
        if path.is_file() and re.match(rb"#!.*\b(ba)?sh\n", path.read_bytes()[:64]):
            scripts.append(path)
    return scripts


def test_shell_scripts_are_sound():
    assert len(shell_scripts()) >= 6
    subprocess.run(["shellcheck", *shell_scripts()], check=True)


@pytest.mark.parametrize("path", POWERSHELL, ids=lambda path: path.name)
def test_a_script_for_windows_is_powershell(path):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    assert parser.parse(b"if ($x { 1 }").root_node.has_error
    assert not parser.parse(path.read_bytes()).root_node.has_error
    # Windows PowerShell 5.1 takes what isn't marked for the code page of the machine.
    path.read_bytes().decode("ascii")


def test_options_of_the_script_for_windows_exist(flags):
    text = (PACKAGING / "windows/install.ps1").read_text()
    used = set(re.findall(r"'(--[a-z-]+)'", text))
    assert {"--comfyui", "--data-dir", "--listen", "--config"} <= used <= flags


def rated(unit):
    """How exposed systemd thinks a unit is: from 0 to 10."""
    command = ["systemd-analyze", "security", "--offline=true", unit]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    return float(told.split("exposure level for ")[1].split()[1])


def test_units_are_hardened(tmp_path):
    units = PACKAGING / "systemd"
    assert rated(units / "comfy-recall.service") <= 2.5
    # What systemd doesn't know of a user's unit: it has no capabilities to lose, and isn't root.
    known = "[Service]\nUser=somebody\nCapabilityBoundingSet=\n"
    unit = tmp_path / "comfy-recall.service"
    unit.write_text((units / "user/comfy-recall.service").read_text().replace("[Service]\n", known))
    assert rated(unit) <= 3.0


@pytest.fixture
def mac(tmp_path, program):
    """Runs the installer as on a Mac, whose names hold what XML and sed have a meaning for."""
    home = tmp_path / "Home & <sweet> | home"
    (home / "bin").mkdir(parents=True)
    heard = tmp_path / "heard"
    launchctl = home / "bin/launchctl"
    launchctl.write_text(f'#!/bin/sh\necho "$@" >> {heard}\n[ "$1" != print ]\n')
    launchctl.chmod(0o755)
    (home / "bin/comfy-recall").symlink_to(program)

    class Mac:
        agent = home / "Library/LaunchAgents/comfy-recall.plist"
        folder = home

        def run(self, *arguments, check=True):
            environment = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}"}
            command = ["bash", PACKAGING / "macos/install.sh", *arguments]
            return subprocess.run(command, env=environment, check=check, stderr=subprocess.PIPE, text=True)

        def heard(self):
            return [line.split()[0] for line in heard.read_text().splitlines()] if heard.exists() else []

    return Mac()


def test_an_agent_for_macos_starts_the_program_with_its_options(mac, flags):
    options = ["--comfyui", "http://127.0.0.1:1/a&b", "--comfyui-dir", "/Volumes/a <b> & 'c' \\d|e"]
    mac.run(*options)
    agent = plistlib.loads(mac.agent.read_bytes())
    assert agent["ProgramArguments"] == [f"{mac.folder}/bin/comfy-recall", "serve", *options]
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077
    assert agent["StandardErrorPath"] == f"{mac.folder}/Library/Logs/comfy-recall.log"
    assert mac.heard() == ["bootout", "print", "bootstrap"]
    assert list(mac.agent.parent.iterdir()) == [mac.agent]

    mac.run("--uninstall")
    assert not mac.agent.exists()
    assert mac.heard()[3:] == ["bootout", "print"]


def test_an_agent_with_options_that_are_wrong_is_not_installed(mac):
    done = mac.run("--listen", "nowhere", check=False)
    assert done.returncode != 0
    assert 'listen "nowhere"' in done.stderr
    assert not mac.agent.exists() and mac.heard() == []


def test_a_program_that_is_not_there_is_told(mac):
    done = mac.run("/no/such/program", check=False)
    assert done.returncode == 1
    assert "/no/such/program isn't a program; install it from a checkout with: pipx install ./packaging/wheel" in done.stderr


def test_an_archive_is_as_a_checkout_and_its_links_lead_somewhere(program, tmp_path):
    subprocess.run([PACKAGING / "generate", program, "target/packaging"], check=True)
    folder = tmp_path / "comfy-recall"
    subprocess.run([PACKAGING / "tree", program, folder], check=True)
    assert lead_nowhere(folder) == []
    for name in ["comfy-recall", "packaging/macos/install.sh", "packaging/systemd/user/comfy-recall.service"]:
        assert (folder / name).is_file(), name
    assert (folder / "man1/comfy-recall.1.gz").exists()


def test_a_release_says_all_that_it_needs_before_it_begins(tmp_path):
    # Of what it needs, one is too old and all the others aren't there.
    for name in ["bash", "dirname", "env", "grep", "head", "realpath", "sed", "sort"]:
        (tmp_path / name).symlink_to(shutil.which(name))
    (tmp_path / "maturin").write_text("#!/bin/bash\necho maturin 1.8.9\n")
    (tmp_path / "maturin").chmod(0o755)
    folder = tmp_path / "dist"
    command = [shutil.which("bash"), PACKAGING / "release", folder]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert said[0] == "release: nothing was built:"
    assert [line.split()[0] for line in said[1:]] == ["cargo", "cc", "cargo-deb", "maturin", "dpkg-shlibdeps", "git", "tar", "this"]
    assert "maturin is 1.8.9, but 1.9 or later is required; get it with: pipx install maturin" in done.stderr
    assert not folder.exists()


def test_everything_names_the_version_of_the_manifest(version, program):
    assert subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True).stdout == f"comfy-recall {version}\n"
    named = {}
    for path in [*PACKAGING.rglob("pyproject.toml"), *PACKAGING.rglob("*.json")]:
        if found := re.search(r'^\s*"?version"?\s*[=:]\s*"(.+?)"', path.read_text(), re.MULTILINE):
            named[str(path.relative_to(ROOT))] = found[1]
    lock = (ROOT / "Cargo.lock").read_text()
    named["Cargo.lock"] = re.search(r'name = "comfy-recall"\nversion = "(.+?)"', lock)[1]
    assert named == dict.fromkeys(named, version)
