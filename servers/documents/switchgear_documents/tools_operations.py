"""The tools of people who review documents and mend failures."""

from typing import Annotated, Literal

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models import DeadLetterPage, Decision, ReviewPage
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.tools import Cursor, Edits, Fields, Limit, documents
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError

DeadLetterId = Annotated[
    str, Field(max_length=64, description="`id` from documents_list_dead_letters.")
]


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


@documents.write(permission="documents.review.decide", idempotent=False)
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
