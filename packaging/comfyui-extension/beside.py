"""This ComfyUI, as the daemon has to be told of it. The only module that knows ComfyUI's insides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import folder_paths
from comfy.cli_args import args

SETTING_START = "comfy-recall.start"
SETTING_ADDRESS = "comfy-recall.address"


@dataclass(frozen=True)
class Beside:
    """A ComfyUI server, as programs on the same machine reach it."""

    url: str
    is_self_signed: bool
    output_dir: str
    temp_dir: str
    input_dir: str
    user_dir: str

    def options(self) -> list[str]:
        """What the daemon is started with to record this server."""
        options = ["--comfyui", self.url]
        for kind in ("output", "temp", "input"):
            options += [f"--comfyui-{kind}-dir", getattr(self, f"{kind}_dir")]
        if self.is_self_signed:
            options.append("--accept-invalid-certs")
        return options


def this_comfyui() -> Beside:
    """The server that this process is about to be."""
    return Beside(
        url=url(args.listen, args.port, bool(args.tls_keyfile and args.tls_certfile)),
        is_self_signed=bool(args.tls_keyfile and args.tls_certfile),
        output_dir=folder_paths.get_output_directory(),
        temp_dir=folder_paths.get_temp_directory(),
        input_dir=folder_paths.get_input_directory(),
        user_dir=folder_paths.get_user_directory(),
    )


def url(listen: str, port: int, is_tls: bool) -> str:
    """Where a server can be reached from its own machine that was told to listen on these addresses (`--listen`)."""
    hosts = [host.strip() for host in listen.split(",") if host.strip()]
    if not hosts or {"0.0.0.0", "127.0.0.1", "localhost"} & set(hosts):
        host = "127.0.0.1"
    elif {"::", "::1"} & set(hosts):
        host = "::1"
    else:
        host = hosts[0]
    return f"{'https' if is_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def setting(user_dir: str, key: str, default):
    """One of the settings that people change in ComfyUI's own dialog; the default where none can be read."""
    try:
        settings = json.loads(Path(user_dir, "default", "comfy.settings.json").read_text(encoding="utf-8"))
        value = settings.get(key, default)
    except (OSError, ValueError, AttributeError):
        return default
    return value if isinstance(value, type(default)) else default
