"""OFX bank and card statements: version 1 in SGML, version 2 in XML.

After the OFX specifications 1.6 and 2.2. In version 1 only aggregates must be closed: an element
ends where the next tag starts.
"""

import html
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_documents.reading.einvoice import parse_decimal, plain
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.markup import (
    Element,
    find,
    find_all,
    find_text,
    place_of,
    text_of,
)
from switchgear_documents.reading.reading import Check, StatementEntry
from switchgear_documents.reading.statement import Balance, Statement, to_extract
from switchgear_shared.errors import UnreadableDocumentError

_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._]{0,63})>([^<]*)")
_CLOSED = re.compile(r"</([A-Za-z][A-Za-z0-9._]{0,63})>")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DEEPEST = 64
_REPORTS = (
    "BANKMSGSRSV1/STMTTRNRS/STMTRS",
    "CREDITCARDMSGSRSV1/CCSTMTTRNRS/CCSTMTRS",
    "INVSTMTMSGSRSV1/INVSTMTTRNRS/INVSTMTRS",
)
_ENTRIES = ("BANKTRANLIST/STMTTRN", "INVTRANLIST/INVBANKTRAN/STMTTRN")


def parse_sgml(text: str) -> Element:
    """Return the OFX element of a version 1 file.

    Raises UnreadableDocumentError where there is none, or where it is nested deeper than 64.
    """
    start = text.upper().find("<OFX>")
    if start < 0:
        raise UnreadableDocumentError("the OFX file has no OFX element")
    text = _CONTROLS.sub("", text[start:])
    closed = {match[1].upper() for match in _CLOSED.finditer(text)}
    builder = etree.TreeBuilder()
    open_tags: list[str] = []
    for match in _TOKEN.finditer(text):
        ends, tag, content = match[1], match[2].upper(), match[3].strip()
        if ends:
            while tag in open_tags:
                last = open_tags.pop()
                builder.end(last)
                if last == tag:
                    break
            if not open_tags:
                break
            continue
        builder.start(tag, {})
        if content or tag not in closed:
            builder.data(html.unescape(content))
            builder.end(tag)
            continue
        open_tags.append(tag)
        if len(open_tags) > _DEEPEST:
            raise UnreadableDocumentError(f"the OFX file is nested deeper than {_DEEPEST}")
    for tag in reversed(open_tags):
        builder.end(tag)
    return builder.close()


def read_ofx(root: Element) -> Extract:
    """Read every statement in the response; a response without one says what the bank said."""
    reports = [report for path in _REPORTS for report in find_all(root, path)]
    extract = to_extract([_statement(report) for report in reports], "signature/ofx")
    for status in root.iter("{*}STATUS"):
        if (find_text(status, "SEVERITY") or "").upper() == "ERROR":
            said = find_text(status, "MESSAGE") or f"code {find_text(status, 'CODE')}"
            check = Check(name="bank_reports_no_error", passed=False, detail=f"{said[:200]!a}")
            extract.malformed.append(check)
    return extract


def _statement(report: Element) -> Statement:
    statement = Statement(
        place=place_of(report),
        account=find_text(report, "BANKACCTFROM/ACCTID", "CCACCTFROM/ACCTID", "INVACCTFROM/ACCTID"),
        currency=find_text(report, "CURDEF"),
    )
    balance = next(find_all(report, "LEDGERBAL"), None)
    if balance is not None:
        amount = _number(statement, find(balance, "BALAMT"))
        if amount is not None:
            day = _day(find_text(balance, "DTASOF"))
            statement.closing = Balance(amount, day, place_of(balance))
    until = find_text(report, "BANKTRANLIST/DTEND", "INVTRANLIST/DTEND", "DTASOF")
    statement.issued_on = _day(until)
    for path in _ENTRIES:
        statement.entries.extend(_entries(statement, report, path))
    return statement


def _entries(statement: Statement, report: Element, path: str) -> Iterator[StatementEntry]:
    for entry in find_all(report, path):
        amount = _number(statement, find(entry, "TRNAMT"))
        if amount is None:
            continue
        day = _day(find_text(entry, "DTPOSTED"))
        yield StatementEntry(
            date=day.isoformat() if day else None,
            amount=plain(amount),
            currency=find_text(entry, "CURRENCY/CURSYM") or statement.currency,
            counterparty=find_text(entry, "PAYEE/NAME", "NAME"),
            counterparty_account=find_text(entry, "BANKACCTTO/ACCTID", "CCACCTTO/ACCTID"),
            reference=find_text(entry, "REFNUM", "CHECKNUM", "FITID"),
            text=find_text(entry, "MEMO", "TRNTYPE"),
        )


def _number(statement: Statement, element: Element | None) -> Decimal | None:
    """Return the amount; its decimal mark is a point or a comma."""
    if element is None:
        return None
    text = text_of(element).replace(" ", "")
    text = text.replace(",", "" if "." in text else ".")
    number = parse_decimal(text)
    if number is None:
        detail = f"{text_of(element)[:60]!a} at {place_of(element)}"
        check = Check(name="amount_is_a_number", passed=False, detail=detail)
        statement.malformed.append(check)
    return number


def _day(text: str | None) -> date | None:
    match = _DAY.match(text or "")
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
