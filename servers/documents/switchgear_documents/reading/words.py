"""A page as words in places: what every layout-aware reader works on, whoever found the words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, zip_longest
from statistics import median
from typing import NamedTuple

BLANK_LETTERS = 6
"""With more letters a page is not blank."""

_SAME_LINE = 0.5
_GAP = 1.3
_LEAST_UPRIGHT = 4
_UPRIGHT = 1.8
_MOST_WORDS = 20_000
_PAGE_CHARS = 160
"""What runs on beyond is a paragraph that nobody broke; columns are told in what is before."""
_WIDEST, _APART = 400, 4


class Box(NamedTuple):
    """A place on a page in fractions of its width and height, from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """How much of the page's height it takes."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """How much of the page's width it takes."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """The height on the page at which its middle lies."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """How far from the left its middle lies."""
        return (self.left + self.right) / 2


class Word(NamedTuple):
    """A run of characters without a gap; `confidence` is 1 where nobody had to guess."""

    text: str
    box: Box
    confidence: float = 1.0


class Cell:
    """Words of one line with no wide gap between them, such as a label or a table's cell.

    `text` is its words, one space apart. Cells are many, and asked for their text and box again
    and again: both are plain attributes once they are known.
    """

    __slots__ = ("_box", "line", "page", "text", "words")

    def __init__(self, words: tuple[Word, ...], page: int, line: int) -> None:
        self.words = words
        self.page = page
        self.line = line
        self.text = words[0][0] if len(words) == 1 else " ".join([word[0] for word in words])
        self._box: Box | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Cell)
            and (self.line, self.page, self.words) == (other.line, other.page, other.words)
        )

    def __hash__(self) -> int:
        return hash((self.line, self.page, self.words))

    @property
    def box(self) -> Box:
        """The smallest box that holds its words."""
        if self._box is None:
            self._box = (
                self.words[0].box
                if len(self.words) == 1
                else around([word.box for word in self.words])
            )
        return self._box

    @property
    def confidence(self) -> float:
        """How sure the least sure word is."""
        return min(word.confidence for word in self.words)

    def part(self, start: int, end: int) -> "Cell":
        """Return the words that the characters from `start` to `end` of the text belong to."""
        kept: list[Word] = []
        position = 0
        for word in self.words:
            if position < end and position + len(word.text) > start:
                kept.append(word)
            position += len(word.text) + 1
        return Cell(tuple(kept) or self.words, self.page, self.line)


@dataclass(frozen=True)
class Page:
    """One page; `aspect` is its width divided by its height.

    `is_drawn_on` where more than its words shows: a picture or lines that are not nearly white.
    """

    number: int
    words: tuple[Word, ...]
    aspect: float = 0.707
    is_drawn_on: bool = False

    @cached_property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """Lines from top to bottom, each as its cells from left to right."""
        return tuple(
            tuple(Cell(tuple(words), self.number, number) for words in _cells(line, self.aspect))
            for number, line in enumerate(_lines(self.words, self.aspect), start=1)
        )

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, line by line."""
        return tuple(cell for line in self.lines for cell in line)

    @cached_property
    def text(self) -> str:
        """The text line by line, wide gaps kept as wide."""
        return "\n".join("   ".join(cell.text for cell in line) for line in self.lines)

    @cached_property
    def line_height(self) -> float:
        """The height of a usual word."""
        return median(word.box.height for word in self.words) if self.words else 0.0


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds all."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def pages_of_text(texts: Sequence[str]) -> tuple[Page, ...]:
    """Return pages for text without places, set in letters of one width."""
    return tuple(_page_of_text(number, text) for number, text in enumerate(texts, start=1))


def _page_of_text(number: int, text: str) -> Page:
    lines = list(_in_columns(text.splitlines()))
    width = min(max((len(line) for line in lines), default=1), _PAGE_CHARS) or 1
    height = max(len(lines), 1)
    words: list[Word] = []
    for row, line in enumerate(lines):
        for match in re.finditer(r"\S+", line):
            box = Box(
                match.start() / width, row / height, match.end() / width, (row + 0.9) / height
            )
            words.append(Word(match[0], box))
        if len(words) > _MOST_WORDS:
            break
    return Page(number, tuple(words), aspect=width / (2 * height))


def _in_columns(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines with tabs as wide gaps; those that follow one another share columns."""
    for is_tabbed, run in groupby(lines, key=lambda line: "\t" in line):
        if not is_tabbed:
            yield from run
            continue
        rows = [[cell.strip()[:_WIDEST] for cell in line.split("\t")] for line in run]
        widths = [max(map(len, column)) + _APART for column in zip_longest(*rows, fillvalue="")]
        for row in rows:
            cells = zip(row, widths, strict=False)
            yield "".join(f"{cell:<{width}}" for cell, width in cells).rstrip()


def _lines(words: Iterable[Word], aspect: float) -> list[list[Word]]:
    """Put words that overlap in height into one line; text that runs up the page stands apart."""
    lines: list[list[Word]] = []
    upright: list[list[Word]] = []
    for word in sorted(words, key=_twice_the_middle):
        left, top, right, bottom = word.box
        high = bottom - top
        if high > (right - left) * aspect * _UPRIGHT and len(word.text) >= _LEAST_UPRIGHT:
            upright.append([word])
            continue
        for line in lines[:-4:-1]:
            _, other_top, _, other_bottom = line[-1].box
            shared = min(other_bottom, bottom) - max(other_top, top)
            if shared > _SAME_LINE * min(other_bottom - other_top, high):
                line.append(word)
                break
        else:
            lines.append([word])
    for line in lines:
        line.sort(key=_left)
    return lines + upright


def _twice_the_middle(word: Word) -> float:
    return word.box[1] + word.box[3]


def _left(word: Word) -> float:
    return word.box[0]


def _cells(line: list[Word], aspect: float) -> list[list[Word]]:
    cells = [[line[0]]]
    _, top, end, bottom = line[0].box
    high = bottom - top
    for word in line[1:]:
        left, top, right, bottom = word.box
        before, high = high, bottom - top
        if left - end > _GAP * (min(before, high) / aspect):
            cells.append([word])
        else:
            cells[-1].append(word)
        end = right
    return cells
