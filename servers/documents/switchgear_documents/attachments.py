"""What a message brings becomes documents of their own: each once, so deep, so many, not more."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import add_record, lock_bytes, new_record
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import Attachment, Check, Reading
from switchgear_documents.rows import find_document
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.files import Files, StoredFile

ALL_TAKEN = "attachments_all_taken"
MOST_DEPTH = 4
"""How deep messages in messages are opened: what the fourth brings is not taken in."""
MOST_OF_ONE = 200
"""How many documents one message may become, with all that is in it."""


async def with_brought(
    session: AsyncSession, parent: DocumentRecord, reading: Reading, cause: Event, files: Files
) -> Reading:
    """Take in what the file brought and return its reading with what was refused as failed checks.

    A bundle that was refused keeps of its parts those alone that are documents already.
    """
    refused = await take_in(session, parent, reading.attachments, cause, files)
    if not refused:
        return reading
    kept = reading.attachments
    if reading.document_type == BUNDLE:
        tenant = parent.tenant
        kept = tuple([each for each in kept if await _is_known(session, tenant, each.sha256)])
    return reading.model_copy(update={"checks": (*reading.checks, *refused), "attachments": kept})


async def take_in(
    session: AsyncSession,
    parent: DocumentRecord,
    attachments: tuple[Attachment, ...],
    cause: Event,
    files: Files,
) -> list[Check]:
    """Store and insert a document for each attachment whose bytes are none yet, and announce it.

    Bytes that are a document already stay the one they are. Returns failed checks for what is
    beyond a limit, or refused by the store: of that no byte is kept. Of a bundle, whose file shows
    no more what its parts were to be, then no part is taken in.
    """
    if not attachments:
        return []
    if await _depth(session, parent) >= MOST_DEPTH:
        return [_refused(f"what messages bring is not taken in deeper than {MOST_DEPTH}")]
    root = parent
    if parent.root_id is not None:
        root = await find_document(session, parent.tenant, parent.root_id, lock=True)
    room = max(MOST_OF_ONE - await _count(session, root), 0)
    is_whole = parent.document_type == BUNDLE
    new = await _new(session, parent, attachments)
    refused: list[Check] = []
    if len(new) > room:
        refused.append(_refused(f"one message becomes at most {MOST_OF_ONE} documents"))
        room = 0 if is_whole else room
    stored = await _stored(list(new.values())[:room], files, refused)
    if refused and is_whole:
        for sha256 in [sha256 for sha256, (_, is_new) in stored.items() if is_new]:
            files.remove(sha256)
        return refused
    for sha256, (file, _) in stored.items():
        record = new_record(
            file,
            tenant=parent.tenant,
            name=new[sha256].name,
            document_type=parent.given_type,
            correlation_id=parent.correlation_id,
            submitted_by=parent.submitted_by,
        )
        record.parent_id = parent.id
        record.root_id = root.id
        await add_record(session, record, cause=cause)
    return refused


async def _new(
    session: AsyncSession, parent: DocumentRecord, attachments: Sequence[Attachment]
) -> dict[str, Attachment]:
    """Return those whose bytes are no document yet, by their hash; others wait for us with them."""
    new: dict[str, Attachment] = {}
    for attachment in attachments:
        await lock_bytes(session, attachment.sha256)
        if not await _is_known(session, parent.tenant, attachment.sha256):
            new.setdefault(attachment.sha256, attachment)
    return new


async def _stored(
    attachments: Sequence[Attachment], files: Files, refused: list[Check]
) -> dict[str, tuple[StoredFile, bool]]:
    """Return the files stored, and whether their bytes are new to the store; tell the others."""
    stored: dict[str, tuple[StoredFile, bool]] = {}
    for attachment in attachments:
        is_new = not files.holds(attachment.sha256)
        try:
            stored[attachment.sha256] = (await files.put(attachment.content), is_new)
        except InvalidRequestError as error:
            refused.append(_refused(f"{attachment.name[:60]!a}: {error.message}"))
    return stored


async def is_part(session: AsyncSession, record: DocumentRecord) -> bool:
    """Tell whether the document was cut out of a bundle."""
    if record.parent_id is None:
        return False
    parent = await session.get(DocumentRecord, (record.tenant, record.parent_id))
    return parent is not None and parent.document_type == BUNDLE


def _refused(detail: str) -> Check:
    return Check(name=ALL_TAKEN, passed=False, detail=detail)


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
