"""The server's half of the ComfyUI extension: loaded as ComfyUI loads it, with the real program behind it.

Of ComfyUI there are only the three modules that an extension imports, with what it takes from them.
"""

import asyncio
import importlib.util
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lab import ROOT, picture, program

FOLDER = ROOT / "packaging" / "comfyui-extension"
STUBS = ("server", "folder_paths", "comfy", "comfy.cli_args")


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def until(what, look):
    end = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
    return found


class Comfy:
    """A ComfyUI process, as far as an extension sees it; `address` is where its server answers."""

    def __init__(self, folder, monkeypatch, address="http://127.0.0.1:8188"):
        self.folder, self._monkeypatch = folder, monkeypatch
        self.listen, self.port = address.removeprefix("http://").split(":")
        self.daemon_port = free_port()
        self.user = folder / "user"
        for kind in ("output", "temp", "input", "user/default"):
            (folder / kind).mkdir(parents=True)
        for name in [name for name in os.environ if name.startswith("RECALL_") and name != "RECALL_LAB"]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("RECALL_LISTEN", f"127.0.0.1:{self.daemon_port}")
        monkeypatch.setenv("RECALL_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        monkeypatch.setenv("COMFY_RECALL_PROGRAM", str(program()))

    def set(self, **settings):
        settings = {f"comfy-recall.{name}": value for name, value in settings.items()}
        (self.user / "default" / "comfy.settings.json").write_text(json.dumps(settings))

    def load(self):
        """Loads the extension as `nodes.load_custom_node` does; gives the package."""
        routes = web.RouteTableDef()
        args = types.SimpleNamespace(listen=self.listen, port=int(self.port), tls_keyfile=None, tls_certfile=None)
        paths = {f"get_{kind}_directory": lambda kind=kind: str(self.folder / kind) for kind in ("output", "temp", "input", "user")}
        server = types.SimpleNamespace(PromptServer=types.SimpleNamespace(instance=types.SimpleNamespace(routes=routes)))
        modules = (server, types.SimpleNamespace(**paths), types.SimpleNamespace(), types.SimpleNamespace(args=args))
        for name, module in zip(STUBS, modules):
            self._monkeypatch.setitem(sys.modules, name, module)
        name = f"custom_nodes_{self.daemon_port}"
        spec = importlib.util.spec_from_file_location(name, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)])
        self.package = importlib.util.module_from_spec(spec)
        self._monkeypatch.setitem(sys.modules, name, self.package)
        spec.loader.exec_module(self.package)
        self.routes = routes
        return self.package

    @property
    def keeper(self):
        return self.package._keeper

    def state(self, *wanted):
        """What the page is told, as soon as that is one of these."""
        told = {}

        def look():
            told.update(self.keeper.told())
            return told["state"] in wanted

        until(f"one of {wanted}", look)
        return told

    def daemons(self):
        """The daemons that run on our data."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"RECALL_DATA_DIR={self.folder}/data".encode() in environment and b"comfy-recall\0" in command:
                found.append(int(folder.name))
        return found

    def end(self):
        # What begins later would begin with the environment of whoever runs the tests.
        for thread in threading.enumerate():
            if thread.name == "comfy-recall":
                thread.join(60)
        for pid in self.daemons():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def comfy(tmp_path, monkeypatch):
    comfy = Comfy(tmp_path, monkeypatch)
    yield comfy
    comfy.end()


@pytest.fixture
def beside_lab(tmp_path, monkeypatch, own_lab):
    """A ComfyUI whose server is the lab's."""
    comfy = Comfy(tmp_path, monkeypatch, own_lab.comfyui)
    yield comfy
    comfy.end()


def module(comfy, name):
    return sys.modules[f"{comfy.package.__name__}.{name}"]


