"""The tools of people who review documents and mend failures."""

from typing import Annotated, Literal

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models import DeadLetterPage, DeadLetterResult, Decision, ReviewPage
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.tools import Cursor, Edits, Fields, Limit, documents
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import ResourceBody

DeadLetterId = Annotated[
    str, Field(max_length=64, description="`id` from documents_list_dead_letters.")
]
Group = Annotated[str, Field(max_length=64, description="All of this `failure_group`.")]
GroupLimit = Annotated[int, Field(ge=1, le=50, description="Most letters of the group.")]


@documents.read(permission="documents.review.read", untrusted=True)
async def documents_list_reviews(
    backend: DocumentsBackend,
    caller: Caller,
    state: Annotated[Literal["open", "decided"], Field(description="Which to list.")] = "open",
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> ReviewPage:
    """List documents that wait for a person's decision, longest waiting first.

    `reasons` say what is in doubt. No items means nothing waits.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.list_reviews(caller.tenant, state=state, cursor=cursor, limit=limit)


@documents.write(permission="documents.review.decide", idempotent=False, untrusted=True)
async def documents_decide_review(
    backend: DocumentsBackend,
    caller: Caller,
    review_id: Annotated[
        str, Field(max_length=64, description="`id` from documents_list_reviews.")
    ],
    decision: Annotated[
        Decision, Field(description="approve as read, correct with `fields`, or reject.")
    ],
    type: Annotated[  # noqa: A002 - the catalogue's name
        DocumentType | None, Field(description="With `correct`: the right type.")
    ] = None,
    fields: Fields | None = None,
    reason: Annotated[str | None, Field(max_length=500, description="For the record.")] = None,
) -> WriteResult:
    """Decide a review: the document goes on as read, corrected, or not at all.

    Only on a person's word. Fails with conflict if it is already decided, not_found,
    and invalid_request where fields come without `correct`.
    """
    if decision == "correct" and not fields and type is None:
        raise InvalidRequestError("correct needs fields or a type", field="fields")
    if decision != "correct" and (fields or type is not None):
        raise InvalidRequestError("fields and type go with the decision correct", field="fields")
    return await backend.decide_review(
        caller,
        review_id,
        decision=decision,
        document_type=type,
        fields={str(name): value for name, value in (fields or {}).items()},
        reason=reason,
    )


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
