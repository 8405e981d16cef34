"""A correction teaches: the supplier's next page reads right, or it is said why it cannot."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from documents.room import CALLER, Room, room
from switchgear_documents.evaluation.manifest import load
from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.learning.proposal import Lesson, propose
from switchgear_documents.learning.rules import dialects, rules_for
from switchgear_documents.models_learning import TemplateProposal
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.reading.templates import FieldRule, Template, load_templates
from switchgear_documents.reading.written import Dialect
from switchgear_documents.reviews import Reviews
from switchgear_documents.rows import fields_of, open_review_of
from switchgear_documents.stages import Stages
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_documents.teaching import Teaching
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """
Nordlicht Werkzeuge GmbH                  USt-IdNr. DE136695976

Beleg                  77-0815            vom 04.05.2026
Ihre Bestellung PO-1007 vom 01.04.2026

Zwischensumme                             100,00
Versand und Steuern                        24,00
Endbetrag                                 124,00
Rechnung
"""
NEXT = (
    PAGE.replace("77-0815", "77-0932")
    .replace("124,00", "248,00")
    .replace("100,00", "200,00")
    .replace("24,00", "48,00")
    .replace("PO-1007", "PO-1044")
)
IBAN = "DE02120300000000202051"
RIGHT = {
    "supplier": "Nordlicht Werkzeuge GmbH",
    "number": "77-0815",
    "order_ref": "PO-1007",
    "total_gross": "124.00",
    "currency": "EUR",
}


@dataclass(frozen=True)
class School:
    """A room whose reader looks into a folder of templates."""

    room: Room
    folder: Path

    async def submitted(self, page: str, name: str = "page.txt") -> DocumentRecord:
        identifier = await self.room.submit(page.encode(), name)
        await self.room.deliver()
        return await self.room.document(identifier)

    async def corrected(self, page: str, **fields: str) -> DocumentRecord:
        """Hand a page in and have its review correct these fields, as an invoice."""
        record = await self.submitted(page)
        async with self.room.database.reading() as session:
            review = await open_review_of(session, "acme", record.id)
        assert review is not None
        await Reviews(self.room.database).decide_review(
            CALLER,
            review.id,
            decision="correct",
            document_type="invoice",
            fields=fields,
            reason=None,
        )
        return await self.room.document(record.id)

    async def propose(self, identifier: str) -> TemplateProposal:
        taught = Teaching(self.room.database, self.room.files, self.folder, self.room.reader)
        return await taught.propose_template(CALLER.tenant, identifier)

    async def learn(self, record: DocumentRecord) -> TemplateProposal:
        proposal = await self.propose(record.id)
        (self.folder / proposal.file_name).write_text(proposal.content)
        return proposal


@asynccontextmanager
async def school(tmp_path: Path) -> AsyncGenerator[School]:
    folder = tmp_path / "templates"
    folder.mkdir()
    async with room("sqlite", tmp_path) as place:
        reader = Reader(workers=1, templates=folder, engines=())
        stages = Stages(place.database, place.files, reader)
        yield School(Room(place.database, place.intake, stages, place.files, reader), folder)
        await reader.close()


async def test_the_next_page_of_a_corrected_supplier_reads_right(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        record = await place.corrected(PAGE, **RIGHT)

        proposal = await place.learn(record)
        later = await place.submitted(NEXT, "next.txt")

        values = {field.name: field.value for field in fields_of(later)}
        assert later.classifier == f"template/{proposal.file_name.removesuffix('.yaml')}"
        assert {name: values.get(name) for name in RIGHT} == {
            "supplier": "Nordlicht Werkzeuge GmbH",
            "number": "77-0932",
            "order_ref": "PO-1044",
            "total_gross": "248.00",
            "currency": "EUR",
        }


async def test_a_review_is_learned_from_by_its_own_id(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        record = await place.corrected(PAGE, **RIGHT)
        async with place.room.database.reading() as session:
            review = (await session.scalars(select(ReviewRecord))).one()

        assert (await place.propose(review.id)).document_id == record.id
        with pytest.raises(NotFoundError, match="no review rev_0"):
            await place.propose("rev_0")
        with pytest.raises(NotFoundError, match="no document doc_0"):
            await place.propose("doc_0")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"number": "99-0000"}, "field number: '99-0000' does not stand on the page"),
        ({"total_gross": "125.00"}, "field total_gross: '125.00' does not stand on the page"),
        ({"supplier": "Somebody Else AG"}, "neither the name of Somebody Else AG nor"),
    ],
)
async def test_what_no_template_would_fix_is_refused_with_the_reason(
    tmp_path: Path, fields: dict[str, str], reason: str
) -> None:
    async with school(tmp_path) as place:
        record = await place.corrected(PAGE, **{**RIGHT, **fields})

        with pytest.raises(ConflictError) as refusal:
            await place.propose(record.id)

        assert reason in refusal.value.message
        assert list(place.folder.iterdir()) == []


async def test_where_nobody_corrected_anything_there_is_nothing_to_learn(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        record = await place.submitted(PAGE)

        with pytest.raises(InvalidRequestError, match="nobody corrected"):
            await place.propose(record.id)


async def test_a_second_correction_adds_to_what_was_learned(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        first = await place.corrected(PAGE, supplier=RIGHT["supplier"], number=RIGHT["number"])
        await place.learn(first)
        second = await place.corrected(NEXT, order_ref="PO-1044", supplier=RIGHT["supplier"])
        await place.learn(second)

        (template,) = load_templates(place.folder)
        assert set(template.fields) == {"number", "order_ref"}


async def test_pages_that_a_persons_own_template_reads_are_left_to_it(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        record = await place.corrected(PAGE, **RIGHT)
        own = "supplier: Nordlicht\nkeywords: [Nordlicht]\n"
        (place.folder / "nordlicht.yaml").write_text(own)

        with pytest.raises(ConflictError, match="template nordlicht reads these pages already"):
            await place.propose(record.id)


async def test_a_template_that_reads_a_filed_document_worse_is_refused(tmp_path: Path) -> None:
    """The earlier page has another total behind the word that the later one teaches."""
    async with school(tmp_path) as place:
        good = PAGE.replace("Endbetrag", "Rechnungsbetrag") + "Endbetrag   999,00\n"
        earlier = await place.submitted(good, "earlier.txt")
        await _file(place, earlier, total_gross="124.00", supplier=RIGHT["supplier"])
        record = await place.corrected(PAGE, **RIGHT)

        with pytest.raises(ConflictError) as refusal:
            await place.propose(record.id)

        assert f"of document {earlier.id} would be read as '999.00', not '124.00'" in (
            refusal.value.message
        )


async def test_pages_that_cannot_be_told_from_anothers_are_refused(tmp_path: Path) -> None:
    async with school(tmp_path) as place:
        other = await place.submitted(PAGE.replace("Rechnung", "Rechnung von Kamp"), "other.txt")
        await _file(place, other, supplier="Kamp GmbH")
        record = await place.corrected(PAGE, **RIGHT)

        with pytest.raises(ConflictError, match=f"from those of Kamp GmbH: document {other.id}"):
            await place.propose(record.id)


async def _file(place: School, record: DocumentRecord, **read: str) -> None:
    """Have a document be filed as an invoice with these values as they were read."""
    async with place.room.database.writing() as session:
        found = await session.get(DocumentRecord, ("acme", record.id))
        assert found is not None
        assert found.reading is not None
        fields = [f for f in found.reading["fields"] if f["name"] not in read]
        fields += [
            {"name": n, "value": v, "confidence": 1.0, "place": "-"} for n, v in read.items()
        ]
        found.reading = {**found.reading, "document_type": "invoice", "fields": fields}
        found.document_type, found.state = "invoice", "filed"
        found.party = read["supplier"]


async def test_a_mistake_in_a_template_that_came_later_leaves_the_reading_as_it_was(
    tmp_path: Path,
) -> None:
    async with school(tmp_path) as place:
        await place.learn(await place.corrected(PAGE, **RIGHT))
        await place.submitted(NEXT.replace("77-0932", "77-0931"), "before.txt")
        (place.folder / "wrong.yaml").write_text("supplier: [")

        later = await place.submitted(NEXT, "next.txt")

        assert {f.name: f.value for f in fields_of(later)}["number"] == "77-0932"
        (place.folder / "wrong.yaml").unlink()


async def test_a_learned_currency_goes_by_what_the_next_page_says(tmp_path: Path) -> None:
    page = PAGE.replace("Endbetrag  ", "W\u00e4hrung: EUR\nEndbetrag  ")
    async with school(tmp_path) as place:
        await place.learn(await place.corrected(page, **RIGHT))

        later = await place.submitted(
            NEXT.replace("Endbetrag  ", "W\u00e4hrung: USD\nEndbetrag  "), "next.txt"
        )

        assert {f.name: f.value for f in fields_of(later)}["currency"] == "USD"


async def test_an_account_is_learned_only_where_pages_are_known_by_it() -> None:
    """What was learned by the supplier's name would give another account out for the page's."""
    dialect = next(dialects(PAGE))
    text = f"{PAGE}IBAN {IBAN}\n"

    known = rules_for("iban", IBAN, text, dialect, ("Nordlicht", "DE02 1203 0000 0000 2020 51"))
    unknown = rules_for("iban", IBAN, text, dialect, ("Nordlicht",))

    assert [rule for rule in known if rule.value] == [FieldRule(value=IBAN)]
    assert [rule for rule in unknown if rule.value] == []
    assert FieldRule(after="IBAN") in unknown


async def test_a_second_correction_fixes_no_account_that_its_pages_are_not_known_by(
    tmp_path: Path,
) -> None:
    async with school(tmp_path) as place:
        await place.learn(
            await place.corrected(PAGE, supplier=RIGHT["supplier"], number=RIGHT["number"])
        )
        second = await place.corrected(
            f"{NEXT}IBAN: {IBAN}\n", iban=IBAN, supplier=RIGHT["supplier"]
        )

        proposal = await place.propose(second.id)

        assert f"value: {IBAN}" not in proposal.content
        assert "after: IBAN" in proposal.content


@pytest.mark.parametrize(("places", "rules"), [(19, 19), (20, 20), (21, 20)])
async def test_so_many_places_of_a_value_are_looked_at(places: int, rules: int) -> None:
    labels = [f"{chr(97 + n)}total" for n in range(places)]
    text = "\n\n\n\n".join(f"{label}: 124,00" for label in labels)

    found = rules_for("total_gross", "124.00", text, Dialect(",", is_month_first=False))

    assert [rule.after for rule in found if rule.after] == labels[:rules]


@pytest.mark.parametrize(("length", "is_read"), [(1999, True), (2000, True), (2001, False)])
async def test_lines_that_no_page_has_are_not_looked_at(length: int, is_read: bool) -> None:
    line = "total: 124,00".ljust(length, ".")

    found = rules_for("total_gross", "124.00", line, Dialect(",", is_month_first=False))

    assert (FieldRule(after="total") in found) is is_read


@pytest.mark.parametrize(("letters", "is_kept"), [(283, True), (284, True), (285, False)])
async def test_a_label_that_is_too_long_for_a_template_makes_no_pattern(
    letters: int, is_kept: bool
) -> None:
    text = f"{'t' * letters}: 124,00"

    found = rules_for("total_gross", "124.00", text, Dialect(",", is_month_first=False))

    assert any(rule.pattern for rule in found) is is_kept


async def test_other_work_goes_on_while_rules_are_looked_for() -> None:
    lesson = Lesson("invoice", "Nordlicht", ("Nordlicht",), {"number": "99-0000"}, PAGE * 200)

    async def read(template: Template) -> Reading:
        raise AssertionError(template)

    looking = asyncio.create_task(propose(lesson, read))
    await asyncio.sleep(0)

    assert not looking.done()
    with pytest.raises(ConflictError, match="does not stand on the page"):
        await looking


async def test_an_example_is_kept_once_and_leaves_the_folder_for_good(tmp_path: Path) -> None:
    folder = ExampleFolder(tmp_path / "examples")
    assert (folder.is_empty, folder.remove("doc_1")) == (True, False)

    folder.add("doc_1", "letter", "Dear Ann", "doc_1")
    folder.add("doc_1", "complaint", "Dear Ann, no", "doc_1")
    folder.add("doc_2", "letter", "Dear Bob", "doc_2")

    entries = {entry.path: entry.document_type for entry in load(tmp_path / "examples")}
    assert entries == {"doc_1.txt": "complaint", "doc_2.txt": "letter"}
    assert (tmp_path / "examples" / "doc_1.txt").read_text() == "Dear Ann, no"
    assert folder.remove("doc_1") is True
    assert folder.remove("doc_1") is False
    assert not (tmp_path / "examples" / "doc_1.txt").exists()
    assert folder.remove("doc_2") is True
    assert folder.is_empty
