"""A decision on a dead letter: recorded with its reason, announced, and then carried out.

It commits before the letter is touched: a preview touches none, a repeated decision changes
nothing, and one that was made is carried out.
"""

import base64
from typing import Any, Literal

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.models_failures import DeadLetterRecord
from switchgear_documents.tables import DeadLetterDecisionRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import NotFoundError
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.dead_letters import DeadLetter, DeadLetters
from switchgear_shared.messaging.outbox import emit

Choice = Literal["replay", "discard"]
_DECIDED = "documents.dead_letter.decided"
_SOURCE = "documents"

STATES = {"replay": "replayed", "discard": "discarded"}


class DecidedLetters:
    """Carries out what was decided on dead letters."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumer of decisions."""
        return (Consumer("documents-dead-letters", _DECIDED, self.carry_out),)

    async def carry_out(self, event: Event) -> None:
        """Replay or drop the letter; one that is gone, or another of its number, is left be."""
        letter_id = event.data["dead_letter_id"]
        try:
            letter = await self._dead_letters.get(letter_id, tenant=event.tenant)
        except NotFoundError:
            return
        if letter.died_at.isoformat() != event.data["died_at"]:
            return
        if event.data["decision"] == "replay":
            await self._dead_letters.replay(letter_id, event.data["edits"], tenant=event.tenant)
        else:
            await self._dead_letters.discard(letter_id, tenant=event.tenant)


async def record_decision(
    session: AsyncSession,
    caller: Caller,
    letter: DeadLetter,
    choice: Choice,
    edits: dict[str, Any] | None,
    reason: str | None,
) -> None:
    """Write the decision and announce it under the piece of work that stood still."""
    session.add(
        DeadLetterDecisionRecord(
            tenant=letter.tenant,
            dead_letter_id=letter.id,
            died_at=letter.died_at,
            decision=choice,
            decided_by=caller.requested_by,
            decided_at=utc_now(),
            reason=reason,
            consumer=letter.consumer,
            event_type=letter.event_type,
            error_code=letter.error_code,
            correlation_id=letter.correlation_id,
        )
    )
    await session.flush()
    event = letter.event
    await emit(
        session,
        new_event(
            _DECIDED,
            source=_SOURCE,
            subject=event.subject if event else f"dead_letter_{letter.id}",
            caller=caller,
            cause=event,
            data={
                "dead_letter_id": letter.id,
                "died_at": letter.died_at.isoformat(),
                "decision": choice,
                "decided_by": caller.requested_by,
                "reason": reason,
                "edits": edits,
                "event_type": letter.event_type,
                "consumer": letter.consumer,
            },
        ),
    )


def whole(letter: DeadLetter, decided: DeadLetterDecisionRecord | None) -> DeadLetterRecord:
    """Return all there is of a letter, and what was decided on it."""
    try:
        event = orjson.loads(letter.body)
    except orjson.JSONDecodeError:
        event = None
    return DeadLetterRecord.model_validate(
        {
            **letter.model_dump(
                include=set(DeadLetterRecord.model_fields) & set(DeadLetter.model_fields)
            ),
            "event": event if isinstance(event, dict) else None,
            "body_base64": base64.b64encode(letter.body).decode(),
            **_decision(decided),
        }
    )


def remembered(decided: DeadLetterDecisionRecord) -> DeadLetterRecord:
    """Return what is kept of a letter that is gone."""
    return DeadLetterRecord.model_validate(
        {
            "id": decided.dead_letter_id,
            "reason": None,
            "error_code": decided.error_code,
            "error_message": None,
            "attempts": None,
            "consumer": decided.consumer,
            "event_type": decided.event_type,
            "event_id": None,
            "correlation_id": decided.correlation_id,
            "failure_group": None,
            "died_at": decided.died_at,
            "headers": {},
            "event": None,
            "body_base64": None,
            **_decision(decided),
        }
    )


def _decision(decided: DeadLetterDecisionRecord | None) -> dict[str, Any]:
    if decided is None:
        return {"state": "open", "decided_by": None, "decided_at": None, "decision_reason": None}
    return {
        "state": STATES[decided.decision],
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at,
        "decision_reason": decided.reason,
    }
