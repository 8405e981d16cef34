"""Does the document say it: a value that a model gives counts only where the text shows it."""

import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.written import Dialect, amounts_in, dates_in, dialect_of

_AMOUNTS = ("total_", "opening_balance", "closing_balance")
_CODES = ("iban", "supplier_vat", "buyer_vat", "account", "number", "order_ref")
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Grounded:
    """A value in its plain form, and where the text has it first."""

    value: str
    page: int
    place: str


def ground(name: FieldName, said: str, text: str) -> Grounded | None:
    """Return the value as the text bears it out, or None.

    Dates and amounts are compared by what they mean, codes without their spacing, a currency by
    its code or its sign, words without regard to case and to where lines break.
    """
    dialect = dialect_of(text)
    if name.endswith("date"):
        return _date(said, text, dialect)
    if name.startswith(_AMOUNTS):
        return _amount(said, text, dialect)
    if name == "currency":
        return _currency(said, text)
    if name in _CODES:
        return _code(said, text)
    return _words(said, text)


def _date(said: str, text: str, dialect: Dialect) -> Grounded | None:
    wanted = next((found.value for found in dates_in(said, dialect)), None)
    for found in dates_in(text, dialect):
        if found.value == wanted:
            return _at(found.value, text, found.start)
    return None


def _amount(said: str, text: str, dialect: Dialect) -> Grounded | None:
    wanted = {found.value for found in amounts_in(said, dialect)}
    with suppress(InvalidOperation):
        wanted.add(Decimal(said.strip()))
    for found in amounts_in(text, dialect):
        if found.value in wanted:
            return _at(format(found.value, "f"), text, found.start)
    return None


def _currency(said: str, text: str) -> Grounded | None:
    code = said.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code):
        code = next((name for name, sign in _SYMBOLS.items() if sign == said.strip()), "")
    if not code:
        return None
    match = re.search(rf"\b{code}\b", text)
    place = match.start() if match else text.find(_SYMBOLS.get(code, "\0"))
    return None if place < 0 else _at(code, text, place)


def _code(said: str, text: str) -> Grounded | None:
    """Find the characters of a code one after another, whatever spacing stands between them."""
    value = " ".join(said.split())
    bare = [character for character in value if character.isalnum()]
    if len(bare) < _LEAST:
        return None
    pattern = r"[\s.\-/]{0,2}".join(map(re.escape, bare))
    match = re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", text, re.IGNORECASE)
    return None if match is None else _at(value, text, match.start())


def _words(said: str, text: str) -> Grounded | None:
    words = said.split()
    if sum(map(len, words)) < _LEAST:
        return None
    pattern = r"\s+".join(map(re.escape, words))
    match = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)
    return None if match is None else _at(" ".join(words), text, match.start())


def _at(value: str, text: str, start: int) -> Grounded:
    before = text[:start]
    page = before.count("\f") + 1
    line = before.rpartition("\f")[2].lstrip("\n").count("\n") + 1
    return Grounded(value, page, f"page {page}, line {line}")
