"""The .deb, by dpkg in a Debian of its own; and its units, in one that is started with systemd."""

import gzip
import shutil
import socket
import subprocess

import pytest
from daemon import Daemon, answers, until, until_recorded
from lab import picture
from machine import Machine
from pages import lead_nowhere
from root import ROOT

# What it depends on, and what looks after services.
DEBIAN = ("bookworm", "adduser", "dbus-user-session", "libpam-systemd", "systemd-sysv")
CONFIG = "/etc/comfy-recall/config.toml"
DATA = "/var/lib/comfy-recall"
WANTED = "/etc/systemd/system/multi-user.target.wants/comfy-recall.service"


def installed(root, package):
    """Installs it, as an administrator does who is asked nothing."""
    shutil.copy(package, root.path("/tmp/comfy-recall.deb"))
    return root.run("dpkg", "--install", "/tmp/comfy-recall.deb", DEBIAN_FRONTEND="noninteractive")


def recording(root, lab):
    """The command of the service, as its user."""
    place = {"RECALL_COMFYUI": lab.comfyui, "RECALL_LISTEN": "127.0.0.1:0", "HOME": DATA}
    return root.command("/usr/bin/comfy-recall", "--config", CONFIG, user=root.ids("comfy-recall"), **place)


def owner(root, path):
    return root.run("stat", "--format=%U:%G %a", path).stdout.strip()


def test_a_package_records_and_its_history_outlives_upgrade_removal_and_purge(new_root, package, lab, version):
    root = new_root(*DEBIAN)
    installed(root, package())
    assert root.run("comfy-recall", "--version").stdout == f"comfy-recall {version}\n"
    assert owner(root, DATA) == "comfy-recall:comfy-recall 700"
    assert owner(root, CONFIG) == "root:comfy-recall 640"
    assert root.path(WANTED).is_symlink()
    assert root.run("dpkg", "--verify", "comfy-recall").stdout == ""
    first = lab.record(picture(201))
    with Daemon(recording(root, lab)) as daemon:
        until_recorded(daemon.url, first)
    root.run("sh", "-c", f"echo 'log_level = \"debug\"' >> {CONFIG}")

    installed(root, package("--deb-version=999.0.0-1"))
    assert root.run("dpkg-query", "--show", "--showformat=${Version}", "comfy-recall").stdout == "999.0.0-1"
    assert root.path(CONFIG).read_text().endswith('\nlog_level = "debug"\n')
    assert owner(root, CONFIG) == "root:comfy-recall 640"
    second = lab.record(picture(202))
    with Daemon(recording(root, lab)) as daemon:
        for prompt_id in [first, second]:
            until_recorded(daemon.url, prompt_id)

    root.run("dpkg", "--remove", "comfy-recall")
    assert not root.path("/usr/bin/comfy-recall").exists()
    assert root.path(CONFIG).exists()
    assert root.path(f"{DATA}/recall.db").exists()

    said = root.run("dpkg", "--purge", "comfy-recall").stdout
    assert f"The history of ComfyUI is still in {DATA}" in said
    assert root.path(f"{DATA}/recall.db").exists()
    assert owner(root, DATA) == "comfy-recall:comfy-recall 700"
    for gone in ["/etc/comfy-recall", WANTED]:
        assert not root.path(gone).exists() and not root.path(gone).is_symlink()

    # Whoever comes back finds it.
    installed(root, package())
    with Daemon(recording(root, lab)) as daemon:
        until_recorded(daemon.url, first)


def test_a_package_that_was_never_used_leaves_nothing_behind(new_root, package):
    root = new_root(*DEBIAN)
    installed(root, package())
    said = root.run("dpkg", "--purge", "comfy-recall").stdout
    assert "kept" not in said
    left = root.run("find", "/etc", "/usr", "/var/lib", "-xdev", "-path", "/var/lib/dpkg", "-prune", "-o", "-name", "*comfy-recall*", "-print")
    assert left.stdout == ""


