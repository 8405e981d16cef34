"""Words of a PDF that nobody sees who looks at the page: meant for machines, or against them.

White on white, without ink, too small to read, beside the page or beneath something. Hidden
instructions to a model and second sets of figures are put into documents this way.
"""

import ctypes
from collections.abc import Sequence

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from switchgear_documents.reading.covered import covered_words
from switchgear_documents.reading.drawn import (
    LEAST_CONTRAST,
    Address,
    picture_of,
    text_object_of,
    tones_in,
)
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.words import Box, Word

_INVISIBLE = 3
"""The rendering mode of text without fill and stroke (ISO 32000-2, 9.3.6)."""

_PALE = 225
_OPAQUE = 32
_LEGIBLE_PT = 2.0
_FEWEST = 3
_MOST_QUOTED = 80


_rendering_mode = ctypes.cast(
    raw.FPDFTextObj_GetTextRenderMode, ctypes.CFUNCTYPE(ctypes.c_int, Address)
)
_fill_color = ctypes.cast(
    raw.FPDFText_GetFillColor,
    ctypes.CFUNCTYPE(ctypes.c_int, Address, ctypes.c_int, *4 * (Address,)),
)
"""The library's functions with plain addresses: wrapping each pointer triples what a call costs."""


class Inks:
    """What the letters of a page are drawn with; words drawn at once are asked about once."""

    def __init__(self, text_page: pypdfium2.PdfTextPage) -> None:
        self._handle = ctypes.cast(text_page.raw, Address).value
        self._color = (ctypes.c_uint * 4)()
        start = ctypes.addressof(self._color)
        self._parts = tuple(start + n * ctypes.sizeof(ctypes.c_uint) for n in range(4))
        self._drawn: int | None = None
        self._verdict = False

    def is_doubtful(self, index: int) -> bool:
        """Say whether the letter at `index` is pale, or has no ink at all."""
        drawn = text_object_of(self._handle, index)
        if drawn is None or drawn != self._drawn:
            self._drawn = drawn
            self._verdict = self._has_no_ink(drawn, index)
        return self._verdict

    def _has_no_ink(self, drawn: int | None, index: int) -> bool:
        if drawn is not None and _rendering_mode(drawn) == _INVISIBLE:
            return True
        if not _fill_color(self._handle, index, *self._parts):
            return False
        red, green, blue, alpha = self._color
        return alpha < _OPAQUE or (red >= _PALE and green >= _PALE and blue >= _PALE)


def unseen_words(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, placed: Sequence[tuple[int, Word]]
) -> tuple[str, ...]:
    """Return the words that do not show; `placed` has each with the place of its first letter.

    The page is drawn only where a word is pale or without ink: on a dark ground it does show.

    Raises TooCrowdedError where too much is drawn to tell.
    """
    is_on_its_side = page.get_rotation() in (90, 270)
    across_pt = page.get_width() if is_on_its_side else page.get_height()
    inks = Inks(text_page)
    unseen: list[int] = []
    inked: list[int] = []
    doubtful: list[int] = []
    for number, (index, word) in enumerate(placed):
        left, top, right, bottom = word.box
        high = right - left if is_on_its_side else bottom - top
        if high * across_pt < _LEGIBLE_PT or _is_outside(word.box):
            unseen.append(number)
        elif inks.is_doubtful(index):
            doubtful.append(number)
        else:
            inked.append(number)
    covered = covered_words(page, text_page, [placed[number] for number in inked])
    unseen += [inked[number] for number in covered]
    if doubtful:
        picture = picture_of(page)
        unseen += [n for n in doubtful if not _shows(picture, placed[n][1].box)]
    texts = (placed[number][1].text for number in sorted(unseen))
    return tuple(text for text in texts if any(map(str.isalnum, text)))


def check_seen(words: Sequence[str], crowded: Sequence[int] = ()) -> tuple[Check, ...]:
    """Return a failed check where words do not show, or on `crowded` pages may not.

    There is none otherwise; single words are accidents.
    """
    told: list[str] = []
    if len(words) >= _FEWEST:
        said = " ".join(words)[:_MOST_QUOTED]
        told.append(f"{len(words)} words of it are not to be seen on its pages: {said!a}")
    if crowded:
        pages = ", ".join(map(str, crowded))
        told.append(f"too much is drawn to tell which words are seen, on page {pages}")
    if not told:
        return ()
    return (Check(name="text_is_visible", passed=False, detail="; ".join(told)),)


def _is_outside(box: Box) -> bool:
    return box.right <= 0 or box.left >= 1 or box.bottom <= 0 or box.top >= 1


def _shows(picture: Image.Image, box: Box) -> bool:
    least, most = tones_in(picture, box)
    return most - least >= LEAST_CONTRAST
