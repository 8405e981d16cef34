"""Dates and amounts as people write them, in six languages."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from switchgear_shared.contracts.currencies import MINOR_DIGITS

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
_THOUSANDS = 3
_CENTS = 2
_CELL, _KEPT = 200, 4096
_MINUS = ("-", "\u2212", "\u2013")

_DATE = re.compile(
    r"(?<![\d.,/-])(?:"
    r"(?P<y1>(?:19|20)\d\d)(?P<s1>[-/.]) ?(?P<m1>\d\d?)(?P=s1) ?(?P<d1>\d\d?)"
    r"|(?P<a2>\d\d?) ?(?P<s2>[./-]) ?(?P<b2>\d\d?) ?(?P=s2) ?(?P<y2>(?:19|20)?\d\d)"
    r"|(?P<d3>\d\d?)(?:\.| ?(?:st|nd|rd|th)|er|º|°)?(?:/|[\s-]*)(?:de |of |day of )?"
    r"(?P<n3>[^\W\d_]{3,10})\.?,?(?:/|[\s-]*)(?:de |del )?(?P<y3>(?:19|20)\d\d|\d\d(?![\d:]))"
    r")(?:(?=[/-]?\d{1,2}:\d\d)|(?![\d/-]|[.,]\d))"
    r"|(?<!\w)(?P<n4>[^\W\d_]{3,10})\.?[\s-]+(?P<d4>\d\d?)(?: ?(?:st|nd|rd|th))?\s?,?[\s-]+"
    r"(?P<y4>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?<![\w.,/:'])(?P<sign>[-\u2212\u2013+]\s?)?(?P<money>(?:[€$£₹]|RM|US\$|R[sS]\.|[A-Z]{3})\s?)?(?P<minus>-)?"
    r"(?P<digits>\d{1,3}(?:(?P<gap>[.,'\u2019 \u00a0\u202f])\d{3})(?:(?P=gap)\d{3})*(?!\d)|\d{1,9})"
    r"(?:(?P<point>[.,])(?P<decimals>\d{1,4}))?(?P<after>-(?![\w-]))?(?![\w/:']|[.,-]\d|\s?%)"
)


_DIGIT = re.compile(r"\d")
"""Without one there is neither a date nor an amount, and most of a page's cells have none."""

_WITH_COMMA = re.compile(r"\d,\d\d(?![\d.,])")
_WITH_POINT = re.compile(r"\d(?<![\d.]\d)\d*(?:,\d{3}){0,6}\.\d\d(?![\d.,])")
_ALL_DIGITS = re.compile(r"\d(?<![\d.,/-]\d)\d? ?[./-] ?\d\d? ?[./-] ?\d\d")
"""Where a date of three numbers may begin; where there is none, none needs to be looked for."""

_BY_DAY = re.compile(
    r"£|\bVAT\b|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\bLtd\b|\bPLC\b|\bPty\b|\bBhd\b|\bGST\b",
    re.IGNORECASE,
)
"""What stands on papers of countries that write in English and put the day first."""
_OTHER_TAX = re.compile(r"\bGST\b|\bVAT (?:no|reg|id)|\bABN\b|\bSDN\.? BHD\b", re.IGNORECASE)
"""Taxes and forms that the United States do not have, though dollars may be paid."""


class DateIn(NamedTuple):
    """A date in a text: ISO 8601, and from where to where it stands."""

    value: str
    start: int
    end: int


class AmountIn(NamedTuple):
    """A number in a text; `is_money` if it is written with two decimals or after a currency."""

    value: Decimal
    start: int
    end: int
    is_money: bool


class Dialect(NamedTuple):
    """How one document writes: which mark stands before decimals, and what a date starts with.

    `is_order_known` tells whether anything but custom says so.
    """

    decimal_mark: str = "."
    is_month_first: bool = False
    is_order_known: bool = True


def dialect_of(text: str) -> Dialect:
    """Tell a document's dialect by the majority of its numbers and by its unambiguous dates."""
    commas = len(_WITH_COMMA.findall(text))
    points = len(_WITH_POINT.findall(text))
    mark = "," if commas > points else "."
    days = _DATE.finditer(text) if _ALL_DIGITS.search(text) else ()
    second = [
        (int(m["a2"]), int(m["b2"])) for m in days if m["a2"] is not None and m["s2"].strip() != "."
    ]
    if any(first > _MONTHS_IN_A_YEAR for first, _ in second):
        return Dialect(mark, is_month_first=False)
    if any(last > _MONTHS_IN_A_YEAR for _, last in second):
        return Dialect(mark, is_month_first=True)
    addressed = re.search(r"\b[A-Z]{2},? \d{5}(?:-\d{4})?\b", text)
    is_elsewhere = "€" in text or _OTHER_TAX.search(text) is not None
    is_american = mark == "." and not is_elsewhere and (addressed is not None or "$" in text)
    is_known = mark == "," or addressed is not None or _BY_DAY.search(text) is not None
    return Dialect(mark, is_month_first=is_american, is_order_known=is_known)


