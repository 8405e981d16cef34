"""Which cues a text shows: one walk over its words, each tried for what may begin with it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from switchgear_documents.reading.cues import CUES
from switchgear_documents.reading.openings import LETTERS, openings

MOST_PHRASES = 6
"""More than these say nothing more."""

_WORD_STARTS = re.compile(r"(?<!\w)\S")
_ENDS = r"(?![\w-])"
_APART = re.compile(r"\(\[[^]]+\]\+ \)\{0,\d\}")
_JOINED = re.compile(r"\\w\*|\(\[[^]]+\]\+\)\?")
"""What titles may begin with: words that stand before them, or that are written on to them."""

_KEPT = 4096


class Sighting(NamedTuple):
    """What is seen of one type's cues: its title anywhere, and how many of its phrases."""

    is_titled: bool
    phrases: int


class _Cue(NamedTuple):
    order: int
    kind: int
    is_title: bool
    pattern: re.Pattern[str]


def see_cues(text: str) -> list[Sighting]:
    """Return what is seen of each type in lower-case text; equal phrases count once, at most 6."""
    titled = {kind for kind, joined in _JOINED_TITLES.items() if joined.search(text)}
    phrases: list[set[str]] = [set() for _ in CUES]
    ends = [0] * len(phrases)
    starts = [found.start() for found in _WORD_STARTS.finditer(text)]
    letters = [text[start : start + LETTERS] for start in starts]
    known = {beginning: cues for beginning in set(letters) if (cues := _cues_of(beginning))}
    for start, beginning in zip(starts, letters, strict=True):
        for _, kind, is_title, pattern in known.get(beginning, ()):
            if is_title:
                if kind not in titled and pattern.match(text, start):
                    titled.add(kind)
            elif start >= ends[kind] and len(phrases[kind]) < MOST_PHRASES:
                match = pattern.match(text, start)
                if match is not None:
                    ends[kind] = match.end()
                    phrases[kind].add(match[0])
    return [Sighting(kind in titled, len(said)) for kind, said in enumerate(phrases)]


def _by_opening() -> dict[str, list[_Cue]]:
    """Return the cues under each of their openings; of one type the longest phrases first."""
    found: dict[str, list[_Cue]] = {}
    order = count()
    for kind, cues in enumerate(CUES.values()):
        titles = [_APART.sub("", title) for title in cues.titles if not _JOINED.match(title)]
        for is_title, phrases in ((True, titles), (False, cues.support)):
            for phrase in sorted(phrases, key=len, reverse=True):
                pattern = re.compile(f"(?:{phrase}){_ENDS}")
                cue = _Cue(next(order), kind, is_title, pattern)
                for opening in openings(phrase):
                    found.setdefault(opening, []).append(cue)
    return found


def _joined_titles() -> Iterator[tuple[int, re.Pattern[str]]]:
    """Yield for each type that has them the titles that other words may be written on to."""
    for kind, cues in enumerate(CUES.values()):
        titles = [_JOINED.sub("", title) for title in cues.titles if _JOINED.match(title)]
        if titles:
            yield kind, re.compile(f"(?:{'|'.join(titles)}){_ENDS}")


_BY_OPENING = _by_opening()
_JOINED_TITLES = dict(_joined_titles())


@lru_cache(_KEPT)
def _cues_of(letters: str) -> tuple[_Cue, ...]:
    """Return the cues that may match where a word begins with these letters, in their order."""
    starts = {letters[:size] for size in range(LETTERS + 1)}
    found = {cue for start in starts for cue in _BY_OPENING.get(start, ())}
    return tuple(sorted(found, key=lambda cue: cue.order))
