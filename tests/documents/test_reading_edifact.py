"""EDIFACT messages are read as their segments say, and a part that is missing is noticed."""

import pytest

from documents.reading_of import failures, read, said, values
from switchgear_shared.errors import UnreadableDocumentError

HEAD = "UNA:+.? 'UNB+UNOC:3+4012345000009:14+4098765000010:14+260302:0815+R1'"
PARTIES = (
    "NAD+SU+4012345000009::9++Nordlicht Werkzeuge:GmbH+Hafenstr. 12+Hamburg++20457+DE'"
    "RFF+VA:DE136695976'NAD+BY+4098765000010::9++Brouwer ?+ Zonen B.V.'"
)
LINE = (
    "LIN+1++4000862141404:EN'PIA+1+ND-100:SA'PIA+1+BZ-7:IN'IMD+F++:::Cordless drill'"
    "QTY+{kind}:3:PCE'"
)


def message(kind: str, *segments: str, number: str = "1") -> str:
    body = "".join(segments)
    count = body.count("'") + 2
    return f"UNH+{number}+{kind}:D:96A:UN:EAN008'{body}UNT+{count}+{number}'"


def interchange(*messages: str) -> str:
    return f"{HEAD}{''.join(messages)}UNZ+{len(messages)}+R1'"


def invoic(code: str = "380", totals: str | None = None) -> str:
    return message(
        "INVOIC",
        f"BGM+{code}+R-2026-7+9'DTM+137:20260302:102'DTM+13:20260401:102'",
        f"RFF+ON:PO-1007'{PARTIES}CUX+2:EUR:4'FII+RB+DE89370400440532013000'",
        LINE.format(kind="47"),
        "MOA+203:389.70'PRI+AAA:129.90'TAX+7+VAT+++:::19'",
        "UNS+S'",
        totals or "MOA+79:389.70'MOA+125:389.70'MOA+124:74.04'MOA+77:463.74'",
        "TAX+7+VAT+++:::19'MOA+125:389.70'MOA+124:74.04'",
    )


DRILL = {
    "line_no": "1",
    "description": "Cordless drill",
    "seller_item_id": "ND-100",
    "buyer_item_id": "BZ-7",
    "quantity": "3",
    "unit": "PCE",
}


def test_an_invoice_is_read_with_its_totals_and_lines() -> None:
    reading = read(interchange(invoic()), ".edi")

    assert (reading.format, reading.document_type, reading.confidence) == (
        "edifact",
        "invoice",
        1.0,
    )
    assert values(reading) == {
        "document_type_code": "380",
        "number": "R-2026-7",
        "date": "2026-03-02",
        "due_date": "2026-04-01",
        "order_ref": "PO-1007",
        "supplier": "Nordlicht Werkzeuge GmbH",
        "supplier_vat": "DE136695976",
        "buyer": "Brouwer + Zonen B.V.",
        "currency": "EUR",
        "iban": "DE89370400440532013000",
        "total_net": "389.70",
        "total_tax": "74.04",
        "total_gross": "463.74",
    }
    assert said(reading.lines) == [
        {**DRILL, "unit_price": "129.90", "net": "389.70", "tax_percent": "19"}
    ]
    assert failures(reading) == []


def test_totals_that_stand_only_by_rate_are_added_up() -> None:
    reading = read(interchange(invoic(totals="MOA+77:463.74'")), ".edi")

    assert (values(reading)["total_net"], values(reading)["total_tax"]) == ("389.70", "74.04")
    assert failures(reading) == []


def test_a_credit_note_is_told_by_its_code() -> None:
    assert read(interchange(invoic("381")), ".edi").document_type == "credit_note"


def test_an_invoice_whose_sums_are_wrong_is_found_out() -> None:
    reading = read(interchange(invoic()).replace("MOA+77:463.74", "MOA+77:463.75"), ".edi")

    assert failures(reading) == [("net_plus_tax_is_gross", "463.74 is not 463.75")]


