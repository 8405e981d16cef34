"""The tools of people who mend failures."""

from typing import Annotated

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models import DeadLetterPage
from switchgear_documents.tools import Cursor, Edits, Limit, documents
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult

DeadLetterId = Annotated[
    str, Field(max_length=64, description="`id` from documents_list_dead_letters.")
]


@documents.read(permission="documents.dead_letter.read", untrusted=True)
async def documents_list_dead_letters(
    backend: DocumentsBackend, caller: Caller, cursor: Cursor | None = None, limit: Limit = 10
) -> DeadLetterPage:
    """List events that failed for good, oldest first, with the error of each.

    Use when a document stands still. Rows of one failure_group have one cause: mend it, replay.
    Fails with backend_unavailable while the broker is away.
    """
    return await backend.list_dead_letters(caller.tenant, cursor=cursor, limit=limit)


@documents.write(permission="documents.dead_letter.replay", idempotent=True)
async def documents_replay_dead_letter(
    backend: DocumentsBackend,
    caller: Caller,
    id: DeadLetterId,  # noqa: A002 - the catalogue's name
    edits: Edits | None = None,
) -> WriteResult:
    """Hand a dead letter to its handler again, once its cause is mended.

    Safe to repeat: what was already done is not done twice. `changed` is false if it is gone
    already. Fails with invalid_request if the edits break the event's shape, and not_found.
    """
    return await backend.replay_dead_letter(caller, id, edits)


@documents.write(permission="documents.dead_letter.discard", idempotent=True, destructive=True)
async def documents_discard_dead_letter(
    backend: DocumentsBackend,
    caller: Caller,
    id: DeadLetterId,  # noqa: A002 - the catalogue's name
    reason: Annotated[
        str, Field(min_length=3, max_length=500, description="Why; kept in the audit trail.")
    ],
) -> WriteResult:
    """Remove a dead letter for good; what it stood for will not happen.

    Only on a person's word. Fails with not_found.
    """
    return await backend.discard_dead_letter(caller, id, reason)
