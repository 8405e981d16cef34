"""Who sent a page and to whom, on orders, in address blocks, and in names of two lines."""

import pytest
from tests.documents.reading_of import read, values

from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.words import pages_of_text


def fields(text: str, kind: DocumentType = "invoice") -> dict[str, str]:
    extract = Extract(kind, "words/1")
    read_fields(pages_of_text([text]), extract)
    return {field.name: field.value for field in extract.fields}


def sure(text: str, name: str, kind: DocumentType = "invoice") -> float:
    extract = Extract(kind, "words/1")
    read_fields(pages_of_text([text]), extract)
    return next(field.confidence for field in extract.fields if field.name == name)


ORDER = """
Kestrel Foods Ltd
12 Mill Lane
Leeds LS1 4AB

PURCHASE ORDER
Order no.      PO-4711
Date           3 March 2026
{heading}
Harbour Tools PLC
7 Dock Road
Hull HU1 2BC

Total          120.00 GBP
"""


@pytest.mark.parametrize("heading", ["Vendor", "Supplier", "To:", "Attn"])
def test_the_sender_of_a_purchase_order_is_its_buyer(heading: str) -> None:
    found = fields(ORDER.format(heading=heading), "purchase_order")

    assert (found["buyer"], found["supplier"]) == ("Kestrel Foods Ltd", "Harbour Tools PLC")


def test_an_order_that_names_its_buyer_by_a_heading_has_its_sides_right() -> None:
    text = ORDER.format(heading="Vendor").replace(
        "Kestrel Foods Ltd", "Bill to\nKestrel Foods Ltd", 1
    )

    found = fields(text, "purchase_order")

    assert (found["buyer"], found["supplier"]) == ("Kestrel Foods Ltd", "Harbour Tools PLC")


def test_who_signs_an_order_is_no_party_to_it() -> None:
    text = ORDER.format(heading="Vendor") + "\nBuyer: Alice Morgan\n"

    assert fields(text, "purchase_order")["buyer"] == "Kestrel Foods Ltd"


HEADED = """
Rechnung Nr. 4711 vom 02.03.2026
Verkäufer
MVM Musterhafter
Versicherungsverein Musterstadt a.G.
Musterstr. 12
12345 Musterstadt

Käufer
Nordlicht GmbH
Weg 1
20457 Hamburg
Rechnungsbetrag 119,00 EUR
"""


def test_a_name_under_its_heading_may_take_two_lines() -> None:
    found = fields(HEADED)

    assert found["supplier"] == "MVM Musterhafter Versicherungsverein Musterstadt a.G."
    assert found["buyer"] == "Nordlicht GmbH"


def test_a_brand_above_a_name_that_stands_alone_elsewhere_is_no_part_of_it() -> None:
    text = """
Sonnenschein
Beispiel Backwaren GmbH
Musterstr. 12
12345 Musterstadt

Rechnung Nr. 4711 vom 02.03.2026
Rechnungsbetrag 119,00 EUR

Beispiel Backwaren GmbH
Geschäftsführer: Max Beispiel
"""
    assert fields(text)["supplier"] == "Beispiel Backwaren GmbH"


@pytest.mark.parametrize(
    "title", ["Ihre Rechnung", "Eindfactuur", "UW FACTUUR", "Energienota", "Storno"]
)
def test_what_a_paper_calls_itself_is_nobodys_name(title: str) -> None:
    text = f"{title}\nFalken Elektro KG\nWeg 1\n20457 Hamburg\nTotal 12,00 EUR\n"

    assert fields(text)["supplier"] == "Falken Elektro KG"


@pytest.mark.parametrize(
    ("address", "currency"),
    [
        ("12 Main St, Austin, TX 78701", "USD"),
        ("5 King St, Toronto, ON M5V 2T6", "CAD"),
        ("ABN 51 824 753 556", "AUD"),
        ("1 Orchard Road, Singapore", "SGD"),
    ],
)
def test_an_address_tells_whose_dollar_it_is(address: str, currency: str) -> None:
    text = f"Contoso Inc.\n{address}\nInvoice # 4711\nSubtotal $100.00\nTotal $100.00\n"

    assert fields(text)["currency"] == currency
    assert sure(text, "currency") > sure(text.replace(address, ""), "currency")


def test_a_date_whose_day_could_be_its_month_is_less_sure() -> None:
    text = "Contoso\nInvoice # 4711\nInvoice date {day}\nTotal 100.00\n"

    assert sure(text.format(day="04/05/2026"), "date") < sure(text.format(day="24/05/2026"), "date")
    assert sure(text.format(day="04/05/2026"), "date") < 0.9


def test_the_gross_needs_no_label_where_net_and_tax_make_it() -> None:
    text = """
Rhein Handel OHG
Gutschrift Nr. 4711
Pos   Bezeichnung       Menge   E-Preis    Summe
1     Telefon           5       204,36     1.021,80
Zwischensumme           1.263,16
Umsatzsteuer               88,42
Ihr Guthaben            1.351,58
"""
    found = fields(text, "credit_note")

    assert (found["total_net"], found["total_tax"]) == ("1263.16", "88.42")
    assert found["total_gross"] == "1351.58"


def test_a_delivery_note_has_its_number_day_order_and_parties() -> None:
    text = """
Harbour Tools PLC
7 Dock Road
Hull HU1 2BC
DELIVERY NOTE
Delivery note no.   DN-77
Delivery date       3 March 2026
Your order no.      PO-4711

Deliver to
Kestrel Foods Ltd
12 Mill Lane

Description         Qty
Drill               3
"""
    assert fields(text, "delivery_note") == {
        "number": "DN-77",
        "date": "2026-03-03",
        "order_ref": "PO-4711",
        "supplier": "Harbour Tools PLC",
        "buyer": "Kestrel Foods Ltd",
    }


def test_the_fields_of_a_web_page_are_read_by_its_table() -> None:
    page = """<!DOCTYPE html><html><body><p>Kestrel Foods Ltd<br>12 Mill Lane<br>Leeds LS1 4AB</p>
    <h1>Invoice</h1><table><tr><th>Invoice no.</th><td>R-77</td></tr>
    <tr><th>Invoice date</th><td>23 March 2026</td></tr></table>
    <table><tr><th>Description</th><th>Quantity</th><th>Unit price</th><th>Amount</th></tr>
    <tr><td>A drill with a description that is long</td><td>2</td><td>50.00</td><td>100.00</td></tr>
    <tr><td>Bit</td><td>10</td><td>1.00</td><td>10.00</td></tr></table>
    <table><tr><th>Net total</th><td>110.00</td></tr><tr><th>VAT 20%</th><td>22.00</td></tr>
    <tr><th>Grand total</th><td>132.00 GBP</td></tr></table></body></html>"""

    reading = read(page, ".html")

    found = values(reading)
    assert (found["number"], found["date"], found["total_gross"], found["currency"]) == (
        *("R-77", "2026-03-23"),
        *("132.00", "GBP"),
    )
    assert [line.net for line in reading.lines] == ["100.00", "10.00"]


def test_a_confirmation_keeps_its_own_number_apart_from_the_buyers() -> None:
    text = """
Rhein Handel OHG
Auftragsbestätigung
Auftrags-Nr.: 4711
Ihre Bestellung: PO-99
Gesamtbetrag 12,00 EUR
"""
    found = fields(text, "order_confirmation")

    assert (found["number"], found["order_ref"]) == ("4711", "PO-99")
