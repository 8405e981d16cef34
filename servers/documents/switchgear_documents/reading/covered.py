"""Words of a PDF's page that something drawn later hides: a picture, a painted area."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pypdfium2
from PIL import ImageChops
from pypdfium2 import raw

from switchgear_documents.reading.drawn import (
    LEAST_CONTRAST,
    Address,
    Drawing,
    Frame,
    covers_of,
    drawing_of,
    picture_of,
    text_object_of,
    tones_in,
)
from switchgear_documents.reading.placing import Boxes, Placed
from switchgear_documents.reading.words import Box, Word

MOST_PAIRS = 16_000_000
"""How many pairs are compared on one page, of a word and what may hide it or draw it again."""

_unicode = ctypes.cast(
    raw.FPDFText_GetUnicode, ctypes.CFUNCTYPE(ctypes.c_uint, Address, ctypes.c_int)
)
_set_active = ctypes.cast(
    raw.FPDFPageObj_SetIsActive, ctypes.CFUNCTYPE(ctypes.c_int, Address, ctypes.c_int)
)

_MOSTLY = 0.6
_NO_AREA = 1e-12
_WHOLE_PAGE = 0.7
_LEAST_DIFFERENCE = 8
_PAIRS_AT_ONCE = 1_000_000

Numbers = npt.NDArray[np.int64]


class TooCrowdedError(Exception):
    """So much is drawn on the page that telling what hides what would take too long."""


class _Beneath(NamedTuple):
    """A word that something may hide: the last such thing, and whether one is the whole page."""

    text: int
    last: int
    is_in_scan: bool


def covered_words(
    page: pypdfium2.PdfPage,
    text_page: pypdfium2.PdfTextPage,
    placed: Placed,
    texts: Sequence[int | None],
    inked: Numbers,
) -> list[int]:
    """Return which of the `inked` words something hides that is drawn after them.

    `texts` are the objects that the words are part of. Only where something may hide words the
    page is drawn, once with them and once without: what makes no difference is not to be seen. A
    word that is drawn again on top is, and so are the words beneath a picture of the whole page:
    they are what was recognised in it.

    Raises TooCrowdedError beyond `MOST_PAIRS`.
    """
    if not len(inked):
        return []
    drawing = drawing_of(page)
    first = next(drawing.of_kind(raw.FPDF_PAGEOBJ_TEXT), len(drawing.kinds)) + 1
    frame = Frame(page)
    covers = list(covers_of(frame, drawing, first))
    if not covers:
        return []
    _check_pairs(len(covers), len(inked))
    numbers = inked.tolist()
    words = [placed.words[number] for number in numbers]
    drawn_by = [int(texts[number] or 0) for number in numbers]
    beneath = _beneath(placed.boxes[inked], drawn_by, drawing, covers)
    hidden = _hidden(page, words, beneath)
    if not hidden:
        return []
    again = _drawn_again(frame, text_page, drawing, words, hidden, beneath)
    return [number for number in hidden if number not in again]


def _check_pairs(some: int, others: int) -> None:
    if some * others > MOST_PAIRS:
        raise TooCrowdedError


def _beneath(
    words: Boxes,
    texts: Sequence[int],
    drawing: Drawing,
    covers: Sequence[tuple[int, Box]],
) -> dict[int, _Beneath]:
    """Return the words of which most lies within a cover that is drawn after them."""
    order = dict(zip(drawing.addresses, range(len(drawing.addresses)), strict=True))
    places = np.array([order.get(text, len(order)) for text in texts])
    boxes, at = np.array([box for _, box in covers]), np.array([place for place, _ in covers])
    is_whole = _mostly(np.array([[0.0, 0.0, 1.0, 1.0]]), boxes, least=_WHOLE_PAGE)[:, 0]
    last: Numbers = np.full(len(words), -1)
    is_in_scan = np.zeros(len(words), dtype=bool)
    step = max(_PAIRS_AT_ONCE // len(words), 1)
    for start in range(0, len(covers), step):
        some = slice(start, start + step)
        is_under = _mostly(words, boxes[some]) & (at[some, None] > places)
        last = np.maximum(last, np.where(is_under, at[some, None], -1).max(axis=0))
        is_in_scan |= (is_under & is_whole[some, None]).any(axis=0)
    return {
        number: _Beneath(texts[number], int(last[number]), bool(is_in_scan[number]))
        for number in np.flatnonzero(last >= 0).tolist()
    }


def _mostly(boxes: Boxes, covers: Boxes, *, least: float = _MOSTLY) -> npt.NDArray[np.bool_]:
    """Say for each cover, and each box, whether that much of the box lies within the cover."""
    left, top, right, bottom = boxes.T
    c_left, c_top, c_right, c_bottom = covers.T[:, :, None]
    across = np.maximum(np.minimum(right, c_right) - np.maximum(left, c_left), 0)
    across *= np.maximum(np.minimum(bottom, c_bottom) - np.maximum(top, c_top), 0)
    return across >= least * np.maximum((right - left) * (bottom - top), _NO_AREA)


def _hidden(
    page: pypdfium2.PdfPage, words: Sequence[Word], beneath: dict[int, _Beneath]
) -> dict[int, bool]:
    """Return the words whose absence changes nothing, and whether anything shows there."""
    if not beneath:
        return {}
    drawn = picture_of(page)
    texts = {each.text for each in beneath.values()}
    for text in texts:
        _set_active(text, 0)
    bare = picture_of(page)
    for text in texts:
        _set_active(text, 1)
    difference = ImageChops.difference(drawn, bare)
    hidden: dict[int, bool] = {}
    for number, each in beneath.items():
        box = words[number].box
        if tones_in(difference, box)[1] >= _LEAST_DIFFERENCE:
            continue
        least, most = tones_in(drawn, box)
        shows = most - least >= LEAST_CONTRAST
        if not (each.is_in_scan and shows):
            hidden[number] = shows
    return hidden


def _drawn_again(
    frame: Frame,
    text_page: pypdfium2.PdfTextPage,
    drawing: Drawing,
    words: Sequence[Word],
    hidden: dict[int, bool],
    beneath: dict[int, _Beneath],
) -> set[int]:
    """Return the words that a text says, in the same place, after all that may hide them."""
    first = min(beneath[number].last for number in hidden)
    later = [
        (place, frame.box_of(drawing, place), drawing.addresses[place])
        for place in drawing.of_kind(raw.FPDF_PAGEOBJ_TEXT)
        if place > first
    ]
    texts = [(place, box, address) for place, box, address in later if box is not None]
    if not texts:
        return set()
    _check_pairs(len(texts), len(hidden))
    said = _said(text_page)
    boxes = np.array([box for _, box, _ in texts])
    places = np.array([place for place, _, _ in texts])
    again: set[int] = set()
    for number, shows in hidden.items():
        word = words[number]
        box = np.array([word.box])
        is_there = _mostly(box, boxes)[:, 0] | _mostly(boxes, box)[0]
        is_there &= places > beneath[number].last
        for n in np.flatnonzero(is_there).tolist():
            text = said.get(texts[n][2], "")
            if word.text in text if text else shows:
                again.add(number)
                break
    return again


def _said(text_page: pypdfium2.PdfTextPage) -> dict[int, str]:
    """Return what each text says: those are missing that the library has already."""
    handle = ctypes.cast(text_page.raw, Address).value
    letters: dict[int, list[str]] = {}
    for index in range(text_page.count_chars()):
        if text := text_object_of(handle, index):
            letters.setdefault(text, []).append(chr(_unicode(handle, index)))
    return {text: "".join(each) for text, each in letters.items()}
