"""Templates: one supplier's pages as somebody taught them, and mistakes told clearly."""

import datetime as dt
from pathlib import Path

import pytest

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.reading.templates import Template, load_templates
from switchgear_shared.errors import InvalidRequestError

EXAMPLE = Path(__file__).parents[2] / "examples" / "templates"
PAGE = """
Nordlicht Werkzeuge GmbH                  USt-IdNr. DE136695976

Beleg                  77-0815            vom 04.05.2026
Ihre Bestellung PO-1007 vom 01.04.2026

Zwischensumme                             100,00
Versand und Steuern                        24,00
Endbetrag                                 124,00
Rechnung
"""


def read(text: str, *templates: Template) -> Reading:
    today = dt.date(2026, 11, 23)
    return read_contents(text.encode(), ".txt", max_pages=5, today=today, templates=templates)


def teach(folder: Path, text: str) -> tuple[Template, ...]:
    (folder / "taught.yaml").write_text(text)
    return load_templates(folder)


def test_the_example_reads_what_the_general_reader_cannot_know() -> None:
    untaught, taught = read(PAGE), read(PAGE, *load_templates(EXAMPLE))

    names = ("supplier", "number", "order_ref", "total_gross", "currency")
    assert [taught.value(name) for name in names] == [
        "Nordlicht Werkzeuge GmbH",
        "77-0815",
        "PO-1007",
        "124.00",
        "EUR",
    ]
    assert (taught.document_type, taught.classifier) == ("invoice", "template/nordlicht")
    assert [untaught.value(name) for name in names] != [taught.value(name) for name in names]
    assert {f.confidence for f in taught.fields if f.name in names} == {0.95}


@pytest.mark.parametrize(
    "page", [PAGE.replace("DE136695976", "DE999"), PAGE + "Angebot", "Rechnung Nr. 1"]
)
def test_pages_of_others_are_not_touched(page: str) -> None:
    assert read(page, *load_templates(EXAMPLE)) == read(page)


def test_what_the_template_does_not_find_is_left_to_the_general_reader() -> None:
    reading = read(PAGE.replace("Endbetrag", "Rechnungsbetrag"), *load_templates(EXAMPLE))

    assert reading.value("total_gross") == "124.00"
    assert reading.value("number") == "77-0815"


def test_a_taught_total_is_checked_like_any_other(tmp_path: Path) -> None:
    (template,) = teach(
        tmp_path,
        "supplier: X\nkeywords: [Shop]\ntype: invoice\nfields:\n  total_gross: {after: In all}\n",
    )
    text = "Shop\nInvoice no. 77123\nNet total 100.00\nVAT 20% 20.00\nTotal 120.00\nIn all 130.00"

    reading = read(text, template)

    assert reading.value("total_gross") == "130.00"
    assert "net_plus_tax_is_gross" in {check.name for check in reading.failed_checks()}


def test_dates_follow_the_order_that_was_taught(tmp_path: Path) -> None:
    taught = "supplier: X\nkeywords: [Shop]\ntype: invoice\nfields:\n  date: {after: Day}\n"
    page = "Shop\nInvoice\nDay 04/05/2026"

    (dmy,) = teach(tmp_path, taught + "date_order: dmy\n")
    (mdy,) = teach(tmp_path, taught + "date_order: mdy\n")

    assert read(page, dmy).value("date") == "2026-05-04"
    assert read(page, mdy).value("date") == "2026-04-05"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("supplier: [", "taught.yaml is not YAML"),
        ("- a", "taught.yaml: a template is a mapping"),
        ("supplier: X", "taught.yaml: keywords: Field required"),
        ("supplier: X\nkeywords: []", "keywords: Tuple should have at least 1 item"),
        ("supplier: X\nkeywords: [a]\ncolour: red", "colour: Extra inputs are not permitted"),
        ("supplier: X\nkeywords: [a]\ntype: poem", "type: Input should be one of invoice"),
        (
            "supplier: X\nkeywords: [a]\nfields: {nummer: {after: b}}",
            "fields.nummer.*fields are number, date",
        ),
        (
            "supplier: X\nkeywords: [a]\nfields: {number: {after: b, value: c}}",
            "needs exactly one of `after`, `pattern` and `value`",
        ),
        (
            "supplier: X\nkeywords: [a]\nfields: {number: {pattern: '(('}}",
            "fields.number.pattern: .*not a regular expression",
        ),
        (
            "supplier: X\nkeywords: [a]\nfields: {number: {pattern: 'No'}}",
            "has 0 groups: the value is what one group holds",
        ),
    ],
)
def test_a_mistake_is_told_with_its_file_and_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        teach(tmp_path, text)


def test_the_largest_template_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    text = "supplier: X\nkeywords: [a]\n#"
    padding = 64 * 1024 - len(text)

    assert len(teach(tmp_path, text + "x" * (padding - 1))) == 1
    assert len(teach(tmp_path, text + "x" * padding)) == 1
    with pytest.raises(InvalidRequestError, match="more than 65536 bytes"):
        teach(tmp_path, text + "x" * (padding + 1))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="folder of document templates is not there"):
        load_templates(tmp_path / "none")


async def test_a_worker_reads_as_it_was_taught(tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_text(PAGE)
    reader = Reader(templates=EXAMPLE, engines=())

    try:
        reading = await reader.read(stored, "a.txt")
    finally:
        await reader.close()

    assert (reading.value("number"), reading.value("order_ref")) == ("77-0815", "PO-1007")
