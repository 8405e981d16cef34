"""Where the words of a PDF's page stand: two calls to the library a word, the rest in arrays."""

import ctypes
import re
from functools import partial
from itertools import islice, repeat

import numpy as np
import numpy.typing as npt
import pypdfium2
from pypdfium2 import raw

from switchgear_documents.reading.drawn import Address, Frame
from switchgear_documents.reading.words import Box, Word

_MOST_WORDS_PLACED = 5000
_WORD = re.compile(r"[^\s\0]+")
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
"""The edges in the order in which the library writes them."""

_box_of = ctypes.cast(
    raw.FPDFText_GetLooseCharBox,
    ctypes.CFUNCTYPE(ctypes.c_int, Address, ctypes.c_int, Address),
)
"""The library's function with plain addresses: wrapping pointers takes longer than the call."""

_as_box = partial(tuple.__new__, Box)
_as_word = partial(tuple.__new__, Word)
"""What makes the tuples without a function of Python's for each of them."""


def place_words(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, text: str
) -> tuple[float, list[tuple[int, Word]]]:
    """Return the page's width to its height, and its words with the places of their first letters.

    A word reaches from its first letter's box to its last one's.
    """
    frame = Frame(page)
    found = list(islice(_WORD.finditer(text.replace("\ufffe", "-")), _MOST_WORDS_PLACED))
    spans = [(match.start(), match.end() - 1) for match in found]
    if len(text) != text_page.count_chars():
        shifted, handle = raw.FPDFText_GetCharIndexFromTextIndex, text_page.raw
        spans = [(shifted(handle, first), shifted(handle, last)) for first, last in spans]
    kept, edges = _letter_boxes(text_page, spans)
    low, high = edges.min(axis=1), edges.max(axis=1)
    sides = frame.sides_of(low[:, _LEFT], high[:, _TOP], high[:, _RIGHT], low[:, _BOTTOM])
    boxes = map(_as_box, zip(*(side.tolist() for side in sides), strict=True))
    words = map(_as_word, zip((found[place][0] for place in kept), boxes, repeat(1.0)))
    placed = list(zip((spans[place][0] for place in kept), words, strict=True))
    return frame.shape, placed


def _letter_boxes(
    text_page: pypdfium2.PdfTextPage, spans: list[tuple[int, int]]
) -> tuple[list[int], npt.NDArray[np.float64]]:
    """Return which words have a box, and the edges of the first and last letter of each."""
    handle = ctypes.cast(text_page.raw, Address).value
    edges = np.zeros((len(spans), 2, 4), dtype=np.float32)
    address, size = edges.ctypes.data, edges.strides[1]
    kept: list[int] = []
    for place, (first, last) in enumerate(spans):
        if _box_of(handle, first, address):
            kept.append(place)
            if not _box_of(handle, last, address + size):
                edges[place, 1] = edges[place, 0]
        address += 2 * size
    return kept, edges[kept].astype(np.float64)
