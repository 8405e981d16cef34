"""Invoices are held to their schema, the rules of EN 16931 and, in a PDF, to their own pages."""

from dataclasses import replace

import facturx
import pytest

from documents.reading_of import failures, read
from documents.test_reading_samples import EURO, SELLER
from switchgear_documents.samples import InvoiceSpec, to_cii, to_facturx, to_ubl
from switchgear_documents.samples.page import to_page

DISCOUNT = """<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
<cbc:Amount currencyID="EUR">{}</cbc:Amount></cac:AllowanceCharge><cac:TaxTotal>"""


def ubl() -> str:
    return to_ubl(EURO).decode()


def cii() -> str:
    return to_cii(EURO).decode()


def names(text: str) -> list[str]:
    return [name for name, _ in failures(read(text, ".xml"))]


@pytest.mark.parametrize("text", [ubl(), cii()])
def test_our_own_invoices_pass_every_check(text: str) -> None:
    reading = read(text, ".xml")

    assert failures(reading) == []
    passed = {check.name for check in reading.checks}
    assert {
        "valid_by_schema",
        "lines_sum_to_line_total",
        "net_plus_tax_is_gross",
        "tax_is_its_rate_of_its_base",
        "has_tax_breakdown",
        "says_when_to_pay",
        "seller_is_identified",
        "vat_ids_name_their_country",
        "supplier_vat_is_valid",
        "iban_is_valid",
        "date_is_sane",
        "due_date_follows_date",
    } <= passed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            ubl().replace("<cbc:IssueDate>", "<cbc:Colour>red</cbc:Colour><cbc:IssueDate>", 1),
            "Invoice is not as its schema says, line ",
        ),
        (
            cii().replace("<ram:TypeCode>380", "<ram:Colour>red</ram:Colour><ram:TypeCode>380", 1),
            "CrossIndustryInvoice is not as its schema says, line ",
        ),
    ],
)
def test_an_element_that_the_schema_does_not_know_fails(text: str, told: str) -> None:
    (name, detail) = failures(read(text, ".xml"))[0]

    assert name == "valid_by_schema"
    assert detail.startswith(told)
    assert "Colour" in detail
    assert "{" not in detail


def test_a_version_without_a_schema_is_not_held_to_that_of_another() -> None:
    newer = ubl().replace(
        "<cbc:CustomizationID>", "<cbc:UBLVersionID>2.4</cbc:UBLVersionID><cbc:CustomizationID>"
    )
    reading = read(newer.replace("<cbc:IssueDate>", "<cbc:New>1</cbc:New><cbc:IssueDate>"), ".xml")

    assert reading.value("number") == EURO.number
    assert "valid_by_schema" not in {check.name for check in reading.checks}


@pytest.mark.parametrize(
    ("amount", "wrong"), [("0.00", []), ("5.00", ["allowances_sum_to_their_total"])]
)
def test_allowances_are_the_sum_of_those_listed(amount: str, wrong: list[str]) -> None:
    text = ubl().replace("<cac:TaxTotal>", DISCOUNT.format(amount), 1)

    assert [name for name in names(text) if name != "valid_by_schema"] == wrong


@pytest.mark.parametrize(("tax", "is_right"), [("94.51", True), ("94.52", False)])
def test_a_tax_may_be_less_than_one_unit_from_its_rate(tax: str, *, is_right: bool) -> None:
    """19 % of 492.20 is 93.518; the rule's tolerance is one whole unit of the currency."""
    assert ">93.52<" in ubl()
    text = ubl().replace(">93.52<", f">{tax}<")

    assert ("tax_is_its_rate_of_its_base" in names(text)) is not is_right
    assert "tax_parts_sum_to_tax" in names(text)


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("<cbc:DueDate>2026-04-01</cbc:DueDate>", "", "says_when_to_pay"),
        (">DE136695976<", ">136695976<", "vat_ids_name_their_country"),
        (">DE136695976<", ">DE136695977<", "supplier_vat_is_valid"),
        (">DE89370400440532013000<", ">DE89370400440532013001<", "iban_is_valid"),
        (">2026-04-01<", ">2026-02-01<", "due_date_follows_date"),
        (">2026-03-02<", ">2126-03-02<", "date_is_sane"),
    ],
)
def test_each_rule_is_broken_by_what_it_forbids(old: str, new: str, failed: str) -> None:
    assert old in ubl()
    assert failed in names(ubl().replace(old, new))


def test_an_invoice_that_claims_nothing_is_held_to_its_sums_alone() -> None:
    text = ubl().replace("<cbc:DueDate>2026-04-01</cbc:DueDate>", "")

    assert names(text.replace("urn:cen.eu:en16931:2017", "urn:example")) == []


def hybrid(page: InvoiceSpec, xml: InvoiceSpec) -> bytes:
    return facturx.generate_from_binary(to_page(page), to_cii(xml))


def test_a_page_that_says_what_its_xml_says_is_no_doubt() -> None:
    reading = read(to_facturx(EURO), ".pdf")

    assert failures(reading) == []
    assert {c.name for c in reading.checks if c.name.startswith("page_")} == {
        "page_shows_number",
        "page_shows_total",
        "page_shows_account",
        "page_shows_supplier",
    }


THIEF = "DE02120300000000202051"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        pytest.param(
            replace(EURO, seller=replace(SELLER, iban=THIEF)),
            (
                "page_shows_account",
                f"the XML says '{SELLER.iban}', they show '{THIEF}': a mistake or a fraud",
            ),
            id="account",
        ),
        pytest.param(
            replace(EURO, seller=replace(SELLER, name="Acme Trading Inc.")),
            (
                "page_shows_supplier",
                f"the XML says {SELLER.name!r}, the pages do not show it: a mistake or a fraud",
            ),
            id="supplier",
        ),
        pytest.param(
            replace(EURO, number="INV-9"),
            (
                "page_shows_number",
                "the XML says 'INV-2026-0042', the pages do not show it: a mistake or a fraud",
            ),
            id="number",
        ),
        pytest.param(
            replace(EURO, lines=EURO.lines[:1]),
            (
                "page_shows_total",
                "the XML says '617.71', the pages do not show it: a mistake or a fraud",
            ),
            id="total",
        ),
    ],
)
def test_a_page_that_differs_from_its_xml_is_told_in_plain_words(
    page: InvoiceSpec, told: tuple[str, str]
) -> None:
    assert failures(read(hybrid(page, EURO), ".pdf")) == [told]


def test_a_page_without_an_account_is_no_doubt() -> None:
    page = replace(EURO, seller=replace(SELLER, iban=None))

    assert failures(read(hybrid(page, EURO), ".pdf")) == []


def test_a_supplier_that_is_spelled_about_so_is_the_same() -> None:
    page = replace(EURO, seller=replace(SELLER, name="NORDLICHT-Werkzeuge  GmbH & Co."))

    assert failures(read(hybrid(page, EURO), ".pdf")) == []
