"""What a page of a PDF draws, in the order of drawing, and the page as a picture of itself."""

import ctypes
import math
from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from switchgear_documents.reading.words import Box

Address = ctypes.c_void_p
"""A plain address: wrapping pointers takes longer than the library's call."""

MOST_PIXELS = 10_000_000
"""A page as large as an A0 drawing is drawn with a pixel to the point, a larger one with fewer."""

_count_objects = raw.FPDFPage_CountObjects
_object_at = ctypes.cast(raw.FPDFPage_GetObject, ctypes.CFUNCTYPE(Address, Address, ctypes.c_int))
_inner_count = ctypes.cast(raw.FPDFFormObj_CountObjects, ctypes.CFUNCTYPE(ctypes.c_int, Address))
_inner_at = ctypes.cast(
    raw.FPDFFormObj_GetObject, ctypes.CFUNCTYPE(Address, Address, ctypes.c_ulong)
)
_type_of = ctypes.cast(raw.FPDFPageObj_GetType, ctypes.CFUNCTYPE(ctypes.c_int, Address))
_bounds = ctypes.cast(raw.FPDFPageObj_GetBounds, ctypes.CFUNCTYPE(ctypes.c_int, *5 * (Address,)))
_matrix = ctypes.cast(raw.FPDFPageObj_GetMatrix, ctypes.CFUNCTYPE(ctypes.c_int, *2 * (Address,)))
_is_transparent = ctypes.cast(
    raw.FPDFPageObj_HasTransparency, ctypes.CFUNCTYPE(ctypes.c_int, Address)
)
_draw_mode = ctypes.cast(raw.FPDFPath_GetDrawMode, ctypes.CFUNCTYPE(ctypes.c_int, *3 * (Address,)))

text_object_of = ctypes.cast(
    raw.FPDFText_GetTextObject, ctypes.CFUNCTYPE(Address, Address, ctypes.c_int)
)
"""Which object a letter is part of: the text page's address and the letter's place on it."""

LEAST_CONTRAST = 16
"""By how much tones must differ for anything to be seen among them."""
_LEAST_SIDE_PT = 4.0
_COVERS = {
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_SHADING,
    raw.FPDF_PAGEOBJ_FORM,
}

_N = TypeVar("_N", float, npt.NDArray[np.float64])
_Matrix = tuple[float, float, float, float, float, float]


class Drawing(NamedTuple):
    """The objects of a page by their places in it.

    `matrices` put what lies within forms onto the page; what lies on the page itself has none.
    """

    addresses: list[int]
    kinds: list[int]
    matrices: dict[int, _Matrix]

    def of_kind(self, kind: int) -> Iterator[int]:
        """Yield the places of the objects of a kind."""
        return (place for place, each in enumerate(self.kinds) if each == kind)


class Frame:
    """The page as it is shown: PDF counts from the bottom left and before the page is turned.

    `shape` is its width to its height.
    """

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._left, bottom, right, self._top = page.get_bbox()
        self._width = max(right - self._left, 1.0)
        self._height = max(self._top - bottom, 1.0)
        self._turns = page.get_rotation() // 90 % 4
        is_on_its_side = self._turns % 2
        self.shape = self._height / self._width if is_on_its_side else self._width / self._height
        self._edges = (ctypes.c_float * 4)()
        start = ctypes.addressof(self._edges)
        self._parts = tuple(start + n * ctypes.sizeof(ctypes.c_float) for n in range(4))

    def box_of(self, drawing: Drawing, place: int, *, least: float = 0.0) -> Box | None:
        """Return where an object is, None where a side is shorter than `least` points."""
        if not _bounds(drawing.addresses[place], *self._parts):
            return None
        left, bottom, right, top = self._edges
        matrix = drawing.matrices.get(place)
        if matrix is not None:
            left, bottom, right, top = _moved(matrix, left, bottom, right, top)
        if right - left < least or top - bottom < least:
            return None
        return Box(*self.sides_of(left, top, right, bottom))

    def sides_of(self, left: _N, top: _N, right: _N, bottom: _N) -> tuple[_N, _N, _N, _N]:
        """Return edges in points as fractions from the top left; of many at once as arrays."""
        sides = (
            (left - self._left) / self._width,
            (self._top - top) / self._height,
            (right - self._left) / self._width,
            (self._top - bottom) / self._height,
        )
        for _ in range(self._turns):
            sides = (1 - sides[3], sides[0], 1 - sides[1], sides[2])
        return sides


