"""The tools of who keeps the records: governed as any other, but in no list that models see."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models_records import (
    ErasureReceipt,
    HoldPage,
    HoldReceipt,
    HoldScope,
    Retention,
)
from switchgear_documents.tools import Cursor, Id, Limit, documents
from switchgear_shared.contracts.caller import Caller

Reason = Annotated[
    str, Field(min_length=3, max_length=500, description="Why; kept for good, so name nobody.")
]


@documents.write(permission="documents.hold.place", idempotent=True, listed=False)
async def documents_place_hold(
    backend: DocumentsBackend,
    caller: Caller,
    document_id: Id,
    reason: Reason,
    scope: Annotated[
        HoldScope, Field(description="`correlation`: on all documents under its correlation ID.")
    ] = "document",
) -> HoldReceipt:
    """Put a document under legal hold: until it is released nothing erases it.

    Each matter places its own; the same scope and reason again changes nothing.
    Fails with not_found.
    """
    return await backend.place_hold(caller, document_id, scope=scope, reason=reason)


@documents.write(permission="documents.hold.release", idempotent=True, listed=False)
async def documents_release_hold(
    backend: DocumentsBackend,
    caller: Caller,
    document_id: Id,
    reason: Reason,
    hold_id: Annotated[
        str | None, Field(max_length=64, description="Needed where several stand.")
    ] = None,
) -> HoldReceipt:
    """Release a legal hold; what is past its time may be disposed of from then on.

    Fails with not_found where none stands, conflict where several do and none is named.
    """
    return await backend.release_hold(caller, document_id, hold_id=hold_id, reason=reason)


@documents.read(permission="documents.hold.read", listed=False)
async def documents_list_holds(
    backend: DocumentsBackend,
    caller: Caller,
    document_id: Id | None = None,
    released: Annotated[bool, Field(description="Those that were released.")] = False,
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> HoldPage:
    """List legal holds, the newest first.

    No items means none. Fails with not_found, and invalid_request for a foreign cursor.
    """
    return await backend.list_holds(
        caller.tenant, document_id=document_id, is_released=released, cursor=cursor, limit=limit
    )


@documents.read(permission="documents.retention.read", listed=False)
async def documents_get_retention(
    backend: DocumentsBackend, caller: Caller, document_id: Id | None = None
) -> Retention:
    """Show how long documents of each type are kept, and how many are past their time.

    With a document_id also where this one stands. Fails with not_found.
    """
    return await backend.get_retention(caller.tenant, document_id)


async def _erasure_facts(
    backend: DocumentsBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    return await backend.erasure_facts(caller.tenant, arguments["document_id"])


@documents.write(
    permission="documents.erasure.request",
    idempotent=True,
    destructive=True,
    facts=_erasure_facts,
    listed=False,
)
async def documents_erase(
    backend: DocumentsBackend, caller: Caller, document_id: Id, reason: Reason
) -> ErasureReceipt:
    """Erase a document and what it brought, for good, before its time is over.

    Another person has to approve it. Fails with conflict while a hold, a review, a process or
    a dead letter stands against it, and not_found.
    """
    return await backend.erase(caller, document_id, reason=reason)


@documents.write(
    permission="documents.retention.dispose", idempotent=True, destructive=True, listed=False
)
async def documents_dispose(
    backend: DocumentsBackend, caller: Caller, document_id: Id
) -> ErasureReceipt:
    """Erase a document whose time is over; the schedule has decided, so nobody is asked.

    Fails with conflict before that, or while something stands against it, and not_found.
    """
    return await backend.dispose(caller, document_id)
