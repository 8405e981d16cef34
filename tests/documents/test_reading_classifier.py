"""Types by root element, type code, signature and words."""

import datetime as dt

import pytest

from switchgear_documents.reading.classifier import Verdict, classify
from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Reading

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
CBC = f"{UBL}:CommonBasicComponents-2"
CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"


def read(text: str, suffix: str = ".xml") -> Reading:
    data = text.encode()
    return read_contents(data, suffix, max_pages=5, today=dt.date(2026, 11, 23))


def verdict(reading: Reading) -> tuple[str, float, str]:
    return reading.document_type, reading.confidence, reading.classifier


@pytest.mark.parametrize(
    ("root", "document_type"),
    [
        ("Invoice", "invoice"),
        ("CreditNote", "credit_note"),
        ("Order", "purchase_order"),
        ("OrderResponse", "order_confirmation"),
        ("DespatchAdvice", "delivery_note"),
    ],
)
def test_a_ubl_document_is_what_its_root_says(root: str, document_type: str) -> None:
    xml = f"<{root} xmlns='{UBL}:{root}-2' xmlns:c='{CBC}'><c:ID>1</c:ID></{root}>"

    assert verdict(read(xml)) == (document_type, 1.0, "e-invoice/root-element")


def test_a_ubl_document_without_a_rule_is_other_and_not_sure() -> None:
    xml = f"<Catalogue xmlns='{UBL}:Catalogue-2' xmlns:c='{CBC}'><c:ID>1</c:ID></Catalogue>"

    assert verdict(read(xml)) == ("other", 0.0, "e-invoice/root-element")


@pytest.mark.parametrize(
    ("code", "document_type"),
    [
        ("380", "invoice"),
        ("381", "credit_note"),
        ("384", "invoice"),
        ("389", "invoice"),
        ("261", "credit_note"),
        ("875", "invoice"),
    ],
)
def test_a_cross_industry_invoice_is_what_its_type_code_says(code: str, document_type: str) -> None:
    xml = (
        f"<r:CrossIndustryInvoice xmlns:r='{CII}' xmlns:a='{RAM}'><r:ExchangedDocument>"
        f"<a:ID>1</a:ID><a:TypeCode>{code}</a:TypeCode></r:ExchangedDocument>"
        "</r:CrossIndustryInvoice>"
    )

    assert verdict(read(xml)) == (document_type, 1.0, "e-invoice/type-code")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ":20:START\n:25:123/456\n:60F:C170914EUR1,12\n:61:1709\n",
            ("bank_statement", "signature/mt940"),
        ),
        ("OFXHEADER:100\nDATA:OFXSGML\n\n<OFX>", ("bank_statement", "signature/ofx")),
        ("<OFX>\n<STATUS><CODE>0</STATUS>", ("bank_statement", "signature/ofx")),
        (
            "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'>x</Document>",
            ("bank_statement", "signature/camt"),
        ),
        ("UNB+UNOC:3+A+B+1'UNH+1+INVOIC:D:96A'", ("invoice", "signature/edifact")),
        ("UNA:+.? 'UNB+UNOC:3+A'UNH+7+DESADV:D'", ("delivery_note", "signature/edifact")),
        (
            "From: a@example.com\nTo: b@example.com\nSubject: Hi\n\nThe invoice is attached",
            ("email", "signature/rfc822"),
        ),
    ],
)
def test_a_format_that_only_one_kind_uses_decides(text: str, expected: tuple[str, str]) -> None:
    reading = read(text, ".dat")

    assert (reading.document_type, reading.classifier) == expected
    assert reading.confidence == 1.0


@pytest.mark.parametrize(
    ("text", "document_type"),
    [
        ("INVOICE\nInvoice number 17\nAmount due 20.00\nDue date 1 May", "invoice"),
        ("R E C H N U N G\nRechnungsnummer 17\nMwSt 19%\nzahlbar bis 1. Mai", "invoice"),
        ("FACTURE\nNuméro de facture 17\nTVA 20%\nTotal TTC 20,00", "invoice"),
        ("FACTURA\nNúmero de factura 17\nIVA 21%\nBase imponible 20", "invoice"),
        ("AVOIR\nRemboursement de la facture d'origine 17", "credit_note"),
        ("Gutschrift\nGutschrifts-Nr. 3\nErstattung", "credit_note"),
        ("PURCHASE ORDER\nPO number 7\nShip to: Leeds\nDelivery date 1 May", "purchase_order"),
        ("Bestellung\nBestellnummer 7\nLieferadresse: Bonn\nLiefertermin", "purchase_order"),
        ("Auftragsbestätigung\nvielen Dank für Ihren Auftrag", "order_confirmation"),
        ("LIEFERSCHEIN\nLieferschein-Nr. 9\nGewicht 3 kg\nSpediteur: X", "delivery_note"),
        ("PAKBON\ncolis 3\npoids 4", "delivery_note"),
        ("Kontoauszug\nAlter Saldo 1,00\nBuchungstag\nNeuer Saldo 2,00", "bank_statement"),
        ("SERVICE AGREEMENT\nWHEREAS the parties agree\nGoverning law: Ohio", "contract"),
        ("Mietvertrag\nGerichtsstand ist Bonn\nKündigungsfrist § 3", "contract"),
        ("Curriculum Vitae\nEducation\nExperience\nSkills\nUniversity", "resume"),
        ("Reklamation\ndie Ware ist defekt und mangelhaft", "complaint"),
        ("RECEIPT\ncash 20.00\nchange 1.20\ncashier 4\nVISA", "receipt"),
    ],
)
def test_words_give_the_type_away(text: str, document_type: str) -> None:
    found = classify(text)

    assert found.document_type == document_type
    assert 0.6 < found.confidence <= 0.97


@pytest.mark.parametrize("text", ["", "1 2 3", "лорем ипсум", "the quick brown fox"])
def test_a_text_without_a_cue_is_other_with_low_confidence(text: str) -> None:
    assert classify(text) == Verdict("other", 0.25)


def test_a_text_that_could_be_two_things_is_not_sure() -> None:
    assert classify("we found an invoice and a receipt in the box").confidence < 0.5


def test_the_same_words_give_the_same_verdict_however_often_they_stand() -> None:
    """Repeating a cue is no evidence, or a document could talk itself into a type."""
    once = "note\namount due"

    assert classify(once) == classify("note\n" + "amount due " * 500)
