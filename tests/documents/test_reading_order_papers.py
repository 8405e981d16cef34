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
