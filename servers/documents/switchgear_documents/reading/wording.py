"""Phrases that name a role, tried only on texts in which one of them may begin."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from switchgear_documents.reading.openings import LETTERS

Role = Literal[
    "number", "date", "due_date", "order_ref", "order_date", "confirmation", "currency", "buyer",
    "supplier", "owner", "delivery", "delivery_date", "net", "tax", "gross", "due", "prepaid",
    "deduction", "cash_discount",
]  # fmt: skip
"""What a label stands for; `owner` is whom an account belongs to, `deduction` a discount.

`cash_discount` is one for who pays early.

`confirmation` is the number of an order's, `delivery` that of a delivery note.
"""


_STARTS = re.compile(r"(?<![\w-])(?=(\S.{0,2}))")
"""The letters with which words begin: phrases begin nowhere else."""
_KEPT = 4096


class Phrases(NamedTuple):
    """Ways to name one role, of one strength, and what they may begin with."""

    role: Role
    strength: float
    pattern: re.Pattern[str]
    openings: frozenset[str]


class Wording:
    """Phrases, each tried only on texts with a word that may begin it."""

    def __init__(self, phrases: Iterable[Phrases]) -> None:
        self._phrases = tuple(phrases)
        self._at = lru_cache(_KEPT)(self._beginning)

    def in_text(self, text: str) -> Iterator[Phrases]:
        """Yield those that may be in a text in lower case, in their order."""
        places: set[int] = set()
        for word in set(_STARTS.findall(text)):
            places |= self._at(word)
        return (self._phrases[place] for place in sorted(places))

    def _beginning(self, word: str) -> frozenset[int]:
        starts = {word[:size] for size in range(LETTERS + 1)}
        return frozenset(
            place
            for place, each in enumerate(self._phrases)
            if not starts.isdisjoint(each.openings)
        )
