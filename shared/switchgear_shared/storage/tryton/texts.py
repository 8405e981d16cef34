"""Texts as Tryton keeps them: patterns, our names on its records, units."""

import re

_OURS = re.compile(r"(.*?) ?\[(?:sg-|write_)[0-9a-f]+\]", re.DOTALL)
_NAME = re.compile(r"(?:sg-|write_)[0-9a-f]+\??")
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


_EU = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE"),
    *("IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "XI"),
}
"""The countries whose VAT numbers Tryton checks as such."""


def vat_type(code: str) -> str | None:
    """Return the type under which Tryton keeps a VAT number; None where it checks none."""
    return "eu_vat" if code[:2].upper() in _EU and any(map(str.isdigit, code)) else None


def is_mark(code: str) -> bool:
    """Say whether a text is our name for a write and nothing else."""
    return _NAME.fullmatch(code) is not None


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
