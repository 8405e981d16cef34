"""Dates and amounts as people write them, in six languages."""

import re
from datetime import date
from decimal import Decimal

_NAMES = (
    "jan gen ene",
    "feb fév fev",
    "mar mär mrt maa",
    "apr avr abr",
    "may mai mei mag",
    "jun juin giu",
    "jul juil lug",
    "aug août aou ago",
    "sep set",
    "oct okt ott",
    "nov",
    "dec dez déc dic",
)
_MONTHS = {name: month for month, names in enumerate(_NAMES, start=1) for name in names.split()}
_MONTHS_IN_A_YEAR = 12
_CENTURY = 2000

_YEAR_FIRST = re.compile(r"\b((?:19|20)\d\d)[-/.](\d\d?)[-/.](\d\d?)\b")
_NUMBERS = re.compile(r"\b(\d\d?)[./-](\d\d?)[./-]((?:19|20)?\d\d)\b")
_DAY_NAME_YEAR = re.compile(
    r"\b(\d\d?)(?:\.|st|nd|rd|th)?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?(\d{4})\b"
)
_NAME_DAY_YEAR = re.compile(r"\b([^\W\d_]{3,10})\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_AMOUNT = re.compile(
    r"(?<![\w.,])-?(?:\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+|\d{1,9})[.,]\d\d(?![\w%])(?!\s?%)"
)


def find_date(text: str) -> str | None:
    """Return the first date in the text as ISO 8601.

    Where day and month could be either, the day is taken to stand first, as in most of the world.
    """
    text = text.lower()
    if match := _YEAR_FIRST.search(text):
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.search(text):
        day, month, year = int(match[1]), int(match[2]), int(match[3])
        if month > _MONTHS_IN_A_YEAR:
            day, month = month, day
        return _iso(year if year >= _CENTURY // 2 else year + _CENTURY, month, day)
    if match := _DAY_NAME_YEAR.search(text):
        return _iso(int(match[3]), _month(match[2]), int(match[1]))
    if match := _NAME_DAY_YEAR.search(text):
        return _iso(int(match[3]), _month(match[1]), int(match[2]))
    return None


def find_amount(text: str) -> str | None:
    """Return the last amount with two decimals in the text: totals stand to the right."""
    amounts = _AMOUNT.findall(text)
    if not amounts:
        return None
    digits = re.sub(r"[^\d-]", "", amounts[-1])
    return format(Decimal(digits).scaleb(-2), "f")


def _month(name: str) -> int:
    return _MONTHS.get(name[:4]) or _MONTHS.get(name[:3]) or 0


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
