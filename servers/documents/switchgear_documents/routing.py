"""Decide where a read document goes: straight to its process, to the files, or to a person."""

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import SOURCE
from switchgear_documents.kinds import KINDS
from switchgear_documents.reading.escalation import ENGINES_CHECK
from switchgear_documents.reading.reading import Check, FieldName, Reading
from switchgear_documents.rows import fields_of, storable
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.messaging.outbox import emit

_SHOWN: dict[str, FieldName] = {
    "party": "supplier",
    "number": "number",
    "total_gross": "total_gross",
    "currency": "currency",
}
_ADVICE = {ENGINES_CHECK, "supplier_vat_is_valid", "buyer_vat_is_valid"}
"""Checks that alone stop nothing: processes match tax numbers with the ERP's own records."""
EVEN_ODDS = 0.5
"""A value less sure is a guess: it stops its document even where no process needs it."""
_WIDTH = {"party": 255, "number": 255, "total_gross": 64, "currency": 16}


def show(record: DocumentRecord) -> None:
    """Copy what lists and search show from the fields to the row's own columns, cut to fit."""
    values = {field.name: field.value for field in fields_of(record)}
    for column, name in _SHOWN.items():
        value = values.get(name)
        setattr(record, column, storable(value)[: _WIDTH[column]] if value is not None else None)


def doubts(record: DocumentRecord, reading: Reading) -> tuple[str, ...]:
    """Return why a person should look, in plain words; empty for straight through."""
    if record.document_type is None:
        return ("the document has no type",)
    return doubts_about(reading)


def doubts_about(reading: Reading) -> tuple[str, ...]:
    """Return the doubts that the reading itself gives; empty if its type may go straight on."""
    kind = KINDS[reading.document_type]
    reasons: list[str] = []
    if reading.document_type == "other":
        reasons.append("no known document type was recognised")
    elif reading.confidence < kind.straight_through_confidence:
        reasons.append(
            f"{reading.document_type} was recognised with confidence {reading.confidence:.2f}, "
            f"below {kind.straight_through_confidence:.2f}"
        )
    missing = [name for name in kind.required_fields if not _has(reading, name)]
    if missing and kind.process is not None:
        reasons.append(f"not found: {', '.join(missing)}")
    reasons.extend(
        f"field {field.name} was read with confidence {field.confidence:.2f}"
        for field in reading.fields
        if field.confidence
        < (kind.straight_through_confidence if field.name in kind.required_fields else EVEN_ODDS)
    )
    advice: list[str] = []
    for check in reading.failed_checks():
        if check.name in _ADVICE:
            advice.append(_said(check))
        else:
            reasons.append(_said(check))
    return (*reasons, *advice) if reasons else ()


def process_of(record: DocumentRecord) -> str | None:
    """Return the process that takes documents of this type, None for those that are only filed."""
    kind = KINDS.get(record.document_type or "other")  # type: ignore[arg-type]
    return kind.process if kind else None


async def announce_route(session: AsyncSession, record: DocumentRecord, cause: Event) -> None:
    """Hand the document to its process, or file it where its type has none."""
    process = process_of(record)
    record.process = process
    record.state = "routed" if process else "filed"
    await emit(
        session,
        new_event(
            "documents.document.routed",
            source=SOURCE,
            subject=record.id,
            cause=cause,
            data={
                "document_id": record.id,
                "document_type": record.document_type or "other",
                "process": process,
                "requested_by": record.submitted_by,
            },
        ),
    )
    if process is None:
        await emit(
            session,
            new_event(
                "documents.document.filed",
                source=SOURCE,
                subject=record.id,
                cause=cause,
                data={"document_id": record.id},
            ),
        )


def _said(check: Check) -> str:
    return check.detail if check.name == ENGINES_CHECK else f"{check.name}: {check.detail}"


def _has(reading: Reading, name: str) -> bool:
    return any(field.name == name and field.value.strip() for field in reading.fields)
