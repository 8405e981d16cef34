"""The type of a document by its words, with a confidence that was measured."""

import math
import re
from dataclasses import dataclass

from switchgear_documents.reading.cues import CUES, Cues
from switchgear_documents.reading.reading import DocumentType

CLASSIFIER = "cues/1"

_HEAD_LINES = 25
_TITLE_WORDS = 8
_READ_CHARS = 20_000
_TITLE = 3.0
_TITLE_LATER = 0.15
_NAMED = 1.0
_SUPPORT = 0.8
_MOST_SUPPORT = 6
_OTHER = 1.2
_TEMPERATURE = 0.65
_SURE_AT_MOST = 0.97
_NO_CUE = 0.25


_SPACED = re.compile(r"\b(?:[^\W\d_] ){4,}[^\W\d_]\b")


@dataclass(frozen=True)
class Verdict:
    """The likeliest type, and how often such a verdict is right."""

    document_type: DocumentType
    confidence: float


@dataclass(frozen=True)
class _Patterns:
    titles: re.Pattern[str]
    support: re.Pattern[str]


def _compile(cues: Cues) -> _Patterns:
    def either(phrases: tuple[str, ...]) -> re.Pattern[str]:
        longest_first = sorted(phrases, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?![\w-])")

    return _Patterns(titles=either(cues.titles), support=either(cues.support))


_PATTERNS: dict[DocumentType, _Patterns] = {
    document_type: _compile(cues) for document_type, cues in CUES.items()
}


def classify(text: str) -> Verdict:
    """Return the likeliest type; `other` with low confidence where no cue is found."""
    text = _SPACED.sub(_close_up, text[:_READ_CHARS].lower())
    scores: dict[DocumentType, float] = {
        kind: _score(text, patterns) for kind, patterns in _PATTERNS.items()
    }
    if not any(scores.values()):
        return Verdict("other", _NO_CUE)
    scores["other"] = _OTHER
    best = max(scores, key=lambda kind: scores[kind])
    weights = sum(math.exp((score - scores[best]) / _TEMPERATURE) for score in scores.values())
    return Verdict(best, round(min(1 / weights, _SURE_AT_MOST), 4))


def _close_up(spaced: re.Match[str]) -> str:
    """Turn the `I N V O I C E` of a letterhead into a word."""
    return spaced[0].replace(" ", "")


def _score(text: str, patterns: _Patterns) -> float:
    """Score a type: its name as a title, its name anywhere, and the words that go with it."""
    score = 0.0
    lines = [line.strip(" #*\t|:") for line in text.splitlines()]
    head = [line for line in lines if line][:_HEAD_LINES]
    for position, line in enumerate(head):
        if len(line.split()) <= _TITLE_WORDS and patterns.titles.match(line):
            score += max(_TITLE - position * _TITLE_LATER, _NAMED)
            break
    if patterns.titles.search(text):
        score += _NAMED
    support = {match[0] for match in patterns.support.finditer(text)}
    return score + _SUPPORT * min(len(support), _MOST_SUPPORT)
