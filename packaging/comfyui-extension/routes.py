"""What ComfyUI's page asks of this server: how the daemon is doing, and to start it."""

import asyncio
from urllib.parse import urlsplit

from aiohttp import web
from server import PromptServer

from .keeper import Keeper


def is_from_here(request: web.Request) -> bool:
    """Whether ComfyUI's own page asks, or a program, which has no pages to be misled by. ComfyUI looks at this itself, but
    not in each of its versions, nor under every name."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def add_routes(keeper: Keeper) -> None:
    """Adds `GET /comfy-recall` and `POST /comfy-recall/start` to ComfyUI's own routes."""
    routes = PromptServer.instance.routes

    async def told() -> web.Response:
        # Asks over the network, which the loop must not wait for.
        return web.json_response(await asyncio.get_running_loop().run_in_executor(None, keeper.told))

    @routes.get("/comfy-recall")
    async def state(_: web.Request) -> web.Response:
        return await told()

    @routes.post("/comfy-recall/start")
    async def start(request: web.Request) -> web.Response:
        if not is_from_here(request):
            return web.Response(status=403)
        thread = keeper.begin()
        await asyncio.get_running_loop().run_in_executor(None, thread.join, 1.0)
        return await told()