def drawing_of(page: pypdfium2.PdfPage) -> Drawing:
    """Return what the page draws; a form comes before what lies within it."""
    handle = ctypes.cast(page.raw, Address).value or 0
    count = int(_count_objects(page.raw))
    found = list(map(_object_at, repeat(handle, count), range(count)))
    kinds = list(map(_type_of, found))
    if raw.FPDF_PAGEOBJ_FORM not in kinds:
        return Drawing(found, kinds, {})
    drawing = Drawing([], [], {})
    for address, kind in zip(found, kinds, strict=True):
        drawing.addresses.append(address)
        drawing.kinds.append(kind)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            _add_within(drawing, address, None)
    return drawing


def covers_of(frame: Frame, drawing: Drawing, first: int) -> Iterator[tuple[int, Box]]:
    """Yield what is large enough to hide a word, from the place `first` on: its place, its box."""
    mode = (ctypes.c_int * 2)()
    modes = (ctypes.addressof(mode), ctypes.addressof(mode) + ctypes.sizeof(ctypes.c_int))
    for place, kind in enumerate(drawing.kinds[first:], start=first):
        if kind not in _COVERS:
            continue
        box = frame.box_of(drawing, place, least=_LEAST_SIDE_PT)
        if box is None:
            continue
        address = drawing.addresses[place]
        is_path = kind == raw.FPDF_PAGEOBJ_PATH
        if is_path and _draw_mode(address, *modes) and not mode[0]:
            continue
        if kind == raw.FPDF_PAGEOBJ_FORM or not _is_transparent(address):
            yield place, box


def picture_of(page: pypdfium2.PdfPage) -> Image.Image:
    """Return the page in grey, a pixel to the point or fewer."""
    width, height = page.get_size()
    scale = min(1.0, math.sqrt(MOST_PIXELS / max(width * height, 1.0)))
    return page.render(scale=scale, grayscale=True).to_pil()  # type: ignore[arg-type]


def tones_in(picture: Image.Image, box: Box) -> tuple[int, int]:
    """Return the least and greatest tone within the box; the same where it is off the page."""
    width, height = picture.size
    left, top = max(int(box.left * width), 0), max(int(box.top * height), 0)
    right = min(int(box.right * width) + 1, width)
    bottom = min(int(box.bottom * height) + 1, height)
    if right <= left or bottom <= top:
        return 0, 0
    least, most = picture.crop((left, top, right, bottom)).getextrema()
    return int(least), int(most)  # type: ignore[arg-type]


def _add_within(drawing: Drawing, form: int, outer: _Matrix | None) -> None:
    """Add what lies within a form, however deep: the library bounds that itself."""
    matrix = _matrix_of(form, outer)
    for number in range(_inner_count(form)):
        inner = _inner_at(form, number)
        kind = _type_of(inner)
        if matrix is not None:
            drawing.matrices[len(drawing.addresses)] = matrix
        drawing.addresses.append(inner)
        drawing.kinds.append(kind)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            _add_within(drawing, inner, matrix)


def _matrix_of(form: int, outer: _Matrix | None) -> _Matrix | None:
    own = raw.FS_MATRIX()
    if not _matrix(form, ctypes.addressof(own)):
        return outer
    if outer is None:
        return own.a, own.b, own.c, own.d, own.e, own.f
    a, b, c, d, e, f = outer
    return (
        own.a * a + own.b * c,
        own.a * b + own.b * d,
        own.c * a + own.d * c,
        own.c * b + own.d * d,
        own.e * a + own.f * c + e,
        own.e * b + own.f * d + f,
    )


def _moved(
    matrix: _Matrix, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    a, b, c, d, e, f = matrix
    corners = ((left, bottom), (left, top), (right, bottom), (right, top))
    across = [a * x + c * y + e for x, y in corners]
    up = [b * x + d * y + f for x, y in corners]
    return min(across), min(up), max(across), max(up)