def test_with_comfyui_a_daemon_starts_that_records_it_and_outlives_it(beside_lab, own_lab):
    package = beside_lab.load()
    assert (package.NODE_CLASS_MAPPINGS, package.WEB_DIRECTORY) == ({}, "./web")
    told = beside_lab.state("running", "failed")
    assert told["state"] == "running", told
    assert told["url"] == f"http://127.0.0.1:{beside_lab.daemon_port}"
    own_lab.order("run", run=picture(1), outcome="success")
    listed = lambda: subprocess.run(  # noqa: E731
        [program(), "list", "--json"], capture_output=True, check=True, text=True
    ).stdout.splitlines()
    until("the run", lambda: any(json.loads(line)["status"] == "completed" for line in listed()))
    [daemon] = beside_lab.daemons()
    assert os.getsid(daemon) == daemon != os.getsid(0), "Ctrl-C in ComfyUI's terminal doesn't reach it"
    command = Path(f"/proc/{daemon}/cmdline").read_bytes().decode().split("\0")
    assert command[1:3] == ["--comfyui", own_lab.comfyui]
    for kind in ("output", "temp", "input"):
        assert command[command.index(f"--comfyui-{kind}-dir") + 1] == str(beside_lab.folder / kind)


def test_a_daemon_that_runs_already_is_taken_and_no_second_one_started(comfy):
    comfy.load()
    comfy.state("running")
    first = comfy.daemons()
    comfy.load()
    comfy.state("running")
    comfy.keeper.begin().join()
    assert comfy.daemons() == first and len(first) == 1


def test_servers_of_the_daemons_own_configuration_stay_its_own(comfy):
    config = comfy.folder / "config" / "comfy-recall" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[[comfyui]]\nname = "studio"\nurl = "http://127.0.0.1:9"\n')
    comfy.load()
    comfy.state("running")
    [daemon] = comfy.daemons()
    assert b"--comfyui" not in Path(f"/proc/{daemon}/cmdline").read_bytes()


def asked(comfy, play):
    """Asks the extension's routes as pages do."""

    async def ask():
        app = web.Application()
        app.add_routes(comfy.routes)
        async with TestClient(TestServer(app)) as client:
            await play(client)

    asyncio.run(ask())


def test_nothing_starts_while_the_setting_says_so_even_if_it_is_asked_for(comfy):
    comfy.set(start=False)
    comfy.load()
    assert comfy.state("off", "running")["state"] == "off"

    async def play(client):
        for _ in range(3):
            told = await (await client.post("/comfy-recall/start")).json()
            assert (told["state"], told["starts"]) == ("off", False)
        assert comfy.daemons() == []
        comfy.set(start=True)
        await client.post("/comfy-recall/start")
        for _ in range(600):
            told = await (await client.get("/comfy-recall")).json()
            if told["state"] == "running":
                return
            await asyncio.sleep(0.05)
        raise AssertionError(told)

    asked(comfy, play)
    assert len(comfy.daemons()) == 1


def test_a_page_of_another_site_starts_nothing(comfy):
    comfy.set(start=False)
    comfy.load()
    comfy.state("off")

    async def play(client):
        here = f"http://{client.host}:{client.port}"
        for headers, status in [
            ({}, 200),
            ({"Origin": here}, 200),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": here, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": f"http://{client.host}:1", "Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": f"{here}.evil.example"}, 403),
        ]:
            assert (await client.post("/comfy-recall/start", headers=headers)).status == status, headers

    asked(comfy, play)


def test_without_the_program_one_line_says_how_to_get_it_and_comfyui_goes_on(comfy, monkeypatch, caplog):
    monkeypatch.setenv("COMFY_RECALL_PROGRAM", str(comfy.folder / "nowhere"))
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_, **__: (_ for _ in ()).throw(OSError("nobody")))
    with caplog.at_level(logging.INFO):
        comfy.load()
        told = comfy.state("absent", "running")
    assert told["state"] == "absent"
    said = [record.getMessage() for record in caplog.records if "comfy-recall" in record.getMessage()]
    assert said == ["comfy-recall: not installed, so nothing is recorded. Install it from a checkout with: cargo install --locked --path ."]


def test_a_daemon_that_cannot_start_is_told_to_the_log_with_its_own_words_and_to_nobody_else(comfy, caplog):
    (comfy.folder / "data").write_text("a file where a folder should be")
    comfy.load()
    told = comfy.state("failed", "running")
    assert told["state"] == "failed"
    assert str(comfy.folder / "data") in caplog.text
    assert str(comfy.folder) not in json.dumps(told)
    assert comfy.keeper.log.read_text().strip()


