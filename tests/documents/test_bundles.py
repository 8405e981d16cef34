"""A file of several documents becomes its documents: each once, linked to it, read on its own."""

from pathlib import Path

import pytest

from documents.archive import archive
from documents.room import CALLER, room
from documents.test_attachments import (
    all_documents,
    assert_only_documents_are_stored,
    mail,
    reasons,
)
from documents.test_parting_in_review import decide
from documents.test_reading_several import FIRST, SECOND, a_pdf
from engines import ENGINES, Engine
from journeys.office import taken
from switchgear_documents.reading.reading import DocumentType
from switchgear_shared.errors import ConflictError

pytestmark = pytest.mark.asyncio(loop_scope="session")

THIRD = SECOND.replace("R-2", "R-3").replace("24.00", "23.00").replace("4.00", "3.00")
STACK = a_pdf(FIRST, SECOND, THIRD)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_stack_of_invoices_becomes_its_invoices_once(
    engine: Engine, times: int, tmp_path: Path
) -> None:
    async with room(engine, tmp_path) as place:
        identifier, seen = "", []
        for _ in range(times):
            identifier = await place.submit(STACK, "stack.pdf")
            seen += await place.deliver(times)

        bundle, *parts = await all_documents(place)
        assert (bundle.id, bundle.document_type, bundle.state) == (identifier, "bundle", "filed")
        assert (bundle.process, bundle.number, bundle.total_gross) == (None, None, None)
        assert [part.name for part in parts] == [f"stack ({n} of 3).pdf" for n in (1, 2, 3)]
        assert [(part.document_type, part.number) for part in parts] == [
            ("invoice", f"R-{n}") for n in (1, 2, 3)
        ]
        assert {(part.parent_id, part.root_id, part.correlation_id) for part in parts} == {
            (bundle.id, bundle.id, "cor_1")
        }
        assert {part.submitted_by for part in parts} == {"agent"}
        assert seen.count("documents.document.filed") == 1
        assert_only_documents_are_stored(place, [bundle, *parts])


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("invoice", ["it reads as credit_note, its file was handed in as invoice"]),
        ("credit_note", ["it reads as invoice, its file was handed in as credit_note"]),
        (None, []),
    ],
)
async def test_a_part_keeps_the_type_it_reads_as_and_another_than_its_senders_is_doubted(
    tmp_path: Path, named: DocumentType | None, told: list[str]
) -> None:
    note = SECOND.replace("Invoice no.", "Credit note no.")
    async with room("sqlite", tmp_path) as place:
        await place.submit(a_pdf(FIRST, note), "stack.pdf", named)
        await place.deliver()

        found = [record.document_type for record in await all_documents(place)]
        said = [r for r in await reasons(place) if r.startswith("type_fits_sender: ")]
    assert found == ["bundle", "invoice", "credit_note"]
    assert said == [f"type_fits_sender: {each}" for each in told]


async def test_an_invoice_that_came_alone_before_is_told_as_a_duplicate(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        alone = await place.submit(a_pdf(SECOND), "second.pdf")
        await place.deliver()
        await place.submit(STACK, "stack.pdf")
        await place.deliver()

        _, _, *parts = await all_documents(place)
        told = [reason for reason in await reasons(place) if "duplicate" in reason]
    assert len(parts) == 3
    assert told == [f"possible duplicate of {alone}: same supplier and number"]


async def test_a_stack_in_a_message_is_parted_under_the_message(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        message = await place.submit(mail(("stack.pdf", STACK)).as_bytes(), "mail.eml")
        await place.deliver()

        _, bundle, *parts = await all_documents(place)
    assert (bundle.parent_id, bundle.document_type) == (message, "bundle")
    assert {(part.parent_id, part.root_id) for part in parts} == {(bundle.id, message)}


async def test_a_stack_in_doubt_waits_for_a_person_as_one_document(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        await place.submit(a_pdf(FIRST, "Time sheet\nMonday 8 hours", SECOND), "stack.pdf")
        await place.deliver()

        (one,) = await all_documents(place)
        told = await reasons(place)
    assert (one.document_type, one.state) == ("invoice", "in_review")
    assert any("it is not parted by itself: page 2 fits to none" in reason for reason in told)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_bundle_is_erased_with_its_parts_and_no_part_without_it(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        bundle = await place.room.submit(STACK, "stack.pdf")
        await place.room.deliver()
        part, *others = sorted(await place.ids() - {bundle})
        for each in (part, *others):
            await decide(place.room, each, "reject")
        with pytest.raises(ConflictError, match=f"came with document {bundle}"):
            await place.erase(part)
        await place.holds.place_hold(CALLER, part, scope="document", reason="a matter")
        with pytest.raises(ConflictError, match="hold"):
            await place.erase(bundle)
        await place.holds.release_hold(CALLER, part, hold_id=None, reason="it is over")
        await taken(place.database)

        receipt = await place.erase(bundle)

        assert set(receipt.erased_ids) == {bundle, part, *others}
        assert await place.ids() == set()
