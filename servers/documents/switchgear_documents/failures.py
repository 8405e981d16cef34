"""The dead letters as operators see them: listed, inspected, and decided on once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from switchgear_documents.dead_letters import STATES, Choice, record_decision, remembered, whole
from switchgear_documents.models_failures import (
    DeadLetterPage,
    DeadLetterRecord,
    DeadLetterResult,
    DeadLetterRow,
)
from switchgear_documents.tables import DeadLetterDecisionRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import NotFoundError
from switchgear_shared.messaging.dead_letters import DeadLetter, DeadLetters
from switchgear_shared.storage.database import Database

_MESSAGE_CHARS = 200
_PAGE = 50
_MOST_PAGES = 20


class Failures:
    """The dead letter part of DocumentsBackend; SqlDocuments has it as its own."""

    def __init__(self, database: Database, dead_letters: DeadLetters) -> None:
        self._database = database
        self._dead_letters = dead_letters

    async def list_dead_letters(
        self,
        tenant: TenantId,
        *,
        failure_group: str | None,
        consumer: str | None,
        event_type: str | None,
        cursor: str | None,
        limit: int,
    ) -> DeadLetterPage:
        """See DocumentsBackend."""
        page = await self._dead_letters.list(
            tenant=tenant,
            limit=limit,
            cursor=cursor,
            consumer=consumer,
            event_type=event_type,
            failure_group=failure_group,
            is_open=self._is_open,
        )
        return DeadLetterPage(
            items=tuple(
                DeadLetterRow(
                    id=letter.id,
                    event_type=letter.event_type,
                    consumer=letter.consumer,
                    error_code=letter.error_code,
                    error_message=letter.error_message[:_MESSAGE_CHARS],
                    attempts=letter.attempts,
                    correlation_id=letter.correlation_id,
                    failure_group=letter.failure_group,
                    died_at=letter.died_at,
                )
                for letter in page.items
            ),
            next_cursor=page.next_cursor,
            truncated=page.truncated,
        )

    async def get_dead_letter(self, tenant: TenantId, dead_letter_id: str) -> DeadLetterRecord:
        """See DocumentsBackend."""
        record = DeadLetterDecisionRecord
        async with self._database.reading() as session:
            found = await session.scalars(
                select(record)
                .where(record.tenant == tenant, record.dead_letter_id == dead_letter_id)
                .order_by(record.decided_at)
            )
            decided = found.all()
        try:
            letter = await self._dead_letters.get(dead_letter_id, tenant=tenant)
        except NotFoundError:
            if not decided:
                raise
            return remembered(decided[-1])
        return whole(letter, next((d for d in decided if d.died_at == letter.died_at), None))

    async def replay_dead_letters(
        self,
        caller: Caller,
        *,
        dead_letter_id: str | None,
        failure_group: str | None,
        edits: dict[str, Any] | None,
        limit: int,
    ) -> DeadLetterResult:
        """See DocumentsBackend."""
        return await self._decide(caller, "replay", dead_letter_id, failure_group, limit, edits)

    async def discard_dead_letters(
        self,
        caller: Caller,
        *,
        dead_letter_id: str | None,
        failure_group: str | None,
        reason: str,
        limit: int,
    ) -> DeadLetterResult:
        """See DocumentsBackend."""
        return await self._decide(
            caller, "discard", dead_letter_id, failure_group, limit, reason=reason
        )

    async def open_letter_about(
        self, tenant: TenantId, correlation_id: str, ids: Collection[str]
    ) -> str | None:
        """Return the oldest letter about one of the documents that nobody decided on.

        One that cannot be read may be about any document of its correlation ID.
        """

        async def is_about(letter: DeadLetter) -> bool:
            if letter.correlation_id != correlation_id or not await self._is_open(letter):
                return False
            event = letter.event
            return event is None or event.subject in ids or event.data.get("document_id") in ids

        cursor: str | None = None
        while True:
            page = await self._dead_letters.list(
                tenant=tenant, limit=1, cursor=cursor, is_open=is_about
            )
            if page.items:
                return page.items[0].id
            cursor = page.next_cursor
            if cursor is None:
                return None

    async def _decide(
        self,
        caller: Caller,
        choice: Choice,
        dead_letter_id: str | None,
        failure_group: str | None,
        limit: int,
        edits: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> DeadLetterResult:
        chosen: list[DeadLetter] = []
        remaining: int | None = None
        if dead_letter_id is not None:
            chosen = await self._one(caller.tenant, dead_letter_id)
        else:
            found, is_all = await self._group(caller.tenant, failure_group)
            chosen = found[:limit]
            remaining = len(found) - len(chosen) if is_all else None
        async with self._database.writing() as session:
            for letter in chosen:
                if edits:
                    letter.edited(edits)
                await record_decision(session, caller, letter, choice, edits, reason)
        return DeadLetterResult(
            id=dead_letter_id or failure_group or "",
            state=STATES[choice],
            version="1",
            changed=bool(chosen),
            decided_count=len(chosen),
            remaining_count=remaining,
        )

    async def _one(self, tenant: TenantId, dead_letter_id: str) -> list[DeadLetter]:
        try:
            letter = await self._dead_letters.get(dead_letter_id, tenant=tenant)
        except NotFoundError:
            await self._dead_letters.check_existed(dead_letter_id)
            return []
        return [letter] if await self._is_open(letter) else []

    async def _group(
        self, tenant: TenantId, failure_group: str | None
    ) -> tuple[list[DeadLetter], bool]:
        """Return open letters of the group, oldest first, and whether these are all."""
        found: list[DeadLetter] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._dead_letters.list(
                tenant=tenant,
                limit=_PAGE,
                cursor=cursor,
                failure_group=failure_group,
                is_open=self._is_open,
            )
            found.extend(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return found, True
        return found, False

    async def _is_open(self, letter: DeadLetter) -> bool:
        key = (letter.tenant, letter.id, letter.died_at)
        async with self._database.reading() as session:
            return await session.get(DeadLetterDecisionRecord, key) is None
