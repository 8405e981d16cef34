"""Put a message that no handler could take into the dead letter stream, once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import nats.js.errors
import orjson
from nats.aio.msg import Msg

from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.pull import PullLoop, PullSource, settle
from switchgear_shared.messaging.subjects import (
    CORRELATION_ID,
    DEAD_LETTER,
    EVENT_ID,
    EVENTS,
    EXHAUSTED,
    GIVEN_UP,
    dead_subject,
    own_headers,
    tenant_token,
)
from switchgear_shared.observability.logs import logger

Reason = Literal["permanent", "undecodable", "exhausted", "poison"]
DIED = "messaging.event.dead_lettered"

_log = logger(__name__)
_MESSAGE_CHARS = 1000
_TYPE_AT = 2
_RETRY_S = 5.0
_LOOK_UP_TIMEOUT_S = 10.0
_VARYING = re.compile(r"[a-z]+_[0-9a-f]{32}|[0-9a-f]{8,}|[0-9]+|'[^']*'|\"[^\"]*\"")


class Failure(Contract):
    """Why a message is dead; travels beside its untouched body."""

    reason: Reason
    error_code: str
    error_message: str
    attempts: int
    consumer: str
    subject: str
    headers: dict[str, str]
    event_id: str | None
    event_type: str | None
    correlation_id: str | None
    failure_group: str
    died_at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of the EVENTS stream as one consumer got it."""

    sequence: int
    subject: str
    body: bytes
    consumer: str
    attempts: int
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_message(cls, message: Msg) -> Delivered:
        """Return what was delivered."""
        facts = message.metadata
        return cls(
            sequence=facts.sequence.stream,
            subject=message.subject,
            body=message.data,
            consumer=facts.consumer,
            attempts=facts.num_delivered,
            headers=own_headers(message.headers),
        )


async def bury(
    bus: Bus, delivered: Delivered, *, reason: Reason, error_code: str, error_message: str
) -> None:
    """Keep the message in DEAD with its failure, and announce it.

    Burying it again changes nothing.
    """
    parts = delivered.subject.split(".")
    failure = Failure(
        reason=reason,
        error_code=error_code,
        error_message=_readable(error_message)[:_MESSAGE_CHARS],
        attempts=delivered.attempts,
        consumer=delivered.consumer,
        subject=delivered.subject,
        headers={name: _readable(value) for name, value in delivered.headers.items()},
        event_id=delivered.headers.get(EVENT_ID),
        event_type=".".join(parts[_TYPE_AT:]) or None,
        correlation_id=delivered.headers.get(CORRELATION_ID),
        failure_group=failure_group(delivered.consumer, error_code, error_message),
        died_at=utc_now(),
    )
    message_id = f"{EVENTS}:{delivered.sequence}:{delivered.consumer}"
    letter = await bus.publish_raw(
        dead_subject(tenant_token(delivered.subject), delivered.consumer),
        delivered.body,
        {DEAD_LETTER: json.dumps(failure.model_dump(mode="json"))},  # ASCII: it is a header
        message_id=message_id,
    )
    await _announce(bus, delivered, failure, str(letter), message_id)
    _log.error(
        "event_dead_lettered",
        reason=reason,
        consumer=delivered.consumer,
        subject=delivered.subject,
        attempts=delivered.attempts,
        error_code=error_code,
        failure_group=failure.failure_group,
        correlation_id=failure.correlation_id,
    )


async def _announce(
    bus: Bus, delivered: Delivered, failure: Failure, letter_id: str, message_id: str
) -> None:
    """Publish that the event died, under an id of its own that repeating this finds again.

    Nothing is said of an unreadable event, which names no piece of work, nor of the death of an
    announcement: a consumer that takes none would make one of another without end.
    """
    try:
        event = Event.from_cloudevent(delivered.body)
    except InvalidRequestError:
        return
    if event.type == DIED:
        return
    announced = new_event(
        DIED,
        source="messaging",
        subject=event.subject,
        cause=event,
        time=failure.died_at,
        data={
            "dead_letter_id": letter_id,
            "event_id": event.id,
            "event_type": event.type,
            "consumer": failure.consumer,
            "cause": failure.reason,
            "error_code": failure.error_code,
            "failure_group": failure.failure_group,
            "attempts": failure.attempts,
        },
    )
    seed = f"{letter_id}\n{message_id}\n{event.id}"
    stable = hashlib.sha256(seed.encode()).hexdigest()[:32]
    await bus.publish([announced.model_copy(update={"id": f"died_{stable}"})])


def failure_group(consumer: str, error_code: str, error_message: str) -> str:
    """Return a fingerprint that failures of one cause share, whatever ids and numbers they name."""
    shape = _VARYING.sub("#", error_message[:_MESSAGE_CHARS])
    return hashlib.sha256(
        f"{consumer}\n{error_code}\n{shape}".encode("utf-8", "replace")
    ).hexdigest()[:16]


def _readable(text: str) -> str:
    """Return `text` as UTF-8 can write it: a lone surrogate would make the letter unreadable."""
    return text.encode("utf-8", "replace").decode()


class ExhaustedBurial:
    """Buries messages that the broker gave up on: each delivery ended with its process."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        source = PullSource(EXHAUSTED, "switchgear-burial", GIVEN_UP, slots=1)
        self._loop = PullLoop(bus, source, self._bury)

    async def start(self) -> None:
        """Begin."""
        await self._loop.start()

    async def stop(self) -> None:
        """Stop after the burial under way."""
        await self._loop.stop()

    async def _bury(self, messages: Sequence[Msg]) -> None:
        (message,) = messages
        try:
            advisory = orjson.loads(message.data)
            sequence = int(advisory["stream_seq"])
            raw = await self._bus.call(
                lambda: self._bus.jetstream.get_msg(EVENTS, sequence),
                timeout_s=_LOOK_UP_TIMEOUT_S,
            )
            attempts = int(advisory["deliveries"])
            await bury(
                self._bus,
                Delivered(
                    sequence=sequence,
                    subject=raw.subject or "",
                    body=raw.data or b"",
                    consumer=str(advisory["consumer"]),
                    attempts=attempts,
                    headers=own_headers(raw.headers),
                ),
                reason="poison",
                error_code="handler_died",
                error_message=f"the handler did not come back in {attempts} deliveries",
            )
        except nats.js.errors.NotFoundError:
            await settle(message.ack())  # the event is past its age: nothing is left to keep
        except SwitchgearError as error:
            _log.warning("burial_delayed", error_code=error.code, reason=error.message)
            await settle(message.nak(delay=_RETRY_S))
        else:
            await settle(message.ack())
