"""Each stage has its effect once, and whatever was read fits the rows it is kept in."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from documents.room import room
from documents.test_reading_statements import MT940
from engines import ENGINES, Engine
from journeys.desk import Samples
from journeys.office import Office, taken
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.samples import to_ubl
from switchgear_documents.stages import Stages
from switchgear_documents.tables import ReviewRecord, TraceRecord
from switchgear_shared.errors import BackendUnavailableError, NotFoundError

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAIL = (
    b"From: ann@example.com\r\nTo: bob@example.com\r\nSubject: =?utf-8?b?AEhlbGxv?=\r\n"
    b"Message-ID: <1@example.com>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"MIME-Version: 1.0\r\n\r\nGreetings\r\n"
)


@pytest.mark.parametrize("engine", ENGINES)
async def test_events_delivered_twice_change_nothing_more(
    engine: Engine, tmp_path: Path, invoices: Samples
) -> None:
    spec = invoices.small()
    spec = replace(spec, seller=replace(spec.seller, iban="DE89370400440532013001"))
    async with room(engine, tmp_path) as once, room(engine, tmp_path / "2") as twice:
        for place, times in ((once, 1), (twice, 2)):
            identifier = await place.submit(to_ubl(spec), "invoice.xml")
            types = await place.deliver(times)
            record = await place.document(identifier)
            async with place.database.reading() as session:
                reviews = list(await session.scalars(select(ReviewRecord)))
                traced = list(await session.scalars(select(TraceRecord)))
            assert types == [
                "documents.document.received",
                "documents.document.classified",
                "documents.document.extracted",
                "documents.review.requested",
            ]
            assert (record.state, record.version) == ("in_review", 4)
            assert [review.asked_by for review in reviews] == ["documents"]
            assert len(traced) == 4


@pytest.mark.parametrize("engine", ENGINES)
async def test_what_was_read_fits_its_row_on_every_engine(
    engine: Engine, tmp_path: Path, invoices: Samples
) -> None:
    """PostgreSQL refuses a NUL and whatever is longer than its column."""
    spec = invoices.small()
    wordy = replace(spec, number="N" * 400, seller=replace(spec.seller, name="Long GmbH " * 60))
    async with room(engine, tmp_path) as place:
        mail = await place.submit(MAIL, "mail.eml")
        long = await place.submit(to_ubl(wordy), "wordy.xml")
        await place.deliver()

        seen = await place.document(mail)
        assert (seen.document_type, seen.state) == ("email", "filed")
        assert seen.text is not None
        assert seen.text.startswith("Subject: Hello\n")
        seen = await place.document(long)
        assert (seen.number, len(seen.party or "")) == ("N" * 255, 255)


@pytest.mark.parametrize(
    ("given", "found", "classifier"),
    [
        (None, "letter", "words/1"),
        ("complaint", "complaint", "sender"),
        ("letter", "letter", "words/1"),
    ],
)
async def test_a_sender_who_names_the_type_is_believed_about_plain_text(
    tmp_path: Path, given: DocumentType | None, found: str, classifier: str
) -> None:
    text = b"Dear Sir or Madam,\nI am writing to you about the garden.\nYours sincerely,\nAnn"
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(text, "a.txt", given)
        await place.deliver()

        seen = await place.document(identifier)
    assert (seen.document_type, seen.classifier) == (found, classifier)


async def test_a_structured_invoice_knows_better_than_its_sender(
    tmp_path: Path, invoices: Samples
) -> None:
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(to_ubl(invoices.small()), "a.xml", "letter")
        await place.deliver()

        seen = await place.document(identifier)
    assert (seen.document_type, seen.state, seen.process) == (
        "invoice",
        "routed",
        "supplier_invoice",
    )


@pytest.mark.parametrize(("closing", "state"), [("150,50", "filed"), ("150,51", "in_review")])
async def test_a_statement_is_filed_unless_it_does_not_add_up(
    tmp_path: Path, closing: str, state: str
) -> None:
    async with room("sqlite", tmp_path) as place:
        content = MT940.replace("150,50", closing).encode()
        identifier = await place.submit(content, "a.sta", "letter")
        await place.deliver()

        seen = await place.document(identifier)
        assert (seen.document_type, seen.state) == ("bank_statement", state)
        async with place.database.reading() as session:
            asked = [review.reasons for review in await session.scalars(select(ReviewRecord))]
    doubt = ["entries_lead_to_closing_balance: 150.50 is not 150.51"]
    assert asked == ([doubt] if state == "in_review" else [])


async def test_the_entries_of_a_statement_are_told(office: Office) -> None:
    content = base64.b64encode(MT940.replace("R-1", "R-77").encode()).decode()
    receipt = await office.ask("documents_submit", name="a.sta", content=content)
    await office.deliver()

    told = await office.ask("documents_get_extraction", document_id=receipt["id"])
    assert [(e["amount"], e["reference"]) for e in told["entries"]] == [
        ("60.50", "R-77"),
        ("-10.00", None),
    ]


async def test_a_reader_that_is_away_leaves_the_document_as_it_came(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(b"Dear Sir", "a.txt")
        (received,) = await taken(place.database)
        away = Reader()
        await away.close()

        with pytest.raises(BackendUnavailableError):
            await Stages(place.database, place.files, away).classify(received)

        assert (await place.document(identifier)).state == "received"
        assert await taken(place.database) == []


async def test_a_file_that_is_gone_is_an_error_that_no_retry_mends(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(b"Dear Sir", "a.txt")
        (received,) = await taken(place.database)
        record = await place.document(identifier)
        place.files.path(record.sha256).unlink()

        with pytest.raises(NotFoundError) as refused:
            await place.stages.classify(received)

        assert refused.value.retryable is False


async def test_a_whole_journey_whose_events_all_come_twice_posts_once(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    content = base64.b64encode(to_ubl(spec)).decode()
    receipt = await office.ask("documents_submit", name="a.xml", content=content)

    await office.deliver(times=2)

    status = await office.ask("documents_get_status", document_id=receipt["id"])
    assert status["state"] == "filed"
    assert await office.booked(spec.number) == ["posted"]
    trace = await office.ask("documents_trace", correlation_id=receipt["correlation_id"])
    events = [step["what"] for step in trace["steps"] if step["source"] == "event"]
    assert len(events) == len(set(events)) == 9