def is_either(text: str) -> bool:
    """Tell whether the text is a date with slashes or dashes whose day could be its month."""
    match = _DATE.search(text)
    if match is None or match["a2"] is None or match["s2"].strip() == ".":
        return False
    first, second = int(match["a2"]), int(match["b2"])
    return max(first, second) <= _MONTHS_IN_A_YEAR and first != second


def dates_in(text: str, dialect: Dialect = Dialect()) -> Iterator[DateIn]:  # noqa: B008 - immutable
    """Return the dates in the text, in its order; what is no day of the calendar is left out."""
    if _DIGIT.search(text) is None:
        return iter(())
    return iter(_dates_in(text, dialect) if len(text) <= _CELL else _dates(text, dialect))


def amounts_in(text: str, dialect: Dialect = Dialect()) -> Iterator[AmountIn]:  # noqa: B008 - same
    """Return the numbers in the text that are neither dates nor percentages, in its order."""
    if _DIGIT.search(text) is None:
        return iter(())
    return iter(_amounts_in(text, dialect) if len(text) <= _CELL else _amounts(text, dialect))


def _dates(text: str, dialect: Dialect) -> Iterator[DateIn]:
    for match in _DATE.finditer(text):
        value = _date(match, dialect)
        if value is not None:
            yield DateIn(value, match.start(), match.end())


def _amounts(text: str, dialect: Dialect) -> Iterator[AmountIn]:
    days = [(found.start, found.end) for found in dates_in(text, dialect)]
    for match in _AMOUNT.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in days):
            continue
        yield AmountIn(
            _number(match, dialect),
            match.start(),
            match.end(),
            is_money=_is_currency(match["money"]) or len(match["decimals"] or "") == _CENTS,
        )


@lru_cache(_KEPT)
def _dates_in(text: str, dialect: Dialect) -> tuple[DateIn, ...]:
    """Keep what a cell says: a page's cells are asked about by many."""
    return tuple(_dates(text, dialect))


@lru_cache(_KEPT)
def _amounts_in(text: str, dialect: Dialect) -> tuple[AmountIn, ...]:
    return tuple(_amounts(text, dialect))


def find_date(text: str) -> str | None:
    """Return the first date in the text as ISO 8601.

    Where day and month could be either, the day is taken to stand first, as in most of the world.
    """
    return next((found.value for found in dates_in(text)), None)


def find_amount(text: str) -> str | None:
    """Return the last amount with two decimals in the text: totals stand to the right."""
    amounts = [found for found in amounts_in(text, dialect_of(text)) if found.is_money]
    return format(amounts[-1].value, "f") if amounts else None


def _is_currency(mark: str | None) -> bool:
    mark = (mark or "").strip()
    return mark in ("€", "$", "£", "₹", "RM", "US$", "RS.", "Rs.") or mark in MINOR_DIGITS


def _number(match: re.Match[str], dialect: Dialect) -> Decimal:
    whole, gap = match["digits"], match["gap"]
    decimals = match["decimals"] or ""
    if gap in (".", ",") and match["point"] is None:
        groups = whole.split(gap)
        if len(groups) == 2 and gap == dialect.decimal_mark and len(groups[0]) < _THOUSANDS:  # noqa: PLR2004 - one mark, such as the 1.500 of a quantity
            whole, decimals = groups
    number = Decimal(re.sub(r"\D", "", whole) + (f".{decimals}" if decimals else ""))
    sign = (match["sign"] or "").strip() in _MINUS or match["minus"] or match["after"]
    return -number if sign else number


def _date(match: re.Match[str], dialect: Dialect) -> str | None:
    if match["y1"]:
        return _iso(int(match["y1"]), int(match["m1"]), int(match["d1"]))
    if match["y2"]:
        first, second = int(match["a2"]), int(match["b2"])
        is_month_first = dialect.is_month_first and match["s2"].strip() != "."
        day, month = (second, first) if is_month_first else (first, second)
        if month > _MONTHS_IN_A_YEAR:
            day, month = month, day
        return _iso(_year(match["y2"]), month, day)
    if match["y3"]:
        return _iso(_year(match["y3"]), _month(match["n3"]), int(match["d3"]))
    return _iso(int(match["y4"]), _month(match["n4"]), int(match["d4"]))


def _year(digits: str) -> int:
    year = int(digits)
    return year if year >= _CENTURY // 2 else year + _CENTURY


def _month(name: str) -> int:
    name = name.lower()
    return _MONTHS.get(name[:4]) or _MONTHS.get(name[:3]) or 0


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
