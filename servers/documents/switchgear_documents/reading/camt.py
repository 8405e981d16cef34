"""ISO 20022 account reports, statements and notifications: camt.052, camt.053, camt.054.

Every version has the same shape but for where a party's name and an agreed date stand, and both
places are looked at.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from switchgear_documents.reading.einvoice import parse_date, parse_decimal, plain
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

NAMESPACES = tuple(f"urn:iso:std:iso:20022:tech:xsd:camt.05{n}." for n in (2, 3, 4))

_REPORTS = ("BkToCstmrStmt/Stmt", "BkToCstmrAcctRpt/Rpt", "BkToCstmrDbtCdtNtfctn/Ntfctn")
_REPORTS_1 = ("BkToCstmrStmtV01/Stmt", "BkToCstmrAcctRptV01/Rpt", "BkToCstmrDbtCdtNtfctnV01/Ntfctn")
_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)
_REFERENCES = ("EndToEndId", "InstrId", "TxId", "MndtId", "PmtInfId", "AcctSvcrRef")
_NO_REFERENCE = ("NOTPROVIDED", "NONREF")


def read_camt(root: Element) -> Extract:
    """Read every report in the message."""
    reports = [r for path in (*_REPORTS, *_REPORTS_1) for r in find_all(root, path)]
    return to_extract([_statement(report) for report in reports], "signature/camt")


def _statement(report: Element) -> Statement:
    statement = Statement(
        place=place_of(report),
        number=find_text(report, "ElctrncSeqNb", "LglSeqNb", "Id"),
        account=find_text(report, "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id"),
        holder=find_text(report, "Acct/Ownr/Nm", "Acct/Nm"),
        issued_on=parse_date(find_text(report, "CreDtTm") or ""),
    )
    balances = dict(_balances(statement, report))
    statement.opening = next((balances[k] for k in _OPENING if k in balances), None)
    statement.closing = next((balances[k] for k in _CLOSING if k in balances), None)
    amounts = [*find_all(report, "Bal/Amt"), *find_all(report, "Ntry/Amt")]
    currencies = (find_text(report, "Acct/Ccy"), *(a.get("Ccy") for a in amounts))
    statement.currency = next((c for c in currencies if c), None)
    for entry in find_all(report, "Ntry"):
        booked = (find_text(entry, "Sts/Cd", "Sts") or "BOOK") == "BOOK"
        place = statement.entries if booked else statement.pending
        place.extend(_entries(statement, entry))
    return statement


def _balances(statement: Statement, report: Element) -> Iterator[tuple[str, Balance]]:
    for balance in find_all(report, "Bal"):
        amount = _amount(statement, find(balance, "Amt"))
        kind = find_text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd")
        if amount is not None and kind is not None:
            day = _day(balance, "Dt")
            yield kind, Balance(amount * _sign(balance), day, place_of(balance))


def _entries(statement: Statement, entry: Element) -> Iterator[StatementEntry]:
    """Yield the entry or, where it is a batch that says what it is made of, each payment in it."""
    element = find(entry, "Amt")
    total = _amount(statement, element)
    if element is None or total is None:
        _fail(statement, "entry_has_amount", place_of(entry), text_of(entry))
        return
    day = _day(entry, "BookgDt") or _day(entry, "ValDt")
    currency = element.get("Ccy")
    payments = list(find_all(entry, "NtryDtls/TxDtls")) or list(find_all(entry, "TxDtls"))
    parts = [_part(payment, currency) for payment in payments]
    whole = [part for part in parts if part is not None]
    if len(payments) > 1 and len(whole) == len(payments) and sum(whole) == total:
        for payment, amount in zip(payments, whole, strict=True):
            yield _entry(entry, payment, day, amount, currency)
    else:
        payment = payments[0] if len(payments) == 1 else None
        yield _entry(entry, payment, day, total, currency)


def _part(payment: Element, currency: str | None) -> Decimal | None:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        element = find(payment, path)
        if element is not None and element.get("Ccy") == currency:
            return parse_decimal(text_of(element))
    return None


def _entry(
    entry: Element, payment: Element | None, day: date | None, amount: Decimal, currency: str | None
) -> StatementEntry:
    sign = _sign(entry)
    details = entry if payment is None else payment
    other = "Cdtr" if sign < 0 else "Dbtr"
    parties = f"RltdPties/{other}"
    references = (f"Refs/{name}" for name in _REFERENCES)
    stated = (find_text(details, path) for path in references)
    reference = next((r for r in stated if r and r.upper() not in _NO_REFERENCE), None)
    texts = [text_of(e) for e in find_all(details, "RmtInf/Ustrd") if text_of(e)]
    creditor = find_text(details, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
    text = " ".join(texts) or find_text(details, "AddtlTxInf") or find_text(entry, "AddtlNtryInf")
    return StatementEntry(
        date=day.isoformat() if day else None,
        amount=plain(amount * sign),
        currency=currency,
        counterparty=find_text(details, f"{parties}/Pty/Nm", f"{parties}/Nm"),
        counterparty_account=find_text(
            details, f"{parties}Acct/Id/IBAN", f"{parties}Acct/Id/Othr/Id"
        ),
        reference=creditor or reference or find_text(entry, "NtryRef", "AcctSvcrRef"),
        text=text,
    )


def _sign(element: Element) -> int:
    return -1 if find_text(element, "CdtDbtInd") == "DBIT" else 1


def _day(element: Element, path: str) -> date | None:
    return parse_date(find_text(element, f"{path}/Dt", f"{path}/DtTm", f"{path}/Dt/DtTm") or "")


def _amount(statement: Statement, element: Element | None) -> Decimal | None:
    if element is None:
        return None
    amount = parse_decimal(text_of(element))
    if amount is None:
        _fail(statement, "amount_is_a_number", place_of(element), text_of(element))
    return amount


def _fail(statement: Statement, name: str, place: str, value: str) -> None:
    detail = f"{value[:60]!a} at {place}"
    statement.malformed.append(Check(name=name, passed=False, detail=detail))