def test_what_a_package_holds_and_needs(package, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", package(), tmp_path], check=True)
    depends = subprocess.run(["dpkg-deb", "--field", package(), "Depends"], check=True, stdout=subprocess.PIPE, text=True)
    assert "libc6 (>= " in depends.stdout
    page = gzip.decompress((tmp_path / "usr/share/man/man1/comfy-recall.1.gz").read_bytes()).decode()
    assert ".TH comfy-recall 1" in page
    for name in ["list", "export", "backup", "health"]:
        assert (tmp_path / f"usr/share/man/man1/comfy-recall-{name}.1.gz").exists()
    subprocess.run(["bash", "-n", tmp_path / "usr/share/bash-completion/completions/comfy-recall"], check=True)
    for path in ["zsh/vendor-completions/_comfy-recall", "fish/vendor_completions.d/comfy-recall.fish"]:
        assert "comfy-recall" in (tmp_path / "usr/share" / path).read_text()


def test_every_link_of_its_pages_leads_somewhere_and_somebody_maintains_it(package, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", package(), tmp_path], check=True)
    assert lead_nowhere(tmp_path / "usr/share/doc/comfy-recall") == []
    field = subprocess.run(["dpkg-deb", "--field", package(), "Maintainer"], check=True, stdout=subprocess.PIPE, text=True)
    author = subprocess.run(["git", "log", "-1", "--format=%aN <%aE>"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    assert field.stdout == author.stdout


def test_debian_has_nothing_to_say_against_the_package(package):
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on=error,warning", package()], stdout=subprocess.PIPE, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def start():
    """Starts machines that are stopped after the test."""
    if shutil.which("systemd-nspawn") is None:
        pytest.skip("there is no systemd-nspawn here")
    machines = []

    def start(root):
        machines.append(Machine(root))
        return machines[-1]

    yield start
    for machine in machines:
        machine.stop()


def configured(root, path, lab):
    """Writes a configuration; gives the address of the daemon that follows it."""
    port = free_port()
    place = root.path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a") as file:
        file.write(f'\nlisten = "127.0.0.1:{port}"\n[[comfyui]]\nurl = "{lab.comfyui}"\n')
    return f"http://127.0.0.1:{port}"


def test_units_record_under_all_that_they_forbid(new_root, start, package, lab):
    root = new_root(*DEBIAN)
    installed(root, package())
    ours = configured(root, CONFIG, lab)
    root.run("useradd", "--create-home", "person")
    theirs = configured(root, "/home/person/.config/comfy-recall/config.toml", lab)
    root.run("chown", "--recursive", "person:", "/home/person")
    machine = start(root)
    # Without man, which isn't there.
    for manager, folder in [("--system", "system"), ("--user", "user")]:
        unit = f"/usr/lib/systemd/{folder}/comfy-recall.service"
        verified = machine.run("env", "XDG_RUNTIME_DIR=/run", "systemd-analyze", manager, "--man=no", "verify", unit)
        assert verified.stdout == ""

    until("the service", lambda: answers(f"{ours}/healthz"))
    machine.run("loginctl", "enable-linger", "person")
    runtime = f"XDG_RUNTIME_DIR=/run/user/{root.ids('person').split(':')[0]}"
    systemctl = ["runuser", "--user=person", "--", "env", runtime, "systemctl", "--user"]
    until("the user's systemd", lambda: machine.run(*systemctl, "daemon-reload", check=False).returncode == 0)
    machine.run(*systemctl, "enable", "--now", "comfy-recall")
    until("the user's service", lambda: answers(f"{theirs}/healthz"))

    prompt_id = lab.record(picture(301))
    for url in [ours, theirs]:
        assert len(until_recorded(url, prompt_id)["outputs"]) == 1
    assert root.path("/var/lib/comfy-recall/recall.db").exists()
    assert root.path("/home/person/.local/share/comfy-recall/recall.db").exists()

    # Told to end, it ends by itself.
    for manager in [["systemctl"], systemctl]:
        machine.run(*manager, "stop", "comfy-recall")
        assert machine.run(*manager, "show", "--property=Result", "comfy-recall").stdout == "Result=success\n"
