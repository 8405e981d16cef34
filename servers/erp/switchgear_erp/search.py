"""Finding records by what a person or a document calls them, typing errors included."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rapidfuzz import fuzz

from switchgear_shared.spelling import fold

Key = TypeVar("Key")

_EXACT = 100.0
_LITERAL = 95.0
_PREFIX = 92.0
_FEWEST_CHARACTERS = 3
_GOOD_ENOUGH = 78.0


def ranked(
    query: str, records: Iterable[tuple[Key, str, Sequence[str | None]]]
) -> list[tuple[Key, float]]:
    """Return the records that match `query` with their score of 100, best first.

    A record is its key, its name and the codes that identify it. Codes match whole, names by
    part; `%` and `_` mean themselves.
    """
    wanted = fold(query)
    code = _compact(wanted)
    words = _words(wanted)
    found = [
        (key, score, name)
        for key, name, codes in records
        if (score := _score(wanted, code, words, fold(name), codes)) >= _GOOD_ENOUGH
    ]
    found.sort(key=lambda match: (-match[1], match[2]))
    return [(key, score) for key, score, _ in found]


def _score(
    wanted: str, code: str, words: list[str], name: str, codes: Sequence[str | None]
) -> float:
    if not wanted:
        return 0.0
    if wanted == name or (code and any(code == _compact(fold(own)) for own in codes if own)):
        return _EXACT
    if wanted in name or any(wanted in fold(own) for own in codes if own):
        return _LITERAL
    if not words:
        return 0.0
    own_words = _words(name)
    return min(_LITERAL - 1, sum(_word_score(word, own_words) for word in words) / len(words))


def _word_score(word: str, own_words: list[str]) -> float:
    if any(own.startswith(word) for own in own_words):
        return _PREFIX
    if len(word) < _FEWEST_CHARACTERS:
        return 0.0
    return max((fuzz.ratio(word, own) for own in own_words), default=0.0)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()


def _compact(text: str) -> str:
    return "".join(c for c in text if c.isalnum())