def test_an_order_is_read_with_what_is_wanted_when() -> None:
    order = message(
        "ORDERS",
        "BGM+220+PO-1007+9'DTM+137:202603020815:203'DTM+2:20260309:102'",
        f"{PARTIES}CUX+2:EUR:9'",
        LINE.format(kind="21"),
        "PRI+AAA:12990:::100:PCE'UNS+S'CNT+2:1'",
    )
    reading = read(interchange(order), ".edi")

    assert reading.document_type == "purchase_order"
    assert values(reading) == {
        "document_type_code": "220",
        "number": "PO-1007",
        "date": "2026-03-02",
        "delivery_date": "2026-03-09",
        "supplier": "Nordlicht Werkzeuge GmbH",
        "supplier_vat": "DE136695976",
        "buyer": "Brouwer + Zonen B.V.",
        "currency": "EUR",
    }
    assert said(reading.lines) == [{**DRILL, "unit_price": "129.9"}]
    assert failures(reading) == []


def test_a_despatch_advice_is_a_delivery_note_that_refers_to_its_order() -> None:
    note = message(
        "DESADV",
        f"BGM+351+LS-9+9'DTM+137:20260305:102'DTM+17:20260306:102'{PARTIES}CPS+1'",
        LINE.format(kind="12"),
        "RFF+ON:PO-1007:10'",
    )
    reading = read(interchange(note), ".edi")

    assert reading.document_type == "delivery_note"
    assert values(reading)["order_ref"] == "PO-1007"
    assert values(reading)["delivery_date"] == "2026-03-06"
    assert said(reading.lines) == [{**DRILL, "order_line_ref": "10"}]
    assert failures(reading) == []


def test_the_head_of_an_account_statement_is_read() -> None:
    statement = message("FINSTA", "BGM+F06+7'DTM+137:20260302:102'LIN+1'MOA+315:1'")
    reading = read(interchange(statement), ".edi")

    assert (reading.document_type, reading.lines) == ("bank_statement", ())


def test_other_separators_are_taken_from_the_head() -> None:
    text = interchange(invoic())
    replaced = text.replace("?+", "\0").translate(str.maketrans(":+?'", "|*\\~"))
    reading = read(replaced.replace("\0", "+").replace("UNA|*.\\ ~", "UNA|*.\\ ~\n"), ".edi")

    assert values(reading) == values(read(text, ".edi"))


def test_a_decimal_comma_is_a_decimal_mark() -> None:
    text = interchange(invoic()).replace("463.74", "463,74")

    assert values(read(text, ".edi"))["total_gross"] == "463.74"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_segments_may_stand_on_lines_of_their_own(line_end: str) -> None:
    text = interchange(invoic()).replace("'", f"'{line_end}")

    assert values(read(text, ".edi")) == values(read(interchange(invoic()), ".edi"))


def test_a_quote_that_is_released_ends_no_segment() -> None:
    text = interchange(invoic()).replace("Cordless drill", "Driver?'s drill??")

    assert read(text, ".edi").lines[0].description == "Driver's drill?"


def test_what_was_cut_off_is_noticed() -> None:
    text = interchange(invoic())
    cut = text[: text.index("UNS+S'")]

    assert [name for name, _ in failures(read(cut, ".edi"))] == [
        "interchange_is_whole",
        "interchange_is_whole",
    ]


def test_a_segment_that_is_missing_is_noticed() -> None:
    text = interchange(invoic()).replace("PIA+1+BZ-7:IN'", "")

    assert failures(read(text, ".edi")) == [
        ("all_segments_arrived", "UNT counts '27' segments, there are 26")
    ]


def test_an_interchange_of_two_invoices_says_so() -> None:
    reading = read(interchange(invoic(), invoic().replace("UNH+1", "UNH+2")), ".edi")

    assert ("one_document", "the interchange holds 2 documents, the first is read") in failures(
        reading
    )


def test_a_value_that_cannot_be_fails_a_check() -> None:
    text = interchange(invoic()).replace("137:20260302", "137:20261302")

    assert failures(read(text, ".edi")) == [("date_is_a_date", "'20261302' at segment 4 (DTM)")]
    assert values(read(text, ".edi"))["date"] == "20261302"


@pytest.mark.parametrize("text", ["UNA:+.? 'UNB+UNOC:3'UNH.1.ORDERS", "UNB+X'A+UNH+1+ORDERS'"])
def test_an_interchange_without_a_message_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDocumentError, match="the EDIFACT file holds no message"):
        read(text, ".edi")
