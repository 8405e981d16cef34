"""Lines to a Tryton that break, that others overtake, or at whose end it is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import timedelta
from typing import Any

import httpx2
from live_tryton import client_of

from switchgear_shared.calls.remote_writes import RemoteWrites
from switchgear_shared.server import Host


class Line(httpx2.AsyncHTTPTransport):
    """A line to Tryton that breaks once around a method: before it is heard, or after.

    `asked` names several words that a call has to say, in place of the method. `nth` counts the
    calls up to the one that breaks. Where it is to be `down_after` it, the answer comes and then
    nothing can be reached.
    """

    method: str = ""
    asked: tuple[str, ...] = ()
    nth: int = 1
    is_heard: bool = True
    down_after: bool = False
    is_down: bool = False
    breaks: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request on, unless it breaks before."""
        if self.is_down:
            raise httpx2.ConnectError("the line is down", request=request)
        words = self.asked or ((self.method,) if self.method else ())
        if not words or not all(f'"{word}"'.encode() in request.content for word in words):
            return await super().handle_async_request(request)
        if self.nth > 1:
            self.nth -= 1
            return await super().handle_async_request(request)
        self.method, self.asked = "", ()
        self.breaks += 1
        if self.down_after:
            self.is_down = True
            return await super().handle_async_request(request)
        if self.is_heard:
            answer = await super().handle_async_request(request)
            await answer.aread()
        raise httpx2.ReadError("the line broke", request=request)


class BusyLine(httpx2.AsyncHTTPTransport):
    """A line on which something else happens once, just before a method is heard.

    It happens apart from the write under way, which what others do does not begin.
    """

    method: str = ""
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request on after what happens meanwhile."""
        if self.meanwhile is not None and f'"{self.method}"'.encode() in request.content:
            meanwhile, self.meanwhile = self.meanwhile, None
            await asyncio.create_task(_awaited(meanwhile), context=Context())
        return await super().handle_async_request(request)


async def _awaited(meanwhile: Callable[[], Awaitable[object]]) -> None:
    await meanwhile()


class DeadlyLine(httpx2.AsyncHTTPTransport):
    """A line on which Tryton is killed so many seconds after a method was sent to it, once."""

    method: str = ""
    pid: int = 0
    after_s: float = 0.0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request on, and kill who is at it."""
        if not self.method or f'"{self.method}"'.encode() not in request.content:
            return await super().handle_async_request(request)
        self.method = ""
        asking = asyncio.ensure_future(self._whole(request))
        await asyncio.wait({asking}, timeout=self.after_s)
        os.kill(self.pid, signal.SIGKILL)
        return await asking

    async def _whole(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        return answer


@asynccontextmanager
async def on_line(
    host: Host, server: str, connection: dict[str, Any], line: httpx2.AsyncBaseTransport
) -> AsyncGenerator[None]:
    """Put a server's Tryton on a line; what was not heard of is taken for over at once."""
    writes = host.servers[server].pipeline.writes
    assert isinstance(writes, RemoteWrites)
    writes.claims.settle = timedelta()
    client = client_of(connection, transport=line)
    backend = host.servers[server].part.backend
    before, backend._client = backend._client, client
    await before.close()
    try:
        yield
    finally:
        await client.close()
