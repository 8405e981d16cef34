"""Erasing what the broker keeps of a subject: its events go, before their time is over."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.subjects import CORRELATION_ID, EVENTS, token

_BATCH = 500
_FETCH_S = 5.0
_SCAN_S = 120.0
_UNUSED_S = 30.0
_TIMEOUT_S = 10.0


class EventErasure:
    """Deletes events from the broker's stream, which writes over their bytes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def erase(
        self,
        tenant: TenantId,
        correlation_id: str,
        *,
        ids: Collection[str],
        sources: Sequence[str],
        since: datetime,
        kept: Collection[str],
    ) -> int:
        """Delete the events since `since` that are about one of `ids`; return how many went.

        Only those whose type begins with one of `sources` are looked at, and none of the types
        `kept` goes. What somebody has not consumed by then is never consumed.
        """
        subjects = [f"events.{token(tenant)}.{source}.>" for source in sources]
        found = await self._bus.call(
            lambda: self._scan(subjects, correlation_id, since), timeout_s=_SCAN_S
        )
        count = 0
        for sequence in found:
            event = await self._read(sequence)
            if event is None or event.type in kept:
                continue
            if event.subject in ids or event.data.get("document_id") in ids:
                count += await self._bus.discard(EVENTS, sequence)
        return count

    async def _scan(self, subjects: list[str], correlation_id: str, since: datetime) -> list[int]:
        """Return the numbers of the messages under the correlation ID; bodies stay there."""
        jetstream = self._bus.jetstream
        consumer = await jetstream.add_consumer(
            EVENTS,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_TIME,
                opt_start_time=since,
                filter_subjects=subjects,
                headers_only=True,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=_UNUSED_S,
                mem_storage=True,
            ),
        )
        inbox = await jetstream.pull_subscribe_bind(consumer=consumer.name, stream=EVENTS)
        try:
            return await _numbers(inbox, consumer.num_pending or 0, correlation_id)
        finally:
            with suppress(nats.errors.Error, OSError):
                await inbox.unsubscribe()
                await jetstream.delete_consumer(EVENTS, consumer.name)

    async def _read(self, sequence: int) -> Event | None:
        try:
            raw = await self._bus.call(
                lambda: self._bus.jetstream.get_msg(EVENTS, sequence), timeout_s=_TIMEOUT_S
            )
            return Event.from_cloudevent(raw.data or b"")
        except (nats.js.errors.NotFoundError, InvalidRequestError):
            return None


async def _numbers(
    inbox: JetStreamContext.PullSubscription, pending: int, correlation_id: str
) -> list[int]:
    found: list[int] = []
    while pending > 0:
        for message in await inbox.fetch(min(_BATCH, pending), timeout=_FETCH_S):
            pending -= 1
            if (message.headers or {}).get(CORRELATION_ID) == correlation_id:
                found.append(message.metadata.sequence.stream)
    return found
