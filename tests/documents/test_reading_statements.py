"""Bank statements say the same in every format: account, balances, entries, and what is wrong."""

import pytest

from documents.reading_of import failures, read, said, values
from switchgear_shared.errors import UnreadableDocumentError

IBAN = "DE89370400440532013000"


def camt(
    version: str = "053.001.08", *, name: str = "Pty/Nm", status: str = "<Cd>BOOK</Cd>"
) -> str:
    kind = {"052": "BkToCstmrAcctRpt/Rpt", "053": "BkToCstmrStmt/Stmt"}.get(
        version[:3], "BkToCstmrDbtCdtNtfctn/Ntfctn"
    )
    outer, inner = kind.split("/")
    outer = f"{outer}V01" if version.endswith(".01") else outer
    named, party = name.rsplit("/", maxsplit=1)[-1], "Pty" if "/" in name else None
    debtor = f"<{named}>Brouwer BV</{named}>"
    debtor = f"<{party}>{debtor}</{party}>" if party else debtor
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        for code, amount, day in (
            ("OPBD", "100.00", "2026-03-01"),
            ("CLBD", "150.50", "2026-03-02"),
        )
    )
    return f"""<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{version}"><{outer}><GrpHdr/><{inner}>
<Id>S-7</Id><CreDtTm>2026-03-03T06:00:00</CreDtTm>
<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ownr><Nm>Nordlicht GmbH</Nm></Ownr></Acct>
{balances if version.startswith("053") else ""}
<Ntry><Amt Ccy="EUR">60.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>2026-03-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>R-1</EndToEndId></Refs>
<RltdPties><Dbtr>{debtor}</Dbtr><DbtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></DbtrAcct>
</RltdPties><RmtInf><Ustrd>Invoice</Ustrd><Ustrd>42</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><DtTm>2026-03-02T10:00:00</DtTm></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs></TxDtls></NtryDtls>
<AddtlNtryInf>Fee</AddtlNtryInf></Ntry>
</{inner}></{outer}></Document>"""


