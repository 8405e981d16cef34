"""Words of a PDF that nobody sees who looks at the page: meant for machines, or against them.

White on white, without ink, too small to read, beside the page or beneath something. Hidden
instructions to a model and second sets of figures are put into documents this way.
"""

import ctypes
from collections.abc import Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
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
from switchgear_documents.reading.placing import Boxes, Placed
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.words import Box

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


def unseen_words(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, placed: Placed
) -> tuple[str, ...]:
    """Return the words that do not show.

    The page is drawn only where a word is pale or without ink: on a dark ground it does show.

    Raises TooCrowdedError where too much is drawn to tell.
    """
    if not placed.words:
        return ()
    handle = ctypes.cast(text_page.raw, Address).value
    texts = list(map(text_object_of, repeat(handle), placed.letters))
    unseen = _is_lost(page, placed.boxes)
    doubtful = _is_doubtful(handle, texts, placed.letters) & ~unseen
    inked = np.flatnonzero(~(unseen | doubtful))
    unseen[inked[covered_words(page, text_page, placed, texts, inked)]] = True
    if doubtful.any():
        picture = picture_of(page)
        for number in np.flatnonzero(doubtful).tolist():
            unseen[number] = not _shows(picture, placed.words[number].box)
    said = (placed.words[number].text for number in np.flatnonzero(unseen).tolist())
    return tuple(text for text in said if any(map(str.isalnum, text)))


def _is_lost(page: pypdfium2.PdfPage, boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Say which words are too small to read, or beside the page."""
    is_on_its_side = page.get_rotation() in (90, 270)
    across_pt = page.get_width() if is_on_its_side else page.get_height()
    left, top, right, bottom = boxes.T
    high = right - left if is_on_its_side else bottom - top
    is_outside = (right <= 0) | (left >= 1) | (bottom <= 0) | (top >= 1)
    return (high * across_pt < _LEGIBLE_PT) | is_outside


def _is_doubtful(
    handle: int | None, texts: list[int | None], letters: list[int]
) -> npt.NDArray[np.bool_]:
    """Say which words are pale or have no ink; what is drawn at once is asked about once."""
    one_of = dict(zip(reversed(texts), reversed(letters), strict=True))
    one_of.pop(None, None)
    drawn, places = list(one_of), list(one_of.values())
    has_no_ink = _is_pale(handle, places)
    modes = np.fromiter(map(_rendering_mode, drawn), dtype=np.intc, count=len(drawn))
    has_no_ink |= modes == _INVISIBLE
    if None in texts:
        alone = [place for text, place in zip(texts, letters, strict=True) if text is None]
        pale = iter(_is_pale(handle, alone).tolist())
    elif not has_no_ink.any():
        return np.zeros(len(texts), dtype=np.bool_)
    else:
        pale = iter(())
    verdicts = dict(zip(drawn, has_no_ink.tolist(), strict=True))
    said = (next(pale) if text is None else verdicts[text] for text in texts)
    return np.fromiter(said, dtype=np.bool_, count=len(texts))


def _is_pale(handle: int | None, letters: list[int]) -> npt.NDArray[np.bool_]:
    """Say which letters are filled nearly white, or hardly."""
    colors = np.zeros((len(letters), 4), dtype=np.uintc)
    start, size = colors.ctypes.data, colors.itemsize
    parts = (
        range(start + part * size, start + part * size + colors.nbytes, 4 * size)
        for part in range(4)
    )
    is_filled = np.fromiter(
        map(_fill_color, repeat(handle), letters, *parts), dtype=np.bool_, count=len(letters)
    )
    is_white = (colors[:, :3] >= _PALE).all(axis=1)
    return is_filled & (is_white | (colors[:, 3] < _OPAQUE))


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


def _shows(picture: Image.Image, box: Box) -> bool:
    least, most = tones_in(picture, box)
    return most - least >= LEAST_CONTRAST