def test_a_configuration_that_cannot_be_used_is_told_to_the_log_and_to_nobody_else(comfy, monkeypatch, caplog):
    monkeypatch.setenv("RECALL_LISTEN", "127.0.0.1:80800")
    comfy.load()
    told = comfy.state("failed")
    assert "80800" in caplog.text and "HOST:PORT" in caplog.text
    assert "80800" not in json.dumps(told)


def test_whoever_asks_is_told_no_path_and_no_line_of_a_log(comfy):
    comfy.load()
    told = comfy.state("running")
    assert set(told) == {"state", "url", "install", "starts"}
    assert str(comfy.folder) not in json.dumps(told)


def test_a_daemon_elsewhere_is_somebody_elses_to_start(comfy, own_lab):
    comfy.set(address=own_lab.url + "/")
    comfy.load()
    assert comfy.state("running")["url"] == own_lab.url
    own_lab.stop()
    assert comfy.state("off")["url"] == own_lab.url
    assert comfy.daemons() == []


def test_what_answers_there_and_is_no_comfy_recall_is_not_taken_for_one(comfy, own_lab):
    comfy.set(start=False)
    comfy.load()
    keeper = module(comfy, "keeper")
    assert keeper.answers(own_lab.url)
    assert not keeper.answers(own_lab.comfyui)
    assert not keeper.answers(f"http://127.0.0.1:{free_port()}")


def test_only_an_http_address_is_asked_and_no_redirect_followed(comfy, own_lab):
    comfy.set(start=False)
    comfy.load()
    keeper = module(comfy, "keeper")
    (comfy.folder / "healthz").write_text('{"app": "comfy-recall"}')
    port = own_lab.url.rpartition(":")[2]
    for url in (
        f"file://{comfy.folder}",
        f"FILE://{comfy.folder}",
        'data:application/json,{"app":"comfy-recall"}#',
        f"ftp://127.0.0.1:{port}",
        "javascript:alert(1)//",
        f"//127.0.0.1:{port}",
        f"127.0.0.1:{port}",
        "http://",
        "http:///nowhere",
        "http://127.0.0.1:x",
        f"http://u:p@127.0.0.1:{port}",
        f"{own_lab.url}?",
        f"{own_lab.url}?a=",
        f"{own_lab.url}#",
        f"{own_lab.url}#a",
        f"{own_lab.url}\r\nX: y",
        "",
    ):
        assert not keeper.is_address(url) or not keeper.answers(url), url
    for url in (own_lab.url, own_lab.url.replace("http", "HTTP")):
        assert keeper.answers(url), url

    async def play():
        hits = []

        async def answer(request):
            hits.append(request.path)
            if request.path == "/there/healthz":
                return web.json_response({"app": "comfy-recall"})
            raise {"/301/healthz": web.HTTPMovedPermanently, "/302/healthz": web.HTTPFound, "/307/healthz": web.HTTPTemporaryRedirect}[request.path]("/there/healthz")

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        async with TestServer(app) as server:
            ask = lambda path: asyncio.to_thread(keeper.answers, str(server.make_url(path)))  # noqa: E731
            assert await ask("/there")
            for code in (301, 302, 307):
                assert not await ask(f"/{code}")
            assert hits.count("/there/healthz") == 1

    asyncio.run(play())


def test_an_address_in_the_settings_that_is_none_is_told_and_not_asked(comfy, caplog):
    (comfy.folder / "healthz").write_text('{"app": "comfy-recall"}')
    comfy.set(address=f"file://{comfy.folder}")
    comfy.load()
    assert comfy.state("off", "running")["state"] == "off"
    assert "isn't an http or https address" in caplog.text
    assert comfy.daemons() == []


def test_an_extension_that_breaks_leaves_comfyui_alone(comfy, monkeypatch, caplog):
    monkeypatch.setattr("threading.Thread.start", lambda _: (_ for _ in ()).throw(RuntimeError("no more threads")))
    package = comfy.load()
    assert package.WEB_DIRECTORY == "./web"
    assert "everything else works" in caplog.text


