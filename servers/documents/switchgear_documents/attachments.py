"""What a message brings becomes documents of their own: each once, so deep, so many, not more."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import add_record, lock_bytes, new_record
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import Attachment, Check
from switchgear_documents.rows import find_document
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.files import Files

MOST_DEPTH = 4
"""How deep messages in messages are opened: what the fourth brings is not taken in."""
MOST_OF_ONE = 200
"""How many documents one message may become, with all that is in it."""


async def take_in(
    session: AsyncSession,
    parent: DocumentRecord,
    attachments: tuple[Attachment, ...],
    cause: Event,
    files: Files,
) -> list[Check]:
    """Store and insert a document for each attachment whose bytes are none yet, and announce it.

    Bytes that are a document already stay the one they are. Returns failed checks for what is
    beyond a limit, or refused by the store: of that no byte is kept.
    """
    if not attachments:
        return []
    if await _depth(session, parent) >= MOST_DEPTH:
        return [_refused(f"what messages bring is not taken in deeper than {MOST_DEPTH}")]
    root = parent
    if parent.root_id is not None:
        root = await find_document(session, parent.tenant, parent.root_id, lock=True)
    there = await _count(session, root)
    refused: list[Check] = []
    for attachment in attachments:
        await lock_bytes(session, attachment.sha256)
        if await _is_known(session, parent.tenant, attachment.sha256):
            continue
        if there >= MOST_OF_ONE:
            refused.append(_refused(f"one message becomes at most {MOST_OF_ONE} documents"))
            break
        try:
            stored = await files.put(attachment.content)
        except InvalidRequestError as error:
            refused.append(_refused(f"{attachment.name[:60]!a}: {error.message}"))
            continue
        record = new_record(
            stored,
            tenant=parent.tenant,
            name=attachment.name,
            document_type=parent.given_type,
            correlation_id=parent.correlation_id,
            submitted_by=parent.submitted_by,
        )
        record.parent_id = parent.id
        record.root_id = root.id
        await add_record(session, record, cause=cause)
        there += 1
    return refused


async def is_part(session: AsyncSession, record: DocumentRecord) -> bool:
    """Tell whether the document was cut out of a bundle."""
    if record.parent_id is None:
        return False
    parent = await find_document(session, record.tenant, record.parent_id)
    return parent.document_type == BUNDLE


def _refused(detail: str) -> Check:
    return Check(name="attachments_all_taken", passed=False, detail=detail)


async def _depth(session: AsyncSession, record: DocumentRecord) -> int:
    depth = 0
    while record.parent_id is not None and depth < MOST_DEPTH:
        record = await find_document(session, record.tenant, record.parent_id)
        depth += 1
    return depth


async def _count(session: AsyncSession, root: DocumentRecord) -> int:
    query = select(func.count()).where(
        DocumentRecord.tenant == root.tenant, DocumentRecord.root_id == root.id
    )
    return (await session.execute(query)).scalar_one()


async def _is_known(session: AsyncSession, tenant: str, sha256: str) -> bool:
    query = select(DocumentRecord.id).where(
        DocumentRecord.tenant == tenant, DocumentRecord.sha256 == sha256
    )
    return (await session.execute(query)).first() is not None
