"""Types by root element, type code, signature and words."""

import datetime as dt
import json
import time
from hashlib import sha256

import pytest

from switchgear_documents.kinds import KINDS
from switchgear_documents.reading.classifier import (
    CLASSIFIER,
    MOST_SURE,
    WEIGHTS,
    Verdict,
    classify,
    model,
)
from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.features import features
from switchgear_documents.reading.own_document import OURS
from switchgear_documents.reading.reading import Reading

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
CBC = f"{UBL}:CommonBasicComponents-2"
CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
STRAIGHT_THROUGH = KINDS["invoice"].straight_through_confidence
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
    assert 0.5 < found.confidence <= MOST_SURE


@pytest.mark.parametrize("text", ["", "1 2 3", "лорем ипсум", "zyxw vuts"])
def test_a_text_of_which_hardly_a_word_is_known_is_other_with_low_confidence(text: str) -> None:
    assert classify(text) == Verdict("other", 0.25)


@pytest.mark.parametrize(
    "text",
    [
        "the quick brown fox",
        "def merge(left, right):\n    return sorted([*left, *right])\n\nassert merge([1], [2])",
        "Heat the oil, fry the onions and stir in two cups of flour until the sauce is smooth.",
        "Es war einmal eine alte Geiß, die hatte sieben junge Geißlein und hatte sie lieb.",
    ],
)
def test_what_is_no_document_of_business_goes_to_a_person(text: str) -> None:
    found = classify(text)

    assert found.document_type == "other" or found.confidence < STRAIGHT_THROUGH


def test_a_text_that_could_be_two_things_is_not_sure() -> None:
    found = classify("we found an invoice and a receipt in the box")

    assert found.document_type == "other" or found.confidence < STRAIGHT_THROUGH


def test_a_text_cannot_talk_itself_into_a_type_by_saying_it_again() -> None:
    once = features("note\namount due")
    often = features("note\n" + "amount due " * 500)

    assert set(once.words.tolist()) <= set(often.words.tolist())
    assert classify("note\n" + "amount due " * 500).confidence < STRAIGHT_THROUGH


@pytest.mark.parametrize(("at", "is_seen"), [(11_999, True), (12_000, True), (12_001, False)])
def test_only_the_first_12000_characters_are_looked_at(at: int, is_seen: bool) -> None:
    text = "INVOICE".ljust(at - len(" curriculum"), " ") + " curriculum"

    seen = set(features("curriculum").words.tolist()) <= set(features(text).words.tolist())
    assert seen == is_seen


def test_on_few_known_words_nothing_goes_straight_through() -> None:
    text = "INVOICE Invoice number 17 Amount due 20.00 Due date 1 May 2020 Payment terms"
    words = text.split()

    def known(count: int) -> int:
        return model().judge(features(" ".join(words[:count])))[1]

    few = max(count for count in range(len(words)) if known(count) < 25)
    more = text + " Please pay within 30 days VAT Total Bill to Description Quantity Unit price"
    assert classify(" ".join(words[:few])).confidence <= 0.85
    assert model().judge(features(more))[1] >= 25
    assert classify(more).confidence > 0.85


def test_a_letterhead_that_is_spaced_out_is_a_word() -> None:
    words = set(features("R E C H N U N G").words.tolist())

    assert words == set(features("rechnung").words.tolist())


def test_a_long_text_is_told_in_milliseconds() -> None:
    """Processor time, the best of some, since others use the machine as well."""
    text = ("This Agreement is made by the parties. Invoice 17 of 1 May, total 20.00 EUR.\n" * 200)[
        :20_000
    ]
    times: list[float] = []
    for _ in range(20):
        started = time.process_time()
        classify(text)
        times.append(time.process_time() - started)

    assert min(times) < 0.03


def test_the_card_belongs_to_the_weights() -> None:
    card = json.loads((WEIGHTS.parent / "card.json").read_text(encoding="utf-8"))

    assert card["sha256"] == sha256(WEIGHTS.read_bytes()).hexdigest()
    assert card["classifier"] == CLASSIFIER
    assert tuple(card["types"]) == model().types
    assert set(model().types) == set(OURS)
    assert WEIGHTS.stat().st_size < 3_000_000
