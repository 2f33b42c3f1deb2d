"""The image: there is no engine here, so its steps are taken one by one in the Debian that it names."""

import json
import os
import re
import shutil
import subprocess

import pytest
from daemon import Daemon, until_recorded
from lab import picture
from root import ROOT

DOCKER = ROOT / "packaging/docker"
TOKEN = {"Authorization": "Bearer a-token-for-the-tests-of-docker"}


def steps():
    """The instructions of the Dockerfile, by stage: (word, rest)."""
    text = "\n".join(line for line in (DOCKER / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    stages = []
    for word, rest in (line.split(" ", 1) for line in lines if line):
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


class Image:
    """What the last stage makes of the Debian that it starts from."""

    def __init__(self, new_root, built):
        self.environment, self.user = {}, None
        for word, rest in steps()[-1]:
            match word:
                case "FROM":
                    suite = re.fullmatch(r"debian:(\w+)-slim", rest)[1]
                    self.root = new_root(suite)
                case "RUN":
                    self.root.run("sh", "-c", rest, user=self.user, **self.environment)
                case "COPY":
                    source, place = re.fullmatch(r"--from=build (\S+) (\S+)", rest).groups()
                    shutil.copy(built[source], self.root.path(place))
                case "ENV":
                    self.environment |= dict(pair.split("=", 1) for pair in rest.split())
                case "USER":
                    self.user = rest
                case "VOLUME" | "EXPOSE":
                    setattr(self, word.lower(), rest)
                case "HEALTHCHECK":
                    self.health = json.loads(rest.split(" CMD ", 1)[1])
                case "ENTRYPOINT":
                    self.entry = json.loads(rest)
                case _:
                    raise ValueError(f"{word} isn't known to this test")

    def command(self, command, **environment):
        """A command line in a container of this image; environment is as `-e` gives it."""
        return self.root.command(*command, user=self.user, **{**self.environment, **environment})


def test_the_first_stage_builds_with_the_oldest_rust_that_is_promised():
    manifest = (ROOT / "Cargo.toml").read_text()
    rust = re.search(r'^rust-version = "(.+)"$', manifest, re.MULTILINE)[1]
    first, last = steps()
    suite = re.fullmatch(r"debian:(\w+)-slim", last[0][1])[1]
    assert first == [
        ("FROM", f"rust:{rust}-slim-{suite} AS build"),
        ("WORKDIR", "/source"),
        ("COPY", ". ."),
        ("RUN", "cargo build --profile ship --locked --bin comfy-recall"),
    ]


def test_an_image_records_as_nobody_in_particular_and_tells_of_its_health(new_root, program, lab):
    image = Image(new_root, {"/source/target/ship/comfy-recall": program})
    listen = image.environment["RECALL_LISTEN"]
    assert listen == f"0.0.0.0:{image.expose}"
    assert image.environment["RECALL_DATA_DIR"] == image.volume
    uid = image.user.split(":")[0]
    assert int(uid) > 0
    assert image.root.run("stat", "--format=%u %a", image.volume).stdout == f"{uid} 700\n"
    image.root.run("ffmpeg", "-version", user=image.user)

    # To all that can hear it only with a door.
    refused = subprocess.run(image.command(image.entry), stderr=subprocess.PIPE, text=True)
    assert refused.returncode == 2
    assert "password" in refused.stderr

    told = {"RECALL_COMFYUI": lab.comfyui, "RECALL_TOKEN": TOKEN["Authorization"].split()[1]}
    # The port of the image may be taken on this machine, whose network it shares here.
    with Daemon(image.command(image.entry, **told, RECALL_LISTEN="0.0.0.0:0")) as daemon:
        told["RECALL_LISTEN"] = f"0.0.0.0:{daemon.url.rsplit(':', 1)[1]}"
        until_recorded(daemon.url, lab.record(picture(401)), headers=TOKEN)
        subprocess.run(image.command(image.health, **told), check=True)
    assert image.root.path(f"{image.volume}/recall.db").exists()
    assert subprocess.run(image.command(image.health, **told), stderr=subprocess.PIPE).returncode == 1


def test_the_dockerfile_is_written_as_experts_advise():
    subprocess.run(["hadolint", DOCKER / "Dockerfile"], check=True)


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    """The services, as Docker Compose understands them."""
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.mktemp("home"))}
    command = ["docker-compose", "--file", DOCKER / "compose.yaml", "config", "--format=json"]
    return json.loads(subprocess.run(command, env=alone, check=True, stdout=subprocess.PIPE).stdout)


def test_services_are_reached_from_this_machine_only(composed):
    for service in composed["services"].values():
        assert [port["host_ip"] for port in service["ports"]] == ["127.0.0.1"]


def test_the_history_reads_what_comfyui_writes_and_no_more(composed):
    comfyui, recall = composed["services"]["comfyui"], composed["services"]["comfy-recall"]
    assert recall["read_only"] and recall["cap_drop"] == ["ALL"]
    written = {volume["source"] for volume in recall["volumes"] if not volume.get("read_only")}
    assert written == {"history"}
    shared = {volume["source"] for volume in recall["volumes"] if volume.get("read_only")}
    assert shared == {"output", "temp", "input"}
    assert shared <= {volume["source"] for volume in comfyui["volumes"]}
    for volume in recall["volumes"]:
        if volume.get("read_only"):
            assert volume["target"] == f"{recall['environment']['RECALL_COMFYUI_DIR']}/{volume['source']}"


def test_services_are_configured_by_variables_that_exist(composed):
    recall = composed["services"]["comfy-recall"]
    guide = (ROOT / "docs/configuration.md").read_text()
    assert all(f"`{name}`" in guide for name in recall["environment"])
    assert recall["environment"]["RECALL_PASSWORD_FILE"] == recall["secrets"][0]["target"]
    assert (ROOT / ".gitignore").read_text().count("packaging/docker/password.txt") == 1
