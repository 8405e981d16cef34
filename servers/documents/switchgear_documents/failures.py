"""The dead letters as operators see them: listed, replayed, discarded."""

from typing import Any

from switchgear_documents.models import DeadLetterPage, DeadLetterRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.messaging.dead_letters import DeadLetters

_MESSAGE_CHARS = 200


class Failures:
    """The dead letter part of DocumentsBackend; SqlDocuments has it as its own."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    async def list_dead_letters(
        self, tenant: TenantId, *, cursor: str | None, limit: int
    ) -> DeadLetterPage:
        """See DocumentsBackend."""
        page = await self._dead_letters.list(tenant=tenant, limit=limit, cursor=cursor)
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

    async def replay_dead_letter(
        self, caller: Caller, dead_letter_id: str, edits: dict[str, Any] | None
    ) -> WriteResult:
        """See DocumentsBackend."""
        replayed = await self._dead_letters.replay(
            dead_letter_id, tenant=caller.tenant, edits=edits
        )
        return WriteResult(id=dead_letter_id, state="replayed", version="1", changed=replayed)

    async def discard_dead_letter(
        self, caller: Caller, dead_letter_id: str, reason: str
    ) -> WriteResult:
        """See DocumentsBackend."""
        del reason  # the audit row of this call keeps it
        discarded = await self._dead_letters.discard(dead_letter_id, tenant=caller.tenant)
        return WriteResult(id=dead_letter_id, state="discarded", version="1", changed=discarded)
