"""Requests passed on, byte for byte, to a server in another process, over a keep-alive pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import orjson
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from switchgear_shared.errors import BackendUnavailableError, Doneness

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOTHING_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class HttpForward:
    """ASGI app that passes requests on to one upstream and streams its answers back.

    Both protocol eras, sessions and event streams pass through untouched, so the upstream's own
    limits and refusals hold. A client that leaves ends its upstream request too.
    """

    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request; 503 where the upstream is not there, 502 where it broke off."""
        body = _Body(receive)
        if not _has_body(scope):
            body.skip()
        exchange = asyncio.create_task(self._exchange(scope, body, send))
        leaving = asyncio.create_task(body.until_left())
        try:
            await asyncio.wait({exchange, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if exchange.done():
                exchange.result()
        finally:
            for task in (exchange, leaving):
                task.cancel()
            await asyncio.gather(exchange, leaving, return_exceptions=True)

    async def _exchange(self, scope: Scope, body: _Body, send: Send) -> None:
        is_started = False
        try:
            async with self._session.request(
                scope["method"],
                URL(self._upstream + _target(scope), encoded=True),
                headers=[
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in scope["headers"]
                    if name not in _HOP_BY_HOP
                ],
                data=body.chunks() if _has_body(scope) else None,
                allow_redirects=False,
                skip_auto_headers=_NOTHING_ADDED,
            ) as answer:
                kept = [
                    (name.lower(), value)
                    for name, value in answer.raw_headers
                    if name.lower() not in _HOP_BY_HOP
                ]
                is_started = True
                await send(
                    {"type": "http.response.start", "status": answer.status, "headers": kept}
                )
                async for chunk in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except aiohttp.ClientConnectorError:
            await _refuse(send, 503, "this server is not running", outcome="not_done")
        except aiohttp.ClientError:
            if is_started:
                raise
            await _refuse(send, 502, "this server broke off in mid-request", outcome="unknown")


class _Body:
    """A request's body, passed on as it comes; then the wait for the client to leave."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_read = asyncio.Event()
        self._has_left = asyncio.Event()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the body; ends early when the client leaves."""
        while True:
            message: Message = await self._receive()
            if message["type"] != "http.request":
                self._has_left.set()
                return
            yield message.get("body", b"")
            if not message.get("more_body", False):
                self._is_read.set()
                return

    async def until_left(self) -> None:
        """Return once the client has left."""
        left = asyncio.create_task(self._has_left.wait())
        read = asyncio.create_task(self._is_read.wait())
        try:
            await asyncio.wait({left, read}, return_when=asyncio.FIRST_COMPLETED)
            while not self._has_left.is_set():
                if (await self._receive())["type"] == "http.disconnect":
                    return
        finally:
            left.cancel()
            read.cancel()

    def skip(self) -> None:
        """Note that there is no body to read."""
        self._is_read.set()


def _target(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _refuse(send: Send, status: int, message: str, *, outcome: Doneness) -> None:
    error = BackendUnavailableError(message, retry_after_s=1, outcome=outcome)
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    body = orjson.dumps({"error": error.to_body()})
    await send({"type": "http.response.body", "body": body, "more_body": False})
