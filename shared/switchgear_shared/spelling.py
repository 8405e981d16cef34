"""How a written name is folded to find it by, and how close two spellings are."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from rapidfuzz import fuzz, process

CLOSE_ENOUGH = 78.0
"""The least `closeness` that a search shows."""

_SHORTEST_GUESS = 4
_PART = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return `text` without case, accents and doubled spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(plain.split())


def closeness(wanted: Sequence[str], text: str) -> float:
    """Return from 0 to 100 how well folded `text` has all the folded words `wanted`.

    The worst word counts; words of up to three characters must stand as they are.
    """
    own = {*text.split(), *_PART.findall(text)}
    return min((_closest(word, text, own) for word in wanted), default=0.0)


def _closest(word: str, text: str, own: Collection[str]) -> float:
    if word in text:
        return 100.0
    if len(word) < _SHORTEST_GUESS:
        return 0.0
    best = process.extract(word, own, scorer=fuzz.ratio, limit=1)
    return best[0][1] if best else 0.0
