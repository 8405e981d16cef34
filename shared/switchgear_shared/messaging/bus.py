"""The bus: publish events so that none is lost, and set timers, on any NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import nats.errors
import nats.js.errors
import orjson
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import BackendRejectedError, BackendUnavailableError
from switchgear_shared.messaging.connection import Connection, OnMessage, Subscribed
from switchgear_shared.messaging.endpoint import Locate
from switchgear_shared.messaging.envelope import Envelope
from switchgear_shared.messaging.streams import set_up_streams
from switchgear_shared.messaging.subjects import TIMERS, timer_subject

T = TypeVar("T")

MAX_BATCH = 1000
"""Most messages that the broker takes as one atomic batch."""

_REQUEST_TIMEOUT_S = 2.0
_PUBLISH_TIMEOUT_S = 30.0
_RETRY_WAIT_S = 0.05
_SINGLY = frozenset({10176, 10199, 10201, 10210})
"""Refusals of a whole batch: incomplete, too large, a repeated id, too many in flight."""
_NOT_DELETED = 10057
_FIRED_TTL = "8760h"


class Bus:
    """One connection to the broker for everything a process publishes and consumes.

    What is published carries the event's id as `Nats-Msg-Id`, so publishing again after a doubt
    stores nothing twice within the hour; after that the inbox of each consumer still knows.
    """

    def __init__(self, locate: Locate, replicas: int = 1, name: str = "switchgear") -> None:
        self._connection = Connection(locate, name)
        self._replicas = replicas

    @property
    def is_connected(self) -> bool:
        """Whether messages flow now."""
        return self._connection.is_connected

    @property
    def client(self) -> Client:
        """The present NATS client; ask again after every drop."""
        return self._connection.client

    @property
    def jetstream(self) -> JetStreamContext:
        """The present client's JetStream."""
        return self.client.jetstream(timeout=_REQUEST_TIMEOUT_S)

    async def connect(self, *, setup: bool = True) -> None:
        """Connect and, unless told otherwise, set up the streams; waits for a broker to appear."""
        await self._connection.open()
        if setup:
            await self.setup()

    async def close(self) -> None:
        """Close the connection; stop consumers, responders and relays first."""
        await self._connection.close()

    async def wait_connected(self, timeout: float) -> None:  # noqa: ASYNC109 - it raises our error
        """Raise BackendUnavailableError unless messages flow within `timeout` seconds."""
        await self._connection.wait_connected(timeout)

    async def setup(self) -> None:
        """Create the streams that are missing and bring the others to our settings."""
        await self.call(
            lambda: set_up_streams(self.jetstream, self._replicas), timeout_s=_PUBLISH_TIMEOUT_S
        )

    async def publish(
        self, events: Sequence[Event], *, timeout_s: float = _PUBLISH_TIMEOUT_S
    ) -> None:
        """Store the events, in this order; each is safe on disk when this returns.

        They go as atomic batches where the broker allows, else one by one, and again after a
        dropped connection until `timeout_s` is over.

        Raises:
            BackendUnavailableError: some may not be stored (`outcome` unknown): publish again.
        """
        await self.publish_envelopes([Envelope.of(event) for event in events], timeout_s=timeout_s)

    async def publish_envelopes(
        self, envelopes: Sequence[Envelope], *, timeout_s: float = _PUBLISH_TIMEOUT_S
    ) -> None:
        """Do what `publish` does for events already written."""
        for start in range(0, len(envelopes), MAX_BATCH):
            await self._publish_batch(envelopes[start : start + MAX_BATCH], timeout_s)

    async def publish_raw(
        self,
        subject: str,
        body: bytes,
        headers: dict[str, str],
        *,
        message_id: str,
        timeout_s: float = _PUBLISH_TIMEOUT_S,
    ) -> int:
        """Store one message under an id that makes repeating this harmless.

        Returns its sequence in the stream; repeated, that of the first time.
        """
        stamped = {**headers, "Nats-Msg-Id": message_id}
        stored = await self.call(
            lambda: self.jetstream.publish(subject, body, headers=dict(stamped)),
            timeout_s=timeout_s,
        )
        return stored.seq

    async def schedule(self, envelope: Envelope, at: datetime) -> None:
        """Have the broker deliver the event at the moment `at`, whether or not we live then."""
        moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        headers = {
            **envelope.headers,
            "Nats-Schedule": f"@at {moment}",
            "Nats-Schedule-Target": envelope.due_subject,
            "Nats-Schedule-TTL": _FIRED_TTL,
        }
        await self.publish_raw(
            timer_subject(envelope.tenant, envelope.event_id),
            envelope.body,
            headers,
            message_id=envelope.event_id,
        )

    async def cancel_timer(self, tenant: TenantId, event_id: str) -> None:
        """Cancel a timer that the broker has; one that has fired or is unknown stays so."""
        subject = timer_subject(tenant, event_id)
        await self.call(
            lambda: self.jetstream.purge_stream(TIMERS, subject=subject),
            timeout_s=_PUBLISH_TIMEOUT_S,
        )

    async def count(self, stream: str) -> int:
        """Return how many messages a stream holds."""
        info = await self.call(
            lambda: self.jetstream.stream_info(stream), timeout_s=_REQUEST_TIMEOUT_S
        )
        return info.state.messages

    async def discard(self, stream: str, sequence: int, *, timeout_s: float = 10.0) -> bool:
        """Delete one message; returns False if it is not there any more."""

        async def delete() -> None:
            try:
                await self.jetstream.delete_msg(stream, sequence)
            except nats.js.errors.ServerError as error:
                if error.err_code == _NOT_DELETED:
                    await self.jetstream.get_msg(stream, sequence)  # raises if it is gone
                raise

        try:
            await self.call(delete, timeout_s=timeout_s)
        except nats.js.errors.NotFoundError:
            return False
        return True

    async def subscribe(self, subject: str, queue: str, on_message: OnMessage) -> Subscribed:
        """Subscribe to a plain subject across reconnects; end it with `unsubscribe`."""
        return await self._connection.subscribe(subject, queue, on_message)

    async def unsubscribe(self, subscription: Subscribed) -> None:
        """End a subscription; messages already here are still handled."""
        await self._connection.unsubscribe(subscription)

    async def until_dropped(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`; cancel it and raise DroppedError as soon as the connection drops."""
        return await self._connection.until_dropped(work)

    async def call(self, attempt: Callable[[], Awaitable[T]], *, timeout_s: float) -> T:
        """Run an idempotent request, again after drops and silence, until `timeout_s` is over.

        Raises:
            BackendUnavailableError: no answer; the effect may have happened.
            BackendRejectedError: the broker refuses the request as it is.
            nats.js.errors.NotFoundError: what the request names is not there.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._connection.wait_connected(timeout_s)
                    try:
                        return await self.until_dropped(_awaited(attempt))
                    except nats.js.errors.NotFoundError:
                        raise
                    except nats.js.errors.BadRequestError as error:
                        raise BackendRejectedError(f"the broker refuses: {error}") from error
                    except nats.js.errors.NoStreamResponseError:
                        await self._restore_streams()
                    except (nats.errors.Error, OSError):
                        await asyncio.sleep(_RETRY_WAIT_S)
        except TimeoutError as error:
            raise BackendUnavailableError(
                f"the broker did not answer in {timeout_s:g} s",
                retry_after_s=1,
                outcome="unknown",
            ) from error

    async def _restore_streams(self) -> None:
        """Set up streams again: they were lost with the broker's disk, or are not loaded yet."""
        await asyncio.sleep(_RETRY_WAIT_S)
        try:
            await self.until_dropped(set_up_streams(self.jetstream, self._replicas))
        except (nats.errors.Error, OSError):
            return

    async def _publish_batch(self, envelopes: Sequence[Envelope], timeout_s: float) -> None:
        if len(envelopes) > 1:
            try:
                await self.call(lambda: self._atomically(envelopes), timeout_s=timeout_s)
            except _RefusedBatchError:
                pass
            else:
                return
        for one in envelopes:
            await self.publish_raw(
                one.subject, one.body, one.headers, message_id=one.event_id, timeout_s=timeout_s
            )

    async def _atomically(self, envelopes: Sequence[Envelope]) -> None:
        client = self.client
        batch_id = uuid4().hex
        for number, one in enumerate(envelopes, start=1):
            headers = {
                **one.headers,
                "Nats-Msg-Id": one.event_id,
                "Nats-Batch-Id": batch_id,
                "Nats-Batch-Sequence": str(number),
            }
            if number < len(envelopes):
                await client.publish(one.subject, one.body, headers=headers)
                continue
            headers["Nats-Batch-Commit"] = "1"
            try:
                answer = await client.request(
                    one.subject, one.body, timeout=_REQUEST_TIMEOUT_S, headers=headers
                )
            except nats.errors.NoRespondersError as error:
                raise nats.js.errors.NoStreamResponseError from error
            refusal = orjson.loads(answer.data).get("error") if answer.data else None
            if refusal is None:
                return
            if refusal.get("err_code") in _SINGLY:
                raise _RefusedBatchError
            raise APIError.from_error(refusal)


class _RefusedBatchError(Exception):
    """The broker takes these messages only one by one."""


async def _awaited(attempt: Callable[[], Awaitable[T]]) -> T:
    return await attempt()
