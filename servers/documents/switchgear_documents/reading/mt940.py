"""SWIFT MT940 and MT942: customer statements and interim reports, as banks really write them.

After the SWIFT standards for category 9 and, for the structured field 86, the German banks' DFÜ
agreement, annex 3. A line that cannot be understood is a failed check; the rest is read.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from switchgear_documents.reading.einvoice import plain
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.mt940_details import Details, read_details
from switchgear_documents.reading.reading import Check, StatementEntry
from switchgear_documents.reading.statement import Balance, Statement, to_extract

_TAG = re.compile(r":(\d\d[A-Z]?|NS):(.*)", re.DOTALL)
_BLOCK = re.compile(r"^.*\{4:", re.DOTALL)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})?(\d{0,15}[,.]?\d{0,6})")
_ENTRY = re.compile(
    r"(?P<value>\d{6})(?P<booked>\d{4}|\s{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s?"
    r"(?P<amount>\d{1,15}[,.]?\d{0,6})(?P<kind>[A-Z][A-Z0-9 ]{3})?(?P<reference>[^\n]*)"
    r"(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED")
_CENTURY_TURNS_AT = 80
_FEBRUARY = 2
_HALF_A_YEAR = 6
_ENDS = ("-", "-}", "-}{5:")


class _Field(NamedTuple):
    tag: str
    value: str
    line: int


def read_mt940(text: str) -> Extract:
    """Read every statement of the file; one starts with each field 20."""
    statements: list[Statement] = []
    for fields in _messages(text):
        statement = _statement(fields)
        if statement.account or statement.opening or statement.closing or statement.entries:
            statements.append(statement)
    return to_extract(statements, "signature/mt940")


def _messages(text: str) -> Iterator[list[_Field]]:
    message: list[_Field] = []
    for field in _fields(text):
        if field.tag == "20" and message:
            yield message
            message = []
        message.append(field)
    if message:
        yield message


def _fields(text: str) -> Iterator[_Field]:
    """Yield the fields with the lines that go on from them."""
    current: _Field | None = None
    for number, whole in enumerate(text.split("\n"), start=1):
        line = _BLOCK.sub("", whole)
        match = _TAG.match(line)
        if match is not None or line.startswith(_ENDS):
            if current is not None:
                yield current
            current = None if match is None else _Field(match[1], match[2], number)
        elif current is not None and line.strip():
            current = current._replace(value=f"{current.value}\n{line}")
    if current is not None:
        yield current


def _statement(fields: list[_Field]) -> Statement:
    statement = Statement(place=f"line {fields[0].line}")
    has_open_entry = False
    for field in fields:
        if field.tag == "61":
            entry = _entry(statement, field)
            has_open_entry = entry is not None
            if entry is not None:
                statement.entries.append(entry)
            continue
        if field.tag == "86" and has_open_entry:
            details = read_details(field.value)
            statement.entries[-1] = _with_details(statement.entries[-1], details)
        else:
            _read_head(statement, field)
        has_open_entry = False
    statement.entries = [
        entry.model_copy(update={"currency": statement.currency}) for entry in statement.entries
    ]
    return statement


def _read_head(statement: Statement, field: _Field) -> None:
    """Read a field about the statement as a whole."""
    if field.tag == "25" and statement.account is None:
        statement.account = _account(statement, field.value)
    elif field.tag in ("28", "28C"):
        statement.number = field.value.strip() or None
    elif field.tag in ("60F", "60M") and statement.opening is None:
        statement.opening = _balance(statement, field)
    elif field.tag in ("62F", "62M"):
        statement.closing = _balance(statement, field)
    elif field.tag in ("34F", "90C", "90D") and statement.currency is None:
        found = re.search(r"[A-Z]{3}", field.value)
        statement.currency = found[0] if found else None


def _account(statement: Statement, value: str) -> str | None:
    """Return the account; a currency may stand right behind it."""
    account = value.split("\n", maxsplit=1)[0].strip()
    match = re.fullmatch(r"(.*\d)/?([A-Z]{3})", account)
    if match is None:
        return account or None
    statement.currency = statement.currency or match[2]
    return match[1]


def _balance(statement: Statement, field: _Field) -> Balance | None:
    match = _BALANCE.match(field.value)
    amount = None if match is None else _amount(match[4])
    if match is None or amount is None:
        _fail(statement, "balance_is_readable", field)
        return None
    statement.currency = match[3] or statement.currency
    day = _day(match[2])
    return Balance(-amount if match[1] == "D" else amount, day, f"line {field.line}")


def _entry(statement: Statement, field: _Field) -> StatementEntry | None:
    match = _ENTRY.fullmatch(field.value.strip())
    amount = None if match is None else _amount(match["amount"])
    if match is None or amount is None:
        _fail(statement, "entry_is_readable", field)
        return None
    leaves = match["mark"] in ("D", "RC", "ED")
    valued = _day(match["value"])
    day = _booked(match["booked"], valued)
    ours, _, banks = match["reference"].partition("//")
    named = (ours.strip(), banks.strip())
    return StatementEntry(
        date=day.isoformat() if day else None,
        amount=plain(-amount if leaves else amount),
        reference=next((r for r in named if r.upper() not in _NO_REFERENCE), None),
        text=" ".join((match["more"] or "").split()) or None,
    )


def _with_details(entry: StatementEntry, details: Details) -> StatementEntry:
    return entry.model_copy(
        update={
            "counterparty": details.name,
            "counterparty_account": details.account,
            "reference": details.reference or entry.reference,
            "text": details.text or entry.text,
        }
    )


def _amount(text: str) -> Decimal | None:
    digits = text.replace(",", ".")
    return Decimal(digits) if re.fullmatch(r"\d+\.?\d*|\.\d+", digits) else None


def _day(text: str) -> date | None:
    """Return the day of YYMMDD; banks that count thirty days to a month write 30 February."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    year += 1900 if year >= _CENTURY_TURNS_AT else 2000
    if month == _FEBRUARY and day in (29, 30):
        day = monthrange(year, month)[1]
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _booked(text: str | None, valued: date | None) -> date | None:
    """Return the day of MMDD in the year that brings it nearest to the value date."""
    if valued is None or text is None or not text.strip():
        return valued
    month = int(text[:2])
    turn = (month - valued.month > _HALF_A_YEAR) - (valued.month - month > _HALF_A_YEAR)
    try:
        return date(valued.year - turn, month, int(text[2:]))
    except ValueError:
        return valued


def _fail(statement: Statement, name: str, field: _Field) -> None:
    detail = f"{field.value[:60]!a} at line {field.line}"
    statement.malformed.append(Check(name=name, passed=False, detail=detail))
