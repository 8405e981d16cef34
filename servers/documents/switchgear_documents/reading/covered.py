"""Words of a PDF's page that something drawn later hides: a picture, a painted area."""

import ctypes
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pypdfium2
from PIL import Image, ImageChops
from pypdfium2 import raw

from switchgear_documents.reading.words import Box, Word

_Address = ctypes.c_void_p
_count_objects = raw.FPDFPage_CountObjects
_object_at = ctypes.cast(raw.FPDFPage_GetObject, ctypes.CFUNCTYPE(_Address, _Address, ctypes.c_int))
_inner_count = ctypes.cast(raw.FPDFFormObj_CountObjects, ctypes.CFUNCTYPE(ctypes.c_int, _Address))
_inner_at = ctypes.cast(
    raw.FPDFFormObj_GetObject, ctypes.CFUNCTYPE(_Address, _Address, ctypes.c_ulong)
)
_type_of = ctypes.cast(raw.FPDFPageObj_GetType, ctypes.CFUNCTYPE(ctypes.c_int, _Address))
_text_object = ctypes.cast(
    raw.FPDFText_GetTextObject, ctypes.CFUNCTYPE(_Address, _Address, ctypes.c_int)
)
_bounds = ctypes.cast(raw.FPDFPageObj_GetBounds, ctypes.CFUNCTYPE(ctypes.c_int, *5 * (_Address,)))
_is_transparent = ctypes.cast(
    raw.FPDFPageObj_HasTransparency, ctypes.CFUNCTYPE(ctypes.c_int, _Address)
)
_draw_mode = ctypes.cast(raw.FPDFPath_GetDrawMode, ctypes.CFUNCTYPE(ctypes.c_int, *3 * (_Address,)))
_set_active = ctypes.cast(
    raw.FPDFPageObj_SetIsActive, ctypes.CFUNCTYPE(ctypes.c_int, _Address, ctypes.c_int)
)
"""The library's functions with plain addresses: wrapping pointers takes longer than the call."""

_DEEPEST = 3
_LEAST_SIDE_PT = 4.0
_MOSTLY = 0.6
_NO_AREA = 1e-12
_WHOLE_PAGE = 0.7
_LEAST_DIFFERENCE = 8
_LEAST_CONTRAST = 16
_MOST_COVERS = 500
_LONGEST = 4096
_COVERS = {
    raw.FPDF_PAGEOBJ_PATH,
    raw.FPDF_PAGEOBJ_IMAGE,
    raw.FPDF_PAGEOBJ_SHADING,
    raw.FPDF_PAGEOBJ_FORM,
}
_HOLDERS = {raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM}

Placed = tuple[int, Word]
Cover = tuple[int, Box]
"""What may hide words: its place in the order of drawing, and where it is."""


