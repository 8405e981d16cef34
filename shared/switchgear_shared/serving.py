"""Run a host: over HTTP until it is told to stop, or over stdio for one client."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import uvicorn
from mcp.server.stdio import stdio_server

from switchgear_shared.application import Application
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.principal import Principal
from switchgear_shared.runtime import Runtime, new_host
from switchgear_shared.server import Host, local_principal
from switchgear_shared.settings import Settings
from switchgear_shared.transports.sdk import SdkAdapter

T = TypeVar("T")

_GRACE_S = 5
_STOPPING = (signal.SIGINT, signal.SIGTERM)


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


def bind(settings: Settings) -> tuple[socket.socket, Settings]:
    """Take the settings' host and port; port 0 becomes the one that was free.

    Connections are refused until the socket is served.

    Raises:
        InvalidRequestError: another process has the port, or the host is not this machine's.
    """
    listener: socket.socket | None = None
    try:
        family, *_, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if listener is not None:
            listener.close()
        reason = error.strerror or str(error)
        raise InvalidRequestError(
            f"cannot listen on {settings.host}:{settings.port}: {reason}"
        ) from error
    return listener, settings.model_copy(update={"port": listener.getsockname()[1]})


async def serve_http(
    settings: Settings,
    names: Iterable[str],
    *,
    demo_data: bool = False,
    upstreams: Mapping[str, str] | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve the named servers until SIGINT or SIGTERM, on `listener` or the settings' address."""
    if listener is None:
        listener, settings = bind(settings)
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
        await _Server(config).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends at SIGINT or SIGTERM, for good: a signal raised again would cut our shutdown short."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Let the signals end the server while the block runs."""
        if sys.platform == "win32":
            with super().capture_signals():
                yield
            return
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOPPING:
                loop.remove_signal_handler(number)


async def serve_stdio(settings: Settings, name: str, *, demo_data: bool = False) -> None:
    """Serve one server to the client at the other end of stdin and stdout."""
    async with hosting(settings, [name], demo_data=demo_data) as (host, runtime):
        caller = _stdio_caller(host, settings)
        await caller()
        runtime.start_soon()
        adapter = SdkAdapter(host.servers[name].front, local=caller)
        server = adapter.server
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def work(settings: Settings, names: Iterable[str]) -> None:
    """Handle events only, until SIGINT or SIGTERM."""
    working = asyncio.create_task(_work_on(settings, names))

    def stop() -> None:
        if not working.cancelling():  # again would cut the shutdown short
            working.cancel()

    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await working


def run_to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop, where there is one, and return what it returns."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.run(work)


def _stdio_caller(host: Host, settings: Settings) -> Callable[[], Awaitable[Principal]]:
    """Return what says who the client is now; a credential that ended meanwhile is refused."""
    token = settings.token
    if token is not None:
        return partial(host.authenticator("").authenticate, token.get_secret_value())
    principal = local_principal(settings)

    async def local() -> Principal:
        return principal

    return local


async def _work_on(settings: Settings, names: Iterable[str]) -> None:
    async with hosting(settings, names) as (_host, runtime):
        await runtime.start()
        await asyncio.get_running_loop().create_future()
