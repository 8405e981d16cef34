"""The tools of people who review documents."""

import base64
from typing import Annotated, Literal

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.reading.reading import DocumentType, KnownType
from switchgear_documents.review_models import (
    ClaimFilter,
    Decision,
    ReviewClaim,
    ReviewDetail,
    ReviewPage,
)
from switchgear_documents.tools import Cursor, Fields, Limit, documents
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import ResourceBody

ReviewId = Annotated[str, Field(max_length=64, description="`id` from documents_list_reviews.")]


@documents.read(permission="documents.review.read", untrusted=True)
async def documents_list_reviews(
    backend: DocumentsBackend,
    caller: Caller,
    state: Annotated[Literal["open", "decided"], Field(description="Which to list.")] = "open",
    claim: Annotated[ClaimFilter | None, Field(description="Only yours, or nobody's.")] = None,
    type: Annotated[KnownType | None, Field(description="Only this type.")] = None,  # noqa: A002 - the catalogue's name
    overdue: Annotated[bool, Field(description="Only those past due_at.")] = False,
    reason: Annotated[
        str | None, Field(min_length=2, max_length=100, description="Only with this in a reason.")
    ] = None,
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> ReviewPage:
    """List documents that wait for a person's decision, those due first first.

    `reasons` say what is in doubt. No items means nothing waits.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.list_reviews(
        caller,
        state=state,
        claim=claim,
        document_type=type,
        is_overdue=overdue,
        reason=reason,
        cursor=cursor,
        limit=limit,
    )


@documents.read(permission="documents.review.read", untrusted=True)
async def documents_get_review(
    backend: DocumentsBackend, caller: Caller, review_id: ReviewId
) -> ReviewDetail:
    """Get all that is needed to decide one review, in one answer.

    Fields with their boxes on the `pages`, reasons, failed checks, claim, types, history.
    Fails with not_found.
    """
    return await backend.get_review(caller.tenant, review_id)


@documents.resource(
    "documents://{document_id}/pages/{page}.png",
    permission="documents.document.read",
    mime_type="image/png",
    name="documents_page",
)
async def read_page_resource(
    backend: DocumentsBackend,
    caller: Caller,
    document_id: str,
    page: Annotated[str, Field(pattern="^[1-9][0-9]{0,3}$", description="From 1.")],
) -> ResourceBody:
    """Give a page of a PDF or an image as a picture; boxes are fractions of it."""
    content = await backend.read_page(caller.tenant, document_id, int(page))
    return ResourceBody(blob=base64.b64encode(content).decode())


@documents.write(permission="documents.review.claim", idempotent=True)
async def documents_claim_review(
    backend: DocumentsBackend,
    caller: Caller,
    review_id: ReviewId,
    to: Annotated[
        str | None, Field(max_length=128, description="Another party, to hand it over.")
    ] = None,
    release: Annotated[bool, Field(description="True: give it back.")] = False,
    reason: Annotated[
        str | None, Field(min_length=3, max_length=500, description="Needed with `to`.")
    ] = None,
) -> ReviewClaim:
    """Take a review on, so that nobody else works on it; again renews.

    Holds until `claimed_until`. Fails with conflict, naming holder and until when, if another
    holds it, or if it is decided; policy_denied for `to` unless you hand out work; not_found.
    """
    if release and to is not None:
        raise InvalidRequestError("give `to` or `release`, not both", field="release")
    if release:
        return await backend.release_review(caller, review_id)
    if to not in (None, caller.requested_by) and reason is None:
        raise InvalidRequestError("say why another is to do it", field="reason")
    return await backend.claim_review(caller, review_id, to=to)


@documents.write(permission="documents.review.decide", idempotent=False, untrusted=True)
async def documents_decide_review(
    backend: DocumentsBackend,
    caller: Caller,
    review_id: ReviewId,
    decision: Annotated[
        Decision,
        Field(description="approve as read, correct with `fields`, reject, or part in `parts`."),
    ],
    type: Annotated[  # noqa: A002 - the catalogue's name
        DocumentType | None, Field(description="With `correct`: the right type.")
    ] = None,
    fields: Fields | None = None,
    parts: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="With `part`: pages of each document in the file, all pages: 1-2,3,4-6.",
        ),
    ] = None,
    reason: Annotated[str | None, Field(max_length=500, description="For the record.")] = None,
) -> WriteResult:
    """Decide a review: the document goes on as read, corrected, parted, or not at all.

    Only on a person's word. Fails with conflict if it is decided or another holds it, not_found,
    and invalid_request where fields come without `correct` or the parts are not all its pages.
    """
    if (decision == "part") != (parts is not None):
        raise InvalidRequestError("parts and the decision part go together", field="parts")
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
        parts=parts,
    )