class _Frame:
    """The page as it is shown, onto which the bounds of objects are put as words have theirs."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._left, bottom, right, self._top = page.get_bbox()
        self._width = max(right - self._left, 1.0)
        self._height = max(self._top - bottom, 1.0)
        self._turns = page.get_rotation() // 90 % 4
        self._edges = (ctypes.c_float * 4)()
        start = ctypes.addressof(self._edges)
        self._parts = tuple(start + n * ctypes.sizeof(ctypes.c_float) for n in range(4))

    def box_of(self, found: int, *, least: float = 0.0) -> Box | None:
        """Return where an object is, None where a side is shorter than `least` points."""
        if not _bounds(found, *self._parts):
            return None
        left, bottom, right, top = self._edges
        if right - left < least or top - bottom < least:
            return None
        sides = (
            (left - self._left) / self._width,
            (self._top - top) / self._height,
            (right - self._left) / self._width,
            (self._top - bottom) / self._height,
        )
        for _ in range(self._turns):
            sides = (1 - sides[3], sides[0], 1 - sides[1], sides[2])
        return Box(*sides)


def covered_words(
    page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage, placed: Sequence[Placed]
) -> list[int]:
    """Return the numbers of the words that something hides which is drawn after them.

    Only where something may hide words the page is drawn, once with them and once without: what
    makes no difference is not to be seen. A word that is drawn again on top is, and so are the
    words beneath a picture of the whole page: they are what was recognised in it.
    """
    handle = ctypes.cast(page.raw, _Address).value or 0
    count = int(_count_objects(page.raw))
    objects = list(map(_object_at, repeat(handle, count), range(count)))
    types = list(map(_type_of, objects))
    first = next((n for n, each in enumerate(types) if each in _HOLDERS), len(types))
    after = [n for n in range(first + 1, len(types)) if types[n] in _COVERS]
    if not after or not placed:
        return []
    frame = _Frame(page)
    covers = sorted(_covers(frame, objects, types, after), key=_area, reverse=True)[:_MOST_COVERS]
    if not covers:
        return []
    near = _near(np.array([word.box for _, word in placed]), covers)
    if not near:
        return []
    order = _order(objects, types)
    text = ctypes.cast(text_page.raw, _Address).value
    beneath: dict[int, int] = {}
    for number in near:
        index, word = placed[number]
        drawn: int = _text_object(text, index) or 0
        if _is_under(word.box, order.get(drawn, count), covers):
            beneath[number] = drawn
    hidden = _hidden(page, placed, beneath, covers)
    if not hidden:
        return []
    first = min(place for place, _ in covers)
    later = [
        each
        for place, each in enumerate(objects)
        if place > first and types[place] == raw.FPDF_PAGEOBJ_TEXT
    ]
    again = list(_drawn(frame, text_page, later))
    return [n for n, shows in hidden.items() if not _is_among(placed[n][1], again, shows=shows)]


def _drawn(
    frame: _Frame, text_page: pypdfium2.PdfTextPage, texts: Iterable[int]
) -> Iterable[tuple[Box, str]]:
    """Return where the texts are and what they say: nothing where the library has it already."""
    said = (ctypes.c_ushort * _LONGEST)()
    for each in texts:
        box = frame.box_of(each)
        size = raw.FPDFTextObj_GetText(
            ctypes.cast(each, raw.FPDF_PAGEOBJECT), text_page.raw, said, _LONGEST * 2
        )
        if box is not None and 0 < size <= _LONGEST * 2:
            yield box, bytes(said)[: size - 2].decode("utf-16-le", "replace")


def _is_among(word: Word, texts: Iterable[tuple[Box, str]], *, shows: bool) -> bool:
    return any(
        (word.text in said if said else shows) and _share(word.box, box) >= _MOSTLY
        for box, said in texts
    )


def _covers(
    frame: _Frame, objects: list[int], types: list[int], places: Iterable[int]
) -> Iterable[Cover]:
    """Return what is large enough to hide a word."""
    mode = (ctypes.c_int * 2)()
    modes = (ctypes.addressof(mode), ctypes.addressof(mode) + ctypes.sizeof(ctypes.c_int))
    for place in places:
        found, kind = objects[place], types[place]
        box = frame.box_of(found, least=_LEAST_SIDE_PT)
        if box is None:
            continue
        if kind == raw.FPDF_PAGEOBJ_PATH and _draw_mode(found, *modes) and not mode[0]:
            continue
        if kind == raw.FPDF_PAGEOBJ_FORM or not _is_transparent(found):
            yield place, box


def _order(objects: list[int], types: list[int]) -> dict[int, int]:
    """Return when each object is drawn, texts within forms with their form."""
    order = dict(zip(objects, range(len(objects)), strict=True))
    for place, kind in enumerate(types):
        if kind == raw.FPDF_PAGEOBJ_FORM:
            order.update((text, place) for text in _texts_in(objects[place], _DEEPEST))
    return order


def _texts_in(form: int, depth: int) -> Iterable[int]:
    for number in range(_inner_count(form)):
        inner = _inner_at(form, number)
        kind = _type_of(inner)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            yield inner
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth:
            yield from _texts_in(inner, depth - 1)


def _near(boxes: npt.NDArray[np.float64], covers: Sequence[Cover]) -> list[int]:
    """Return the numbers of the words of which most lies within one of the covers."""
    left, top, right, bottom = boxes.T
    least = _MOSTLY * np.maximum((right - left) * (bottom - top), _NO_AREA)
    is_near = np.zeros(len(boxes), dtype=bool)
    for _, cover in covers:
        across = np.minimum(right, cover.right) - np.maximum(left, cover.left)
        down = np.minimum(bottom, cover.bottom) - np.maximum(top, cover.top)
        is_near |= np.maximum(across, 0) * np.maximum(down, 0) >= least
    return np.flatnonzero(is_near).tolist()


def _is_under(box: Box, place: int, covers: Sequence[Cover]) -> bool:
    return any(at > place and _share(box, cover) >= _MOSTLY for at, cover in covers)


def _area(cover: Cover) -> float:
    box = cover[1]
    return (box.right - box.left) * (box.bottom - box.top)


def _share(box: Box, cover: Box) -> float:
    """Return how much of the box lies within the cover."""
    across = min(box.right, cover.right) - max(box.left, cover.left)
    down = min(box.bottom, cover.bottom) - max(box.top, cover.top)
    area = (box.right - box.left) * (box.bottom - box.top)
    return max(across, 0.0) * max(down, 0.0) / area if area > 0 else 0.0


def _hidden(
    page: pypdfium2.PdfPage,
    placed: Sequence[Placed],
    beneath: dict[int, int],
    covers: Sequence[Cover],
) -> dict[int, bool]:
    """Return the words whose absence changes nothing, and whether anything shows there."""
    if not beneath:
        return {}
    drawn = page.render(scale=1, grayscale=True).to_pil()
    for text in set(beneath.values()):
        _set_active(text, 0)
    bare = page.render(scale=1, grayscale=True).to_pil()
    for text in set(beneath.values()):
        _set_active(text, 1)
    difference = ImageChops.difference(drawn, bare)
    wholes = [box for _, box in covers if _share(Box(0, 0, 1, 1), box) >= _WHOLE_PAGE]
    hidden: dict[int, bool] = {}
    for number in beneath:
        box = placed[number][1].box
        is_in_scan = any(_share(box, whole) >= _MOSTLY for whole in wholes)
        if _tones(difference, box)[1] >= _LEAST_DIFFERENCE:
            continue
        least, most = _tones(drawn, box)
        shows = most - least >= _LEAST_CONTRAST
        if not (is_in_scan and shows):
            hidden[number] = shows
    return hidden


def _tones(picture: Image.Image, box: Box) -> tuple[int, int]:
    """Return the least and greatest tone within the box; the same where it is off the page."""
    width, height = picture.size
    left, top = max(int(box.left * width), 0), max(int(box.top * height), 0)
    right = min(int(box.right * width) + 1, width)
    bottom = min(int(box.bottom * height) + 1, height)
    if right <= left or bottom <= top:
        return 0, 0
    least, most = picture.crop((left, top, right, bottom)).getextrema()
    return int(least), int(most)  # type: ignore[arg-type]
