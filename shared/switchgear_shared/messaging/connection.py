"""A connection to NATS that outlives servers: it follows the endpoint and tells when it drops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from switchgear_shared.errors import BackendUnavailableError, SwitchgearError
from switchgear_shared.messaging.endpoint import Endpoint, Locate
from switchgear_shared.observability.logs import logger

T = TypeVar("T")
OnMessage = Callable[[Msg], Awaitable[None]]

_log = logger(__name__)
_ATTEMPT_TIMEOUT_S = 5.0
_FOLLOW_EVERY_S = 0.1
_RECONNECT_WAIT_S = 0.05
_PING_EVERY_S = 20


class DroppedError(nats.errors.Error):
    """The connection dropped while an answer was awaited: it may have been acted on."""


@dataclass(eq=False)
class Subscribed:
    """A subscription that is made again on every client."""

    subject: str
    queue: str
    on_message: OnMessage
    subscription: Subscription | None = field(default=None)


class Connection:
    """One NATS client, replaced if the broker ever closes it for good."""

    def __init__(self, locate: Locate, name: str = "switchgear") -> None:
        self._locate = locate
        self._name = name
        self._client: Client | None = None
        self._endpoint: Endpoint | None = None
        self._up = asyncio.Event()
        self._drop: asyncio.Future[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._subscribed: list[Subscribed] = []
        self._is_closing = False

    @property
    def client(self) -> Client:
        """The present client.

        Raises:
            BackendUnavailableError: `open` was never called, or `close` was.
        """
        if self._client is None:
            raise BackendUnavailableError("the broker is not connected", retry_after_s=1)
        return self._client

    @property
    def is_connected(self) -> bool:
        """Whether messages flow now."""
        return self._up.is_set()

    async def open(self) -> None:
        """Connect, however long the broker takes to appear; does nothing when connected."""
        if self._client is None:
            self._is_closing = False
            await self._open_client()

    async def close(self) -> None:
        """Close for good; consumers and responders must have been stopped before."""
        self._is_closing = True
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
            self._following = None
        client, self._client = self._client, None
        self._on_down()
        if client is not None:
            with suppress(OSError):  # the broker may have gone before us
                await client.close()
        self._subscribed.clear()

    async def wait_connected(self, timeout_s: float) -> None:
        """Wait until messages flow.

        Raises:
            BackendUnavailableError: they do not after `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError as error:
            raise BackendUnavailableError(
                f"the broker is not connected after {timeout_s:g} s", retry_after_s=1
            ) from error

    async def until_dropped(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`; cancel it and raise DroppedError as soon as the connection drops."""
        drop = self._drop
        if drop is None or drop.done():
            work.close()
            raise DroppedError("the connection is down")
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, drop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise DroppedError("the connection dropped")
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError, nats.errors.Error):
                    await task

    async def subscribe(self, subject: str, queue: str, on_message: OnMessage) -> Subscribed:
        """Subscribe now and again whenever the client is replaced; returns what to end it by."""
        entry = Subscribed(subject, queue, on_message)
        entry.subscription = await self.client.subscribe(subject, queue=queue, cb=on_message)
        await self.client.flush()
        self._subscribed.append(entry)
        return entry

    async def unsubscribe(self, entry: Subscribed) -> None:
        """End a subscription; messages already here are still handled."""
        self._subscribed.remove(entry)
        if entry.subscription is not None:
            with suppress(nats.errors.Error):
                await entry.subscription.drain()

    async def _open_client(self) -> None:
        while True:
            client = Client()
            try:
                endpoint = await self._locate()
                async with asyncio.timeout(_ATTEMPT_TIMEOUT_S):
                    await client.connect(
                        servers=endpoint.urls,
                        name=self._name,
                        nkeys_seed_str=endpoint.nkey_seed,
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=_RECONNECT_WAIT_S,  # pyright: ignore[reportArgumentType]
                        ping_interval=_PING_EVERY_S,
                        error_cb=_on_error,
                        disconnected_cb=self._on_disconnected,
                        reconnected_cb=self._on_reconnected,
                        closed_cb=self._on_closed,
                    )
                for entry in self._subscribed:
                    entry.subscription = await client.subscribe(
                        entry.subject, queue=entry.queue, cb=entry.on_message
                    )
            except (nats.errors.Error, OSError, SwitchgearError) as error:
                _log.warning("broker_not_reachable", reason=str(error) or type(error).__name__)
                await _abandon(client)
                await asyncio.sleep(_FOLLOW_EVERY_S)
            except BaseException:
                await _abandon(client)
                raise
            else:
                self._client, self._endpoint = client, endpoint
                self._on_up()
                return

    def _on_up(self) -> None:
        self._drop = asyncio.get_running_loop().create_future()
        self._up.set()

    def _on_down(self) -> None:
        self._up.clear()
        if self._drop is not None and not self._drop.done():
            self._drop.set_result(None)

    async def _on_reconnected(self) -> None:
        self._on_up()

    async def _on_disconnected(self) -> None:
        if self._client is None:
            return
        self._on_down()
        if not self._is_closing and (self._following is None or self._following.done()):
            self._following = asyncio.create_task(self._follow())

    async def _on_closed(self) -> None:
        if self._client is not None and not self._is_closing:
            self._on_down()

    async def _follow(self) -> None:
        """Lead the client to the server of the moment until it is connected again."""
        while not self.is_connected:
            try:
                endpoint = await self._locate()
                if self.client.is_closed:
                    await self._open_client()
                elif endpoint != self._endpoint:
                    self.client.set_server_pool(endpoint.urls)
                    self._endpoint = endpoint
            except (nats.errors.Error, OSError, SwitchgearError) as error:
                _log.warning("broker_not_reachable", reason=str(error))
            await asyncio.sleep(_FOLLOW_EVERY_S)


async def _abandon(client: Client) -> None:
    with suppress(nats.errors.Error, OSError, AttributeError):
        await client.close()


async def _on_error(error: Exception) -> None:
    _log.debug("broker_connection_error", reason=str(error) or type(error).__name__)
