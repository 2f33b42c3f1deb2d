"""comfy-recall inside ComfyUI: a permanent history in the sidebar, and the daemon that writes it, started with ComfyUI.

Adds no nodes and patches nothing. Everything that takes time happens on a thread of its own: ComfyUI's start waits for
nothing here, and goes on whatever happens here.
"""

import logging

from .beside import this_comfyui
from .keeper import Keeper
from .routes import add_routes

WEB_DIRECTORY = "./web"
NODE_CLASS_MAPPINGS = {}

try:
    _keeper = Keeper(this_comfyui())
    add_routes(_keeper)
    _keeper.begin()
except Exception:  # A history is nice to have; ComfyUI must start without it.
    logging.exception("comfy-recall: the history is unavailable; everything else works")

__all__ = ["NODE_CLASS_MAPPINGS", "WEB_DIRECTORY"]