MT940 = f"""{{1:F01BANKDEFFXXXX0000000000}}{{2:I940BANKDEFFXXXXN}}{{4:
:20:STARTUMS
:25:{IBAN}
:28C:7/1
:60F:C260301EUR100,00
:61:2603010302CR60,50NTRFNONREF//B-1
:86:166?00GUTSCHRIFT?20EREF+R-1?21SVWZ+Invoice 4?222?30ABNANL2A?31NL91AB
NA0417164300?32Brouwer BV
:61:2603020302DR10,00NMSCNONREF
:86:Fee
:62F:C260302EUR150,50
-}}
"""
OFX_BODY = """<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0{c}<SEVERITY>INFO{s}</STATUS></SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR{d}
<BANKACCTFROM><BANKID>1{b}<ACCTID>12-34 &amp; 5{a}</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301{t}<DTEND>20260302{e}
<STMTTRN><TRNTYPE>CREDIT{y}<DTPOSTED>20260302120000[0:GMT]{p}<TRNAMT>60,50{m}<FITID>R-1{f}
<NAME>Brouwer BV{n}<MEMO>Invoice 42{o}</STMTTRN>
<STMTTRN><TRNTYPE>FEE{y}<DTPOSTED>20260302{p}<TRNAMT>-10.00{m}<FITID>R-2{f}<MEMO>{o}</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>150.50{l}<DTASOF>20260302{g}</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
CLOSING = {
    "c": "CODE",
    "s": "SEVERITY",
    "d": "CURDEF",
    "b": "BANKID",
    "a": "ACCTID",
    "t": "DTSTART",
    "e": "DTEND",
    "y": "TRNTYPE",
    "p": "DTPOSTED",
    "m": "TRNAMT",
    "f": "FITID",
    "n": "NAME",
    "o": "MEMO",
    "l": "BALAMT",
    "g": "DTASOF",
}
OFX_1 = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n" + OFX_BODY.format(
    **dict.fromkeys(CLOSING, "")
)
OFX_2 = '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="220"?>\n' + OFX_BODY.format(
    **{key: f"</{tag}>" for key, tag in CLOSING.items()}
)
RECEIVED = {
    "date": "2026-03-02",
    "amount": "60.50",
    "currency": "EUR",
    "counterparty": "Brouwer BV",
    "counterparty_account": "NL91ABNA0417164300",
    "reference": "R-1",
    "text": "Invoice 42",
}
FEE = {"date": "2026-03-02", "amount": "-10.00", "currency": "EUR", "text": "Fee"}
BALANCES = {
    "opening_balance": "100.00",
    "opening_date": "2026-03-01",
    "closing_balance": "150.50",
    "closing_date": "2026-03-02",
}


@pytest.mark.parametrize(
    ("version", "name", "status"),
    [
        ("053.001.01", "Nm", "BOOK"),
        ("053.001.02", "Nm", "BOOK"),
        ("053.001.08", "Pty/Nm", "<Cd>BOOK</Cd>"),
        ("053.001.12", "Pty/Nm", "<Cd>BOOK</Cd>"),
    ],
)
def test_a_camt_statement_is_read_in_every_version(version: str, name: str, status: str) -> None:
    reading = read(camt(version, name=name, status=status), ".xml")

    assert (reading.format, reading.document_type, reading.confidence) == (
        "camt",
        "bank_statement",
        1.0,
    )
    assert values(reading) == {
        "number": "S-7",
        "date": "2026-03-03",
        "iban": IBAN,
        "account_holder": "Nordlicht GmbH",
        "currency": "EUR",
        **BALANCES,
    }
    assert said(reading.entries) == [RECEIVED, FEE]
    assert failures(reading) == []


@pytest.mark.parametrize("version", ["052.001.02", "052.001.08", "054.001.02", "054.001.08"])
def test_a_camt_report_or_notification_has_entries_and_no_balances(version: str) -> None:
    reading = read(camt(version), ".xml")

    assert said(reading.entries) == [RECEIVED, FEE]
    assert "closing_balance" not in values(reading)
    assert failures(reading) == []


def test_entries_that_are_not_booked_yet_do_not_count_in_the_balance() -> None:
    pending = camt().replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", 1)
    reading = read(pending.replace("150.50", "90.00"), ".xml")

    assert [entry.amount for entry in reading.entries] == ["-10.00", "60.50"]
    assert failures(reading) == []


def test_a_batch_that_says_what_it_is_made_of_is_read_payment_by_payment() -> None:
    details = "".join(
        f"<TxDtls><Refs><EndToEndId>{ref}</EndToEndId></Refs><Amt Ccy='EUR'>{amount}</Amt></TxDtls>"
        for ref, amount in (("A", "20.50"), ("B", "40.00"))
    )
    start, end = camt().index("<NtryDtls>"), camt().index("</NtryDtls>")
    batch = f"{camt()[:start]}<NtryDtls>{details}{camt()[end:]}"

    assert [(e.amount, e.reference) for e in read(batch, ".xml").entries] == [
        ("20.50", "A"),
        ("40.00", "B"),
        ("-10.00", None),
    ]
    unequal = read(batch.replace("40.00", "41.00"), ".xml")
    assert [(e.amount, e.reference) for e in unequal.entries] == [("60.50", None), ("-10.00", None)]


def test_an_mt940_statement_is_read_with_its_structured_details() -> None:
    reading = read(MT940, ".sta")

    assert (reading.format, reading.document_type) == ("mt940", "bank_statement")
    assert values(reading) == {
        "number": "7/1",
        "date": "2026-03-02",
        "iban": IBAN,
        "currency": "EUR",
        **BALANCES,
    }
    assert said(reading.entries) == [RECEIVED, FEE]
    assert failures(reading) == []


def test_details_between_slashes_are_read_too() -> None:
    start, end = MT940.index(":86:166"), MT940.index(":61:2603020302DR")
    dutch = (
        ":86:/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/Brou\n"
        "wer BV/REMI/USTD//Invoice 42/EREF/R-1\n"
    )

    assert said(read(MT940[:start] + dutch + MT940[end:]).entries)[0] == RECEIVED


@pytest.mark.parametrize(
    ("mark", "amount"),
    [("C", "10.00"), ("D", "-10.00"), ("RC", "-10.00"), ("RD", "10.00"), ("CR", "10.00")],
)
def test_a_reversal_goes_the_other_way(mark: str, amount: str) -> None:
    entries = read(MT940.replace("0302DR10,00", f"0302{mark}10,00")).entries

    assert entries[1].amount == amount


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ("2601020102", "2026-01-02"),
        ("2512311231", "2025-12-31"),
        ("2512310102", "2026-01-02"),
        ("2601021231", "2025-12-31"),
        ("260228", "2026-02-28"),
        ("2602300301", "2026-03-01"),
        ("260230", "2026-02-28"),
        ("991231", "1999-12-31"),
    ],
)
def test_an_entry_is_of_the_day_it_was_booked_on(dates: str, day: str) -> None:
    assert read(MT940.replace("2603020302D", f"{dates}D")).entries[1].date == day


def test_an_interim_report_has_entries_and_no_balances() -> None:
    report = MT940.replace(":60F:C260301EUR100,00", ":34F:EUR0,00").replace(
        ":62F:C260302EUR150,50", ":90C:1EUR60,50"
    )
    reading = read(report)

    assert said(reading.entries) == [RECEIVED, FEE]
    assert values(reading)["currency"] == "EUR"
    assert failures(reading) == []


def test_a_line_that_cannot_be_read_costs_no_other() -> None:
    reading = read(MT940.replace(":61:2603010302CR60,50", ":61:26030103XX60,50"))

    assert said(reading.entries) == [FEE]
    assert failures(reading) == [
        ("entry_is_readable", "'26030103XX60,50NTRFNONREF//B-1' at line 6"),
        ("entries_lead_to_closing_balance", "90.00 is not 150.50"),
    ]


def test_statements_that_follow_one_another_are_one() -> None:
    second = MT940.replace("C260301EUR100,00", "C260302EUR150,50").replace(
        "C260302EUR150,50\n-", "C260303EUR201,00\n-"
    )
    reading = read(MT940 + second)

    assert len(reading.entries) == 4
    assert values(reading)["opening_balance"] == "100.00"
    assert values(reading)["closing_balance"] == "201.00"
    assert failures(reading) == []
    assert failures(read(MT940 + MT940)) == [
        ("statements_follow_one_another", "closed with 150.50, opened with 100.00")
    ]


def test_a_file_with_two_accounts_says_so_and_keeps_both_ones_entries() -> None:
    reading = read(MT940 + MT940.replace(IBAN, "12345678/1020304050"))

    assert len(reading.entries) == 4
    assert values(reading)["iban"] == IBAN
    assert failures(reading) == [("one_account", f"beside {IBAN} the file holds 1 more accounts")]


@pytest.mark.parametrize(("text", "suffix"), [(OFX_1, ".ofx"), (OFX_2, ".ofx")])
def test_an_ofx_statement_is_read_in_both_its_writings(text: str, suffix: str) -> None:
    reading = read(text, suffix)

    assert (reading.format, reading.document_type) == ("ofx", "bank_statement")
    assert values(reading) == {
        "date": "2026-03-02",
        "account": "12-34 & 5",
        "currency": "EUR",
        "closing_balance": "150.50",
        "closing_date": "2026-03-02",
    }
    received = {k: v for k, v in RECEIVED.items() if k != "counterparty_account"}
    assert said(reading.entries) == [
        received,
        {**FEE, "reference": "R-2", "text": "FEE"},
    ]
    assert failures(reading) == []


def test_sgml_under_an_xml_declaration_is_read_as_what_it_is() -> None:
    reading = read('<?xml version="1.0"?>\n' + OFX_1[OFX_1.index("<OFX>") :], ".ofx")

    assert len(reading.entries) == 2


def test_what_the_bank_refused_is_told() -> None:
    error = OFX_1.replace("INFO", "ERROR\n<MESSAGE>Wrong password", 1)

    assert failures(read(error)) == [("bank_reports_no_error", "'Wrong password'")]


@pytest.mark.parametrize("count", [63, 64])
def test_an_ofx_file_is_nested_so_deep_and_no_deeper(count: int) -> None:
    deep = "OFXHEADER:100\n<OFX>" + "<A>" * count + "</A>" * count + "</OFX>"
    if count > 63:
        with pytest.raises(UnreadableDocumentError, match="nested deeper than 64"):
            read(deep)
    else:
        assert failures(read(deep)) == [("has_statement", "the file holds no statement")]


@pytest.mark.parametrize("text", [camt(), MT940])
def test_a_balance_that_the_entries_do_not_lead_to_is_found_out(text: str) -> None:
    wrong = text.replace("150.50", "150.51").replace("150,50", "150,51")

    assert failures(read(wrong, ".sta")) == [
        ("entries_lead_to_closing_balance", "150.50 is not 150.51")
    ]


def test_an_account_number_with_a_digit_wrong_is_found_out() -> None:
    (failed,) = failures(read(MT940.replace(IBAN, IBAN[:-1] + "1")))

    assert failed[0] == "iban_is_valid"


@pytest.mark.parametrize(("count", "told"), [(9_999, 0), (10_000, 0), (10_001, 1)])
def test_so_many_entries_are_kept_and_no_more(count: int, told: int) -> None:
    start, end = MT940.index(":61:"), MT940.index(":62F:")
    head, foot = MT940[:start], MT940[end:].replace("150,50", f"{100 + count},00")
    reading = read(head + ":61:2603010302CR1,00NTRFNONREF\n" * count + foot, ".sta")

    assert len(reading.entries) == min(count, 10_000)
    assert (
        failures(reading)
        == [("all_lines_are_kept", "it has 10001 lines, the first 10000 are kept")] * told
    )
