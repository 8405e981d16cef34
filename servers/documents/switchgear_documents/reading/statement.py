"""Bank statements, whatever their format: accounts, balances, entries, and whether they add up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from switchgear_documents.reading.einvoice import plain
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.reading import Check, FieldName, FieldReading, StatementEntry

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True)
class Balance:
    """What stood on the account at the start or the end of a day."""

    amount: Decimal
    day: date | None
    place: str


@dataclass
class Statement:
    """One statement of one account; a file may hold several.

    `pending` are entries that the balances do not count yet.
    """

    place: str
    number: str | None = None
    account: str | None = None
    holder: str | None = None
    currency: str | None = None
    issued_on: date | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    entries: list[StatementEntry] = field(default_factory=list)
    pending: list[StatementEntry] = field(default_factory=list)
    malformed: list[Check] = field(default_factory=list)


def to_extract(statements: list[Statement], classifier: str) -> Extract:
    """Return the fields of the account, its first opening and its last closing balance.

    Statements of one account that follow one another are one; of a file with several accounts the
    first one's fields are kept, with every entry and a failed check.
    """
    extract = Extract("bank_statement", classifier)
    if not statements:
        detail = "the file holds no statement"
        extract.malformed.append(Check(name="has_statement", passed=False, detail=detail))
        return extract
    first = statements[0]
    own = [s for s in statements if _key(s) == _key(first)]
    closing = own[-1].closing
    issued_on = own[-1].issued_on or (closing.day if closing else None)
    _add(extract, "number", first.number, first.place)
    _add(extract, "date", issued_on.isoformat() if issued_on else None, own[-1].place)
    if first.account is not None:
        account = first.account.replace(" ", "")
        name: FieldName = "iban" if _IBAN.fullmatch(account) else "account"
        _add(extract, name, account if name == "iban" else first.account, first.place)
    _add(extract, "account_holder", first.holder, first.place)
    _add(extract, "currency", first.currency, first.place)
    _add_balance(extract, "opening_balance", "opening_date", first.opening)
    _add_balance(extract, "closing_balance", "closing_date", closing)
    for statement in statements:
        extract.entries += [*statement.entries, *statement.pending]
        extract.malformed += [*statement.malformed, *_sums(statement)]
    extract.malformed += _order(own)
    if others := {str(s.account) for s in statements if _key(s) != _key(first)}:
        detail = f"beside {first.account} the file holds {len(others)} more accounts"
        extract.malformed.append(Check(name="one_account", passed=False, detail=detail))
    return extract


def _key(statement: Statement) -> tuple[str | None, str | None]:
    return statement.account, statement.currency


def _sums(statement: Statement) -> Iterator[Check]:
    if statement.opening is None or statement.closing is None:
        return
    moved = sum((Decimal(entry.amount) for entry in statement.entries), Decimal(0))
    found, stated = statement.opening.amount + moved, statement.closing.amount
    passed = found == stated
    detail = f"{plain(found)} {'is' if passed else 'is not'} {plain(stated)}"
    yield Check(name="entries_lead_to_closing_balance", passed=passed, detail=detail)


def _order(own: list[Statement]) -> Iterator[Check]:
    """Yield whether each statement opens with what the one before closed with."""
    for earlier, later in pairwise(own):
        if earlier.closing is not None and later.opening is not None:
            closed, opened = earlier.closing.amount, later.opening.amount
            passed = closed == opened
            detail = f"closed with {plain(closed)}, opened with {plain(opened)}"
            yield Check(name="statements_follow_one_another", passed=passed, detail=detail)


def _add(extract: Extract, name: FieldName, value: str | None, place: str) -> None:
    if value:
        field_ = FieldReading(name=name, value=value, confidence=1.0, place=place)
        extract.fields.append(field_)


def _add_balance(
    extract: Extract, amount: FieldName, day: FieldName, balance: Balance | None
) -> None:
    if balance is not None:
        _add(extract, amount, plain(balance.amount), balance.place)
        _add(extract, day, balance.day.isoformat() if balance.day else None, balance.place)
