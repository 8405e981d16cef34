"""Where the words of a PDF's page stand: two calls to the library a word, the rest in arrays."""

import ctypes
import re
from functools import partial
from itertools import compress, repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pypdfium2
from pypdfium2 import raw

from switchgear_documents.reading.drawn import Address, Frame
from switchgear_documents.reading.words import Box, Word

Boxes = npt.NDArray[np.float64]
"""A row of left, top, right and bottom for each."""

_MOST_WORDS_PLACED = 5000
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
"""The edges in the order in which the library writes them."""

_HIGHEST_SPACE = 0x3000
_APART = np.array(
    [code == 0 or re.match(r"\s", chr(code)) is not None for code in range(_HIGHEST_SPACE + 2)]
)
"""Which characters stand between words; the last row is that of every character beyond."""

_box_of = ctypes.cast(
    raw.FPDFText_GetLooseCharBox,
    ctypes.CFUNCTYPE(ctypes.c_int, Address, ctypes.c_int, Address),
)
"""The library's function with plain addresses: wrapping pointers takes longer than the call."""
_letter_at = ctypes.cast(
    raw.FPDFText_GetCharIndexFromTextIndex, ctypes.CFUNCTYPE(ctypes.c_int, Address, ctypes.c_int)
)

_as_box = partial(tuple.__new__, Box)
_as_word = partial(tuple.__new__, Word)
"""What makes the tuples without a function of Python's for each of them."""


class Placed(NamedTuple):
    """The words of a page with their boxes and the places of their first letters.

    `shape` is the page's width to its height.
    """

    shape: float
    words: list[Word]
    letters: list[int]
    boxes: Boxes


def place_words(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, text: str) -> Placed:
    """Return where the words are; a word reaches from its first letter's box to its last one's."""
    frame = Frame(page)
    texts, firsts, lasts = _words_in(text.replace("\ufffe", "-"))
    handle = ctypes.cast(text_page.raw, Address).value
    if len(text) != text_page.count_chars():
        firsts = list(map(_letter_at, repeat(handle), firsts))
        lasts = list(map(_letter_at, repeat(handle), lasts))
    edges, has_box = _letter_boxes(handle, firsts, lasts)
    if not has_box.all():
        edges = edges[has_box]
        texts, firsts = list(compress(texts, has_box)), list(compress(firsts, has_box))
    low, high = edges.min(axis=1), edges.max(axis=1)
    sides = frame.sides_of(low[:, _LEFT], high[:, _TOP], high[:, _RIGHT], low[:, _BOTTOM])
    boxes = map(_as_box, zip(*(side.tolist() for side in sides), strict=True))
    words = list(map(_as_word, zip(texts, boxes, repeat(1.0))))
    return Placed(frame.shape, words, firsts, np.stack(sides, axis=1))


def _words_in(text: str) -> tuple[list[str], list[int], list[int]]:
    """Return the words, and the places of their first and last letters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    is_apart = np.ones(len(codes) + 2, dtype=np.bool_)
    is_apart[1:-1] = _APART[np.minimum(codes, _HIGHEST_SPACE + 1)]
    edges = np.flatnonzero(is_apart[1:] != is_apart[:-1])[: 2 * _MOST_WORDS_PLACED]
    starts, ends = edges[::2].tolist(), edges[1::2]
    texts = [text[start:end] for start, end in zip(starts, ends.tolist(), strict=True)]
    return texts, starts, (ends - 1).tolist()


def _letter_boxes(
    handle: int | None, firsts: list[int], lasts: list[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the edges of the first and last letter of each word, and which words have a box."""
    count = len(firsts)
    edges = np.zeros((count, 2, 4), dtype=np.float32)
    start, size = edges.ctypes.data, 4 * edges.itemsize
    stop, step = start + 2 * size * count, 2 * size
    has_first = map(_box_of, repeat(handle), firsts, range(start, stop, step))
    has_box = np.fromiter(has_first, dtype=np.bool_, count=count)
    has_last = map(_box_of, repeat(handle), lasts, range(start + size, stop + size, step))
    has_no_end = ~np.fromiter(has_last, dtype=np.bool_, count=count)
    edges[has_no_end, 1] = edges[has_no_end, 0]
    return edges.astype(np.float64), has_box
