"""The tools of people who mend failures."""

from typing import Annotated

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models_failures import DeadLetterPage, DeadLetterResult
from switchgear_documents.tools import Cursor, Edits, Limit, documents
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import ResourceBody

DeadLetterId = Annotated[
    str, Field(max_length=64, description="`id` from documents_list_dead_letters.")
]
Group = Annotated[str, Field(max_length=64, description="All of this `failure_group`.")]
GroupLimit = Annotated[int, Field(ge=1, le=50, description="Most letters of the group.")]


@documents.read(permission="documents.dead_letter.read", untrusted=True)
async def documents_list_dead_letters(
    backend: DocumentsBackend,
    caller: Caller,
    failure_group: Group | None = None,
    consumer: Annotated[str, Field(max_length=64, description="Only of this one.")] | None = None,
    event_type: Annotated[str, Field(max_length=128, description="Only this type.")] | None = None,
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> DeadLetterPage:
    """List events that failed for good, oldest first, with the error of each.

    Use when a document stands still. Rows of one failure_group have one cause: mend it, replay.
    documents://dead-letters/{id} has one whole. Fails with backend_unavailable without a broker.
    """
    return await backend.list_dead_letters(
        caller.tenant,
        failure_group=failure_group,
        consumer=consumer,
        event_type=event_type,
        cursor=cursor,
        limit=limit,
    )


@documents.write(permission="documents.dead_letter.replay", idempotent=True)
async def documents_replay_dead_letter(
    backend: DocumentsBackend,
    caller: Caller,
    id: DeadLetterId | None = None,  # noqa: A002 - the catalogue's name
    failure_group: Group | None = None,
    edits: Edits | None = None,
    limit: GroupLimit = 10,
) -> DeadLetterResult:
    """Hand a dead letter, or a group's oldest, to its handler again once mended.

    Give id or failure_group. Safe to repeat: nothing is done twice; `changed` is false if nothing
    was left to do. Fails with not_found, and invalid_request if edits break the event's shape.
    """
    _check_which(id, failure_group)
    if edits and id is None:
        raise InvalidRequestError("edits go with one id", field="edits")
    return await backend.replay_dead_letters(
        caller, dead_letter_id=id, failure_group=failure_group, edits=edits, limit=limit
    )


@documents.write(permission="documents.dead_letter.discard", idempotent=True, destructive=True)
async def documents_discard_dead_letter(
    backend: DocumentsBackend,
    caller: Caller,
    reason: Annotated[
        str, Field(min_length=3, max_length=500, description="Why; kept, and shown by the trace.")
    ],
    id: DeadLetterId | None = None,  # noqa: A002 - the catalogue's name
    failure_group: Group | None = None,
    limit: GroupLimit = 10,
) -> DeadLetterResult:
    """Remove a dead letter, or a group's oldest, for good: it will not happen.

    Only on a person's word. Give id or failure_group. Fails with not_found.
    """
    _check_which(id, failure_group)
    return await backend.discard_dead_letters(
        caller, dead_letter_id=id, failure_group=failure_group, reason=reason, limit=limit
    )


@documents.resource(
    "documents://dead-letters/{dead_letter_id}",
    permission="documents.dead_letter.read",
    mime_type="application/json",
    name="documents_dead_letter",
    untrusted=True,
)
async def read_dead_letter(
    backend: DocumentsBackend, caller: Caller, dead_letter_id: str
) -> ResourceBody:
    """Give one dead letter whole: error, attempts, handler, headers, event, and any decision."""
    letter = await backend.get_dead_letter(caller.tenant, dead_letter_id)
    return ResourceBody(text=letter.model_dump_json(indent=2))


def _check_which(letter_id: str | None, failure_group: str | None) -> None:
    if (letter_id is None) == (failure_group is None):
        raise InvalidRequestError("give one of id and failure_group", field="id")
