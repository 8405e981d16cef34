"""Numbers on orders, confirmations and delivery notes as pages: whose number is whose."""

import pytest

from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.words import pages_of_text


def read(text: str, kind: DocumentType) -> dict[str, str]:
    extract = Extract(kind, "words/1")
    read_fields(pages_of_text([text]), extract)
    return {field.name: field.value for field in extract.fields}


@pytest.mark.parametrize(
    ("text", "number", "order_ref"),
    [
        ("Sendungsnummer: 2055-7370\nDatum: 17.06.2026", "2055-7370", None),
        ("Zendingnr.: 2029-8332\nUw bestelling:    4711-1", "2029-8332", "4711-1"),
        ("N° d'expédition: 15851/75\nCommande:    FS-43850", "15851/75", "FS-43850"),
        ("N. spedizione: LZ-2081\nVostro ordine    FS-43851", "LZ-2081", "FS-43851"),
        ("Guía nº: 52977\nSu pedido    FS-43852", "52977", "FS-43852"),
        (
            "Lieferschein-Nr.: MS-36329\nSpediteur: Norda KG, Sendungsnummer XA-32577",
            "MS-36329",
            None,
        ),
    ],
)
def test_a_delivery_note_has_the_shipments_number_where_it_has_none_of_its_own(
    text: str, number: str, order_ref: str | None
) -> None:
    found = read(f"Norda GmbH\n{text}", "delivery_note")

    assert (found.get("number"), found.get("order_ref")) == (number, order_ref)


@pytest.mark.parametrize(
    ("text", "number", "order_ref"),
    [
        ("AB-Nr.: 1354\nAuftragsnummer: YX711287", "1354", "YX711287"),
        ("Ordernummer: UV-39447\nUw bestelling:    2023-5155", "UV-39447", "2023-5155"),
        ("Pedido nº : PY096441\nPedido nº : HXA-2052", "PY096441", "HXA-2052"),
        ("Orderbevestiging 51556\nUw bestelling 44771", "51556", "44771"),
        ("Order no.: 2390\nYour order:    ZPW-2092", "2390", "ZPW-2092"),
        ("Order no.: 2390", "2390", None),
    ],
)
def test_a_confirmation_has_a_number_and_names_the_customers(
    text: str, number: str, order_ref: str | None
) -> None:
    found = read(f"Norda GmbH\n{text}", "order_confirmation")

    assert (found.get("number"), found.get("order_ref")) == (number, order_ref)


PACKED = """
Norda GmbH
Lieferschein-Nr.: MS-36329

Artikel                    Menge      Bestellmenge
Kugellager 6204            100 Stk    28
Kabelbinder 200 mm         10 Stk     32
mit Verschluss
Wasserfilter               2,5 kg     18

Bitte prüfen Sie die Ware bei Annahme.
"""


def lines(text: str) -> list[tuple[str, str | None, str | None]]:
    extract = Extract("delivery_note", "words/1")
    read_fields(pages_of_text([text]), extract)
    return [(line.description, line.quantity, line.unit) for line in extract.lines]


def test_a_delivery_note_has_lines_of_goods_and_quantities() -> None:
    assert lines(PACKED) == [
        ("Kugellager 6204", "100", "Stk"),
        ("Kabelbinder 200 mm", "10", "Stk"),
        ("Wasserfilter", "2.5", "kg"),
    ]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            PACKED.replace("10 Stk ", "       "), id="a quantity is missing in the middle"
        ),
        pytest.param(PACKED.replace("2,5 kg", "      "), id="a quantity is missing in the last"),
        pytest.param(PACKED.replace("Menge ", "Farbe "), id="no quantities"),
        pytest.param(PACKED.replace("Artikel", "Wohin  "), id="no goods"),
    ],
)
def test_lines_that_are_not_whole_are_no_lines(table: str) -> None:
    assert lines(table) == []
