"""A document with all that it brought: erased together, and only what no other file holds."""

from collections.abc import Sequence

from sqlalchemy import String, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.rows import find_document
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.errors import ConflictError


async def locked_family(
    session: AsyncSession, tenant: str, document_id: str
) -> list[DocumentRecord]:
    """Return a document and what it brought, itself first, all locked for a change.

    Raises:
        ConflictError: it came with a message or a bundle, whose bytes hold it too.
    """
    root = await find_document(session, tenant, document_id, lock=True)
    if root.parent_id is not None:
        raise ConflictError(
            f"document {document_id} came with document {root.root_id}, which holds it too",
            field="document_id",
        )
    brought = await session.scalars(
        select(DocumentRecord)
        .where(DocumentRecord.tenant == tenant, DocumentRecord.root_id == root.id)
        .order_by(DocumentRecord.received_at, DocumentRecord.id)
        .with_for_update()
    )
    return [root, *brought]


async def adopted(session: AsyncSession, family: Sequence[DocumentRecord]) -> set[str]:
    """Hand what other messages brought too over to them; return the ids, descendants included."""
    gone = {record.id for record in family}
    children: dict[str | None, list[DocumentRecord]] = {}
    for record in family[1:]:
        children.setdefault(record.parent_id, []).append(record)
    kept: set[str] = set()
    for record in family[1:]:
        if record.id in kept:
            continue
        other = await _other_message(session, record, gone)
        if other is not None:
            record.parent_id = other.id
            kept |= _moved(record, other.root_id or other.id, children)
    return kept


def _moved(
    record: DocumentRecord, root_id: str, children: dict[str | None, list[DocumentRecord]]
) -> set[str]:
    record.root_id = root_id
    moved = {record.id}
    for child in children.get(record.id, ()):
        moved |= _moved(child, root_id, children)
    return moved


async def _other_message(
    session: AsyncSession, record: DocumentRecord, gone: set[str]
) -> DocumentRecord | None:
    """Return a message outside of the family that brought the same bytes, the earliest first."""
    other = DocumentRecord
    found = await session.scalars(
        select(other)
        .where(
            other.tenant == record.tenant,
            other.id.not_in(gone),
            cast(other.reading, String).contains(record.sha256),
        )
        .order_by(other.received_at, other.id)
        .limit(1)
        .with_for_update()
    )
    return found.first()
