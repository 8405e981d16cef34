"""Ids of Tryton's records as our callers see them, and our own names on those records."""

import re
from typing import Any, Literal

Kind = Literal["party", "contact", "opportunity", "note"]

_LARGEST = 2**31
_OURS = re.compile(r"(?P<text>.*?) ?\[(?:sg-|write_)[0-9a-f]+(?:\?| from [a-z]+)?\]", re.DOTALL)


def id_of(kind: Kind, number: int) -> str:
    """Return the id of a record, such as party-3."""
    return f"{kind}-{number}"


def number_of(kind: Kind, text: str) -> int | None:
    """Return Tryton's id of a record of the kind, None where the text is no id of one."""
    digits = text.removeprefix(f"{kind}-")
    is_number = digits.isascii() and digits.isdigit() and not digits.startswith("0")
    if digits == text or not is_number or len(digits) >= len(str(_LARGEST)):
        return None
    return int(digits)


def beginning(kind: Kind, prefix: str) -> list[Any]:
    """Return the domain of the records whose id begins so; [] where none does."""
    stem = f"{kind}-"
    if stem.startswith(prefix):
        return [["id", ">", 0]]
    number = number_of(kind, prefix)
    if number is None:
        return []
    ranges: list[Any] = []
    least, most = number, number
    while least < _LARGEST:
        ranges.append([["id", ">=", least], ["id", "<=", min(most, _LARGEST - 1)]])
        least, most = least * 10, most * 10 + 9
    return ["OR", *ranges]


def unmarked(text: str) -> str:
    """Return the text without our name for a write, open or with the stage it came from."""
    ours = _OURS.fullmatch(text)
    return ours["text"] if ours else text


def compact(text: str) -> str:
    """Return a number as it is compared: Tryton may write it with other blanks and signs."""
    return "".join(char for char in text.upper() if char.isalnum() or char == "+")
