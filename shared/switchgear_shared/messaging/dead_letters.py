"""Dead letters for operators: list, inspect, replay as it was or edited, discard."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import nats.js.errors
import orjson
from nats.js.api import RawStreamMsg
from pydantic import ConfigDict

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.pages import Page, decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.messaging.burial import Failure
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.subjects import (
    DEAD,
    DEAD_LETTER,
    REPLAY_FOR,
    dead_subject,
    own_headers,
    tenant_of,
    token,
)

_TIMEOUT_S = 10.0
_LISTING = "dead_letters"
_MOST = 50
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")

LOOKED_AT = 1000
"""Most letters that one listing looks at."""


class DeadLetter(Failure):
    """A message that no handler could take, with its body as it came."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    id: str
    tenant: TenantId
    body: bytes

    @property
    def event(self) -> Event | None:
        """The event in the body, None where it is not readable."""
        try:
            return Event.from_cloudevent(self.body)
        except InvalidRequestError:
            return None

    def edited(self, edits: dict[str, Any]) -> bytes:
        """Return the body with fields of the event's data replaced; the event keeps its id.

        Raises:
            InvalidRequestError: it is not readable, or would be no valid event.
        """
        event = self.event
        if event is None:
            raise InvalidRequestError(f"dead letter {self.id} holds no readable event to edit")
        body = orjson.loads(self.body)
        body["data"] = {**event.data, **edits}
        return Event.from_cloudevent(orjson.dumps(body)).to_cloudevent()


class DeadLetterPage(Page):
    """Dead letters, oldest first."""

    items: tuple[DeadLetter, ...]


class DeadLetters:
    """The dead letter stream; each operation may be repeated after a crash.

    With `tenant` given, letters of others are as if they were not there.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def list(
        self,
        *,
        limit: int = 10,
        cursor: str | None = None,
        consumer: str | None = None,
        event_type: str | None = None,
        failure_group: str | None = None,
        tenant: TenantId | None = None,
        is_open: Callable[[DeadLetter], Awaitable[bool]] | None = None,
    ) -> DeadLetterPage:
        """Return at most `limit` (1 to 50) dead letters, oldest first; with filters, that match.

        No more than LOOKED_AT letters are looked at: a page may be short and lead on.

        Raises:
            InvalidRequestError: the cursor is not one of ours, or `consumer` is no such name.
        """
        if consumer is not None and not _NAME.fullmatch(consumer):
            raise InvalidRequestError(f"no consumer is called {consumer[:64]!r}", field="consumer")
        subject = dead_subject(token(tenant) if tenant else "*", consumer or "*")
        after = decode_cursor(_LISTING, cursor, int)[0] if cursor else 0
        most = max(1, min(limit, _MOST))
        found: list[DeadLetter] = []
        for _ in range(LOOKED_AT):
            letter = await self._next(subject, after)
            if letter is None:
                return DeadLetterPage(items=tuple(found))
            is_wanted = (
                event_type in (None, letter.event_type)
                and failure_group in (None, letter.failure_group)
                and (is_open is None or await is_open(letter))
            )
            if is_wanted and len(found) == most:
                break
            if is_wanted:
                found.append(letter)
            after = int(letter.id)
        return DeadLetterPage(
            items=tuple(found), next_cursor=encode_cursor(_LISTING, [after]), truncated=True
        )

    async def count(self) -> int:
        """Return how many there are, of all tenants."""
        return await self._bus.count(DEAD)

    async def get(self, letter_id: str, *, tenant: TenantId | None = None) -> DeadLetter:
        """Return one dead letter.

        Raises:
            NotFoundError: there is none, or it was replayed or discarded.
        """
        letter = await self._find(letter_id, tenant)
        if letter is None:
            raise NotFoundError(f"there is no dead letter {letter_id}")
        return letter

    async def replay(
        self,
        letter_id: str,
        edits: dict[str, Any] | None = None,
        *,
        tenant: TenantId | None = None,
    ) -> bool:
        """Hand the letter to the consumer that failed, and to no other, as new; then drop it.

        `edits` replace fields of the event's data; the event keeps its id. Returns False if the
        letter was replayed or discarded before.

        Raises:
            NotFoundError: there never was such a letter.
            InvalidRequestError: the edits do not make a valid event.
        """
        letter = await self._find(letter_id, tenant)
        if letter is None:
            await self.check_existed(letter_id)
            return False
        await self._bus.publish_raw(
            letter.subject,
            letter.edited(edits) if edits else letter.body,
            {**letter.headers, REPLAY_FOR: letter.consumer},
            message_id=f"{letter.event_id or 'unknown'}:replay:{letter.id}",
        )
        await self._bus.discard(DEAD, int(letter.id))
        return True

    async def check_existed(self, letter_id: str) -> None:
        """Raise NotFoundError if there never was such a letter."""
        info = await self._bus.call(
            lambda: self._bus.jetstream.stream_info(DEAD), timeout_s=_TIMEOUT_S
        )
        if _sequence(letter_id) > info.state.last_seq:
            raise NotFoundError(f"there is no dead letter {letter_id}")

    async def discard(self, letter_id: str, *, tenant: TenantId | None = None) -> bool:
        """Drop the letter for good; returns False if it was replayed or discarded before.

        Raises:
            NotFoundError: there never was such a letter.
        """
        letter = await self._find(letter_id, tenant)
        if letter is None:
            await self.check_existed(letter_id)
            return False
        return await self._bus.discard(DEAD, int(letter.id))

    async def _next(self, subject: str, after: int) -> DeadLetter | None:
        return await self._look_up(seq=after + 1, subject=subject, next=True)

    async def _find(self, letter_id: str, tenant: TenantId | None) -> DeadLetter | None:
        letter = await self._look_up(seq=_sequence(letter_id))
        return None if letter and tenant and letter.tenant != tenant else letter

    async def _look_up(self, **which: Any) -> DeadLetter | None:
        try:
            raw = await self._bus.call(
                lambda: self._bus.jetstream.get_msg(DEAD, **which), timeout_s=_TIMEOUT_S
            )
        except nats.js.errors.NotFoundError:
            return None
        return _letter_of(raw)


def _sequence(letter_id: str) -> int:
    if not letter_id.isascii() or not letter_id.isdigit() or not 0 < int(letter_id[:20]) < 1 << 63:
        raise NotFoundError(f"there is no dead letter {letter_id[:64]}")
    return int(letter_id)


def _letter_of(raw: RawStreamMsg) -> DeadLetter:
    failure = Failure.model_validate_json((raw.headers or {})[DEAD_LETTER])
    return DeadLetter.model_validate(
        {
            **failure.model_dump(),
            "headers": own_headers(failure.headers),
            "id": str(raw.seq),
            "tenant": tenant_of(failure.subject),
            "body": raw.data or b"",
        }
    )
