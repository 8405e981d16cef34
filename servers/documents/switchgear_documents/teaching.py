"""What a correction teaches: proposed as a template, and proved on what is stored."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.duplicates import key_of
from switchgear_documents.learning.proposal import PREFIX, Lesson, file_names, propose, to_yaml
from switchgear_documents.learning.rules import same
from switchgear_documents.models_learning import TemplateProposal
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import EXACT, Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.reading.templates import Template, load_templates, template_for
from switchgear_documents.rows import fields_of, find_document, reading_of
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

_MOST_COMPARED = 25
_MOST_LOOKED_AT = 1000
_MARKS = ("supplier", "supplier_vat", "iban")


class Teaching:
    """Proposes templates; whoever asks decides whether one is kept."""

    def __init__(
        self, database: Database, files: Files, folder: Path | None, reader: Reader
    ) -> None:
        self._database = database
        self._files = files
        self._folder = folder
        self._reader = reader

    async def propose_template(self, tenant: TenantId, subject_id: str) -> TemplateProposal:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await _subject(session, tenant, subject_id)
            others = await _approved(session, record)
        taught: tuple[Template, ...] = ()
        if self._folder is not None:
            taught = await asyncio.to_thread(load_templates, self._folder)
        lesson = _lesson(record, taught)

        async def read(template: Template) -> Reading:
            return await self._read(record, template)

        template, reading = await propose(lesson, read)
        _refuse_worse(record, record, reading)
        compared = [o for o in others if _is_read_by(template, taught, o)][:_MOST_COMPARED]
        for other in compared:
            _refuse_strangers(record, other)
            _refuse_worse(record, other, await self._read(other, template))
        return TemplateProposal(
            document_id=record.id,
            supplier=template.supplier,
            file_name=f"{template.name}.yaml",
            content=to_yaml(template),
            fixed_fields=tuple(sorted(lesson.corrected)),
            compared_ids=tuple(other.id for other in compared),
        )

    async def _read(self, record: DocumentRecord, template: Template) -> Reading:
        path = self._files.path(record.sha256)
        return await self._reader.read(path, record.name, (template,))


def _is_read_by(template: Template, taught: Sequence[Template], record: DocumentRecord) -> bool:
    """Say whether the template would read the document, and none of the others does."""
    text = record.text or ""
    others = [each for each in taught if each.name != template.name]
    return template.recognises(text) and template_for(others, text) is None


async def _subject(session: AsyncSession, tenant: TenantId, subject_id: str) -> DocumentRecord:
    """Return the document with this id, or that of the review with it."""
    review = await session.get(ReviewRecord, (tenant, subject_id))
    document_id = review.document_id if review is not None else subject_id
    if review is None and subject_id.startswith("rev_"):
        raise NotFoundError(f"no review {subject_id}", field="id")
    return await find_document(session, tenant, document_id)


async def _approved(session: AsyncSession, record: DocumentRecord) -> list[DocumentRecord]:
    """Return filed documents, the latest first, beside this one."""
    other = DocumentRecord
    found = await session.scalars(
        select(other)
        .where(other.tenant == record.tenant, other.state == "filed", other.id != record.id)
        .where(other.document_type != BUNDLE)
        .order_by(other.received_at.desc(), other.id)
        .limit(_MOST_LOOKED_AT)
    )
    return [each for each in found if not _is_exact(each)]


def _lesson(record: DocumentRecord, taught: Sequence[Template]) -> Lesson:
    if not record.corrections:
        raise InvalidRequestError(f"nobody corrected document {record.id}", field="id")
    if _is_exact(record):
        raise InvalidRequestError(
            f"document {record.id} says its fields itself: there is no page to learn", field="id"
        )
    values = {str(each.name): each.value for each in fields_of(record)}
    supplier = values.get("supplier")
    if supplier is None:
        raise InvalidRequestError(f"document {record.id} has no supplier", field="id")
    text = record.text or ""
    known = template_for(taught, text)
    if known is not None and not known.name.startswith(PREFIX):
        raise ConflictError(f"template {known.name} reads these pages already: change that")
    taken = {each.name for each in taught}
    return Lesson(
        document_type=record.document_type or "other",
        supplier=supplier,
        marks=tuple(values[name] for name in _MARKS if values.get(name)),
        corrected=record.corrections,  # type: ignore[arg-type]
        text=text,
        known=known,
        name=known.name if known else next(n for n in file_names(supplier) if n not in taken),
    )


def _is_exact(record: DocumentRecord) -> bool:
    reading = reading_of(record)
    return reading is None or reading.format in EXACT


def _refuse_strangers(record: DocumentRecord, other: DocumentRecord) -> None:
    if key_of(other.party) != key_of(record.party):
        raise ConflictError(
            f"its pages cannot be told from those of {other.party}: document {other.id}"
        )


def _refuse_worse(subject: DocumentRecord, record: DocumentRecord, after: Reading) -> None:
    """Raise ConflictError where a value that was read as it stands would be read otherwise."""
    before = Reading.model_validate(record.reading) if record.reading else None
    standing = {each.name: each.value for each in fields_of(record)}
    if after.document_type != record.document_type:
        raise ConflictError(
            f"document {record.id} would be read as {after.document_type}, "
            f"not {record.document_type}"
        )
    for name, value in standing.items():
        was_right = before is not None and same(name, before.value(name), value)
        if was_right and not same(name, after.value(name), value):
            whose = "this document" if record.id == subject.id else f"document {record.id}"
            raise ConflictError(
                f"field {name} of {whose} would be read as {after.value(name)!r}, not {value!r}"
            )
