"""What ComfyUI's page asks of this server: how the daemon is doing, and to start it."""

import asyncio

from aiohttp import web
from server import PromptServer

from .keeper import Keeper


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
    async def start(_: web.Request) -> web.Response:
        thread = keeper.begin(is_asked=True)
        await asyncio.get_running_loop().run_in_executor(None, thread.join, 1.0)
        return await told()
