"""Texts as Tryton keeps them: patterns, our names on its records, units."""

import re

_OURS = re.compile(r"(.*?) ?\[(?:sg-|write_)[0-9a-f]+\]", re.DOTALL)
_UNITS = {
    "u": "C62",
    "kg": "KGM",
    "g": "GRM",
    "m": "MTR",
    "cm": "CMT",
    "mm": "MMT",
    "km": "KMT",
    "l": "LTR",
    "m²": "MTK",
    "m³": "MTQ",
    "h": "HUR",
    "d": "DAY",
}


def unit_code(symbol: str) -> str:
    """Return the code of UN/ECE Recommendation 20; another symbol stays as it is."""
    return _UNITS.get(symbol, symbol)


def literal(text: str) -> str:
    """Return a pattern for `like` that matches exactly this text."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def marked(text: str, reference: str) -> str:
    """Return a text of a caller's with our name for the write behind it."""
    return f"{text} [{reference}]".lstrip()


def unmarked(text: str) -> str:
    """Return the caller's text without our name for the write."""
    ours = _OURS.fullmatch(text)
    return ours.group(1) if ours else text


def number_of(text: str) -> int | None:
    """Return the id of Tryton that a text is, None if it is none."""
    is_id = text.isascii() and text.isdigit() and len(text) < len(str(2**31))
    return int(text) if is_id else None