@pytest.mark.parametrize(
    ("listen", "is_tls", "url"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:8188"),
        ("0.0.0.0", False, "http://127.0.0.1:8188"),
        ("0.0.0.0,::", True, "https://127.0.0.1:8188"),
        ("::", False, "http://[::1]:8188"),
        ("192.168.1.20", False, "http://192.168.1.20:8188"),
        ("192.168.1.20, localhost", False, "http://127.0.0.1:8188"),
        ("fd00::5", False, "http://[fd00::5]:8188"),
        ("", False, "http://127.0.0.1:8188"),
    ],
)
def test_a_server_is_reached_where_it_listens(comfy, listen, is_tls, url):
    comfy.set(start=False)
    comfy.load()
    assert module(comfy, "beside").url(listen, 8188, is_tls) == url


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"comfy-recall.start": "no"}', '{"comfy-recall.start": null}', "\x00\xff"]
)
def test_settings_that_cannot_be_read_are_the_default(comfy, text):
    comfy.set(start=False)
    comfy.load()
    (comfy.user / "default" / "comfy.settings.json").write_bytes(text.encode("latin-1"))
    assert module(comfy, "beside").setting(str(comfy.user), "comfy-recall.start", True) is True


def test_what_the_program_says_of_its_configuration_is_understood(comfy, monkeypatch):
    comfy.set(start=False)
    comfy.load()
    command = module(comfy, "command")
    here = command.configured(program())
    assert here == command.Configured(f"http://127.0.0.1:{comfy.daemon_port}", False)
    monkeypatch.setenv("RECALL_COMFYUI", "http://127.0.0.1:8188")
    monkeypatch.setenv("RECALL_LISTEN", "0.0.0.0:9000")
    monkeypatch.setenv("RECALL_TOKEN", "a-token-that-is-secret-enough-for-a-test")
    monkeypatch.setenv("RECALL_BASE_PATH", "/history")
    assert command.configured(program()) == command.Configured("http://127.0.0.1:9000/history", True)
    nowhere = command.Configured(command.DEFAULT_URL, False)
    assert command.read("# configuration file: none\n") == command.read("") == nowhere


def test_the_program_is_found_beside_this_python(comfy, monkeypatch, tmp_path):
    comfy.set(start=False)
    comfy.load()
    command = module(comfy, "command")
    beside = tmp_path / "bin"
    beside.mkdir()
    for name in ("python", command.NAME):
        (beside / name).touch()
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda *_, **__: str(tmp_path / "nowhere"))
    assert command.find({}) == beside / command.NAME
    assert command.find({"COMFY_RECALL_PROGRAM": "/nowhere/at/all"}) is None


def test_the_program_is_found_where_cargo_pipx_and_uv_put_it(comfy, monkeypatch, tmp_path):
    comfy.set(start=False)
    comfy.load()
    command = module(comfy, "command")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere/python"))
    monkeypatch.setattr("sysconfig.get_path", lambda *_, **__: str(tmp_path / "nowhere"))
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    found = {"PATH": str(tmp_path / "empty")}
    assert command.find(found) is None
    for folder in (".local/bin", ".cargo/bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / command.NAME).touch()
        assert command.find(found) == tmp_path / folder / command.NAME


def test_a_log_that_grew_long_begins_anew(comfy):
    comfy.load()
    comfy.state("running")
    command = module(comfy, "command")
    log = comfy.folder / "long.log"
    log.write_bytes(b"x" * (command.MOST_LOG_BYTES + 1))
    command.start(program(), ["--version"], log).wait()
    assert log.read_bytes().startswith(b"comfy-recall ")
    command.start(program(), ["--version"], log).wait()
    assert log.read_bytes().count(b"comfy-recall ") == 2


def test_every_word_of_the_page_is_there_in_both_languages():
    looks = (FOLDER / "web" / "looks.js").read_text(encoding="utf-8")
    known = set(re.findall(r'^  "?([a-z-]+)"?: \[', looks, re.MULTILINE))
    used = set()
    for script in (FOLDER / "web").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        used |= set(re.findall(r'say\("([a-z-]+)"', text)) | set(re.findall(r'#note\("([a-z-]+)"', text))
    used |= {"looking", "starting", "absent", "off", "unwanted", "failed"}
    assert known == used
