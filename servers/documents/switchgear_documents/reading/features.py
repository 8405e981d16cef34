"""What the classifier sees of a text: hashed words and letters, cues, the look of the page."""

import re
import zlib
from typing import NamedTuple

import numpy as np

from switchgear_documents.reading.cues import CUES
from switchgear_documents.reading.sightings import see_cues
from switchgear_documents.reading.vocabulary import BITS, Buckets, Hashes, Numbers

_READ_CHARS = 12_000
_HEAD_LINES = 25
_TITLE_WORDS = 8
_RUN = 4
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(1_000_003)
_SPACED = re.compile(r"\b(?:[^\W\d_] ){4,}[^\W\d_]\b")
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"\w+|[€$£%@#☐☒]")
_AMOUNT = re.compile(r"\d[.,]\d\d\b")
_FIRST_PERSON = re.compile(
    r"\b(?:i|my|me|ich|mir|mein\w*|je|j|mon|ma|mes|mi|mis|yo|io|mio|mia|ik|mijn)\b"
)
_SENTENCE = re.compile(r"[a-zà-ÿ]{3}[.!?](?:\s|$)")
_BLANK = re.compile(r"_{4,}|\.{6,}|☐|☒|\[ ?x?\]|\( ?x?\)")


class Features(NamedTuple):
    """The hashes of all words and all runs of letters, and a row of few plain numbers.

    A hash says nothing of what was hashed: many words share each of the 262,144.
    """

    words: Buckets
    letters: Buckets
    plain: Numbers


def _either(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(longest_first)})(?![\w-])")


_TITLES = tuple(_either(cues.titles) for cues in CUES.values())


def features(text: str) -> Features:
    """Return what is seen of the first 12,000 characters; an empty text has none."""
    text = _SPACED.sub(_close_up, text[:_READ_CHARS].lower())
    flat = _DIGIT.sub("0", _SPACE.sub(" ", text)).strip()
    return Features(_words(flat), _letters(flat), np.array([*_cues(text), *_shape(text)]))


def _close_up(spaced: re.Match[str]) -> str:
    """Turn the `I N V O I C E` of a letterhead into a word."""
    return spaced[0].replace(" ", "")


def _bucket(hashes: Hashes) -> Buckets:
    return ((hashes * _MIX) >> np.uint64(64 - BITS)).astype(np.int64)


def _words(flat: str) -> Buckets:
    """Hash words and pairs of words that follow one another."""
    found = [zlib.crc32(word.encode()) for word in _WORD.findall(flat)]
    single = np.array(found, dtype=np.uint64)
    pairs = single[:-1] * _STEP + single[1:] + np.uint64(1)
    return _bucket(np.concatenate([single, pairs]))


def _letters(flat: str) -> Buckets:
    """Hash runs of four characters, spaces among them."""
    codes = np.frombuffer(f" {flat} ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    count = max(len(codes) - _RUN + 1, 0)
    runs = np.zeros(count, dtype=np.uint64)
    for place in range(_RUN):
        runs = runs * _STEP + codes[place : place + count]
    return _bucket(runs)


def _cues(text: str) -> list[float]:
    """Return for each type: its title at the top, how early; its title anywhere; its phrases."""
    lines = [line.strip(" #*\t|:") for line in text.splitlines()]
    head = [line for line in lines if line][:_HEAD_LINES]
    short = [(place, line) for place, line in enumerate(head) if len(line.split()) <= _TITLE_WORDS]
    seen: list[float] = []
    for titles, (is_titled, phrases) in zip(_TITLES, see_cues(text), strict=True):
        at = next((place for place, line in short if titles.match(line)), None)
        seen += (
            0.0 if at is None else 1.0,
            0.0 if at is None else 1.0 - at / _HEAD_LINES,
            float(is_titled),
            phrases / 3,
            float(phrases > 0),
        )
    return seen


def _shape(text: str) -> list[float]:
    """Return how the page looks, whatever its language: each number lies between 0 and 1."""
    lines = [line for line in (line.strip() for line in text.splitlines()) if line]
    size = max(len(text), 1)
    count = max(len(lines), 1)
    digits = sum(map(text.count, "0123456789")) + sum(map(str.isdigit, _NOT_ASCII.findall(text)))

    def capped(share: float) -> float:
        return min(share, 1.0)

    return [
        digits / size,
        capped(len(text) / _READ_CHARS),
        capped(np.log1p(len(text)) / 10),
        capped(size / count / 100),
        sum(1 for line in lines if _AMOUNT.search(line)) / count,
        capped(len(_FIRST_PERSON.findall(text)) / size * 50),
        capped(len(_SENTENCE.findall(text)) / size * 100),
        capped(len(_BLANK.findall(text)) / count),
        sum(1 for line in lines if line.endswith(":")) / count,
        sum(1 for line in lines if line[0] in "-•*>") / count,
        capped(text.count("@") / 3),
        float("@" in text),
    ]
