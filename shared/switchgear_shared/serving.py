"""Run a host: over HTTP until it is told to stop, or over stdio for one client."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvicorn
from mcp.server.stdio import stdio_server

from switchgear_shared.application import Application
from switchgear_shared.governance.principal import Principal
from switchgear_shared.runtime import Runtime, new_host
from switchgear_shared.server import Host, local_principal
from switchgear_shared.settings import Settings
from switchgear_shared.transports.sdk import SdkAdapter

T = TypeVar("T")

_GRACE_S = 5


@asynccontextmanager
async def hosting(
    settings: Settings, names: Iterable[str], *, demo_data: bool = False
) -> AsyncGenerator[tuple[Host, Runtime]]:
    """Open a host with the named servers, and its messaging side, not yet started."""
    host, broker = new_host(settings)
    try:
        await host.open(names, demo_data=demo_data)
        runtime = Runtime(host, broker)
        try:
            yield host, runtime
        finally:
            await runtime.stop()
    finally:
        await host.close()


async def serve_http(
    settings: Settings,
    names: Iterable[str],
    *,
    demo_data: bool = False,
    upstreams: Mapping[str, str] | None = None,
) -> None:
    """Serve the named servers on the settings' host and port until SIGINT or SIGTERM."""
    async with hosting(settings, names, demo_data=demo_data) as (host, runtime):
        await runtime.start()
        application = Application(host, runtime, upstreams or {})
        config = uvicorn.Config(
            application.asgi(),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        await uvicorn.Server(config).serve()


async def serve_stdio(settings: Settings, name: str, *, demo_data: bool = False) -> None:
    """Serve one server to the client at the other end of stdin and stdout."""
    async with hosting(settings, [name], demo_data=demo_data) as (host, runtime):
        runtime.start_soon()
        adapter = SdkAdapter(host.servers[name].front, local=await _stdio_caller(host, settings))
        server = adapter.server
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def work(settings: Settings, names: Iterable[str]) -> None:
    """Handle events only, until SIGINT or SIGTERM."""
    async with hosting(settings, names) as (_host, runtime):
        await runtime.start()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        await stopped.wait()


def run_to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop, where there is one, and return what it returns."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.run(work)


async def _stdio_caller(host: Host, settings: Settings) -> Principal:
    if settings.token is None:
        return local_principal(settings)
    return await host.authenticator("").authenticate(settings.token.get_secret_value())
