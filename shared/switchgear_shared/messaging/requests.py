"""Request and reply between processes: rpc.<server>, answered by whoever has a free slot."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Awaitable, Callable

import nats.errors
import orjson
import structlog
from nats.aio.msg import Msg

from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.errors import (
    BackendUnavailableError,
    BulkheadFullError,
    DeadlineError,
    InternalError,
    InvalidRequestError,
    SwitchgearError,
    error_from_body,
)
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.connection import Subscribed
from switchgear_shared.messaging.subjects import CORRELATION_ID, token
from switchgear_shared.observability.logs import logger

_log = logger(__name__)
_ERROR = "error"
_OK = {"status": "ok"}


async def request(
    bus: Bus,
    server: str,
    body: bytes,
    timeout_s: float,
    *,
    correlation_id: CorrelationId | None = None,
) -> bytes:
    """Ask one process that answers for `server`; without `correlation_id` the log context's goes.

    Raises:
        BackendUnavailableError: nobody answers for it, or the broker is away (`not_done`).
        DeadlineError: no answer after `timeout_s` (`unknown`).
        SwitchgearError: what the other side raised.
    """
    known = structlog.contextvars.get_contextvars().get("correlation_id")
    correlation = correlation_id or known
    headers = {CORRELATION_ID: str(correlation)} if correlation else {}
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + timeout_s
    await bus.wait_connected(timeout_s)
    try:
        reply = await bus.client.request(
            _subject(server), body, timeout=max(give_up_at - loop.time(), 0.001), headers=headers
        )
    except nats.errors.NoRespondersError as error:
        raise BackendUnavailableError(f"no process answers for {server}") from error
    except nats.errors.MaxPayloadError as error:
        raise InvalidRequestError(
            f"the request of {len(body)} bytes is too large for the bus: the broker's max_payload "
            f"is {bus.client.max_payload}"
        ) from error
    except nats.errors.TimeoutError as error:
        raise DeadlineError(
            f"{server} did not answer in {timeout_s:g} s", outcome="unknown"
        ) from error
    except (nats.errors.Error, OSError) as error:
        raise BackendUnavailableError(
            f"the broker dropped the request to {server}", outcome="unknown"
        ) from error
    if failure := (reply.headers or {}).get(_ERROR):
        raise error_from_body(orjson.loads(failure))
    return reply.data


class Responder:
    """Answers requests for one server, `slots` at a time; processes of one server share them."""

    def __init__(
        self,
        bus: Bus,
        server: str,
        handle: Callable[[bytes], Awaitable[bytes]],
        *,
        slots: int = 64,
        queue: int = 256,
    ) -> None:
        self._bus = bus
        self._server = server
        self._handle = handle
        self._slots = asyncio.Semaphore(slots)
        self._most = slots + queue
        self._under_way: set[asyncio.Task[None]] = set()
        self._subscription: Subscribed | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._subscription = await self._bus.subscribe(
            _subject(self._server), self._server, self._on_request
        )

    async def stop(self, drain_s: float = 10.0) -> None:
        """Take no more, wait up to `drain_s` for requests under way, then drop them."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await self._bus.unsubscribe(subscription)
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _on_request(self, message: Msg) -> None:
        if len(self._under_way) >= self._most:
            await self._reply_error(
                message,
                BulkheadFullError(f"{self._server} has {self._most} requests waiting"),
            )
            return
        task = asyncio.get_running_loop().create_task(
            self._answer(message), context=contextvars.Context()
        )
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, message: Msg) -> None:
        correlation_id = (message.headers or {}).get(CORRELATION_ID)
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            async with self._slots:
                try:
                    reply = await self._handle(message.data)
                except SwitchgearError as error:
                    await self._reply_error(message, error)
                except Exception as error:  # noqa: BLE001 - a consumer loop outlives any handler
                    _log.error("request_failed", server=self._server, exc_info=error)
                    fault = InternalError(f"{self._server} has a fault", outcome="unknown")
                    await self._reply_error(message, fault)
                else:
                    await self._reply(message, reply, _OK)

    async def _reply_error(self, message: Msg, error: SwitchgearError) -> None:
        correlation_id = (message.headers or {}).get(CORRELATION_ID)
        await self._reply(message, b"", {_ERROR: json.dumps(error.to_body(correlation_id))})

    async def _reply(self, message: Msg, body: bytes, headers: dict[str, str]) -> None:
        try:
            await self._bus.client.publish(message.reply, body, headers=headers)
        except nats.errors.MaxPayloadError:
            too_large = InternalError(
                f"the answer of {self._server} has {len(body)} bytes, too large for the bus: the "
                f"broker's max_payload is {self._bus.client.max_payload}",
                outcome="unknown",
            )
            await self._reply_error(message, too_large)
        except (nats.errors.Error, OSError, SwitchgearError) as error:
            _log.warning("reply_lost", server=self._server, reason=str(error))


def _subject(server: str) -> str:
    return f"rpc.{token(server)}"
