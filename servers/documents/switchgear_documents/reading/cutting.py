"""Pages of a file as files of their own: the same pages of the same file give the same bytes."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import pypdfium2
from PIL import Image

from switchgear_documents.reading.annotations import page_as_shown
from switchgear_documents.reading.pdf import open_pdf
from switchgear_documents.reading.pictures import DAMAGED
from switchgear_documents.reading.reading import MOST_ATTACHED_BYTES
from switchgear_documents.reading.signatures import kind_of
from switchgear_shared.errors import UnreadableDocumentError

TIFF = "image/tiff"

_MADE_AT = re.compile(rb"(?<=/CreationDate\(D:)\d{14}")
_MADE_IN = 300
"""The writer's own information stands in the first objects, before any page."""
_IDS = re.compile(rb"/ID\[<[0-9A-F]{32}><[0-9A-F]{32}>\]")
_NO_TIME = b"20000101000000"
_KEPT_AS = ("group3", "group4", "tiff_lzw", "packbits", "jpeg", "tiff_adobe_deflate")
_OTHERWISE = "tiff_adobe_deflate"
_QUALITY = 95


def cut(data: bytes, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield a file for each range of pages, from 1, ends included, of a PDF or TIFF.

    Raises UnreadableDocumentError for other files, damaged ones, pages that are not there, and
    parts of too many bytes together.
    """
    kind, media_type = kind_of(data)
    if kind == "pdf":
        made = _of_pdf(data, ranges)
    elif media_type == TIFF:
        made = _of_tiff(data, ranges)
    else:
        raise UnreadableDocumentError("only PDFs and TIFF files have pages to part")
    total = 0
    for part in made:
        total += len(part)
        if total > MOST_ATTACHED_BYTES:
            raise UnreadableDocumentError(
                f"its parts have more than {MOST_ATTACHED_BYTES} bytes together"
            )
        yield part


def _of_pdf(data: bytes, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    document = open_pdf(data)
    try:
        for first, last in ranges:
            _check_range(first, last, len(document))
            for place in range(first - 1, last):
                page_as_shown(document, place).close()  # a part has no form of its own to fill in
            part = pypdfium2.PdfDocument.new()
            try:
                part.import_pages(document, list(range(first - 1, last)))
                file = BytesIO()
                part.save(file)
            finally:
                part.close()
            yield timeless(file.getvalue())
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocumentError("the PDF is damaged inside") from error
    finally:
        document.close()


def timeless(pdf: bytes) -> bytes:
    """Return the PDF without the moment and the chance that its writer put into it."""
    pdf = _MADE_AT.sub(_NO_TIME, pdf[:_MADE_IN], count=1) + pdf[_MADE_IN:]
    *_, ids = _IDS.finditer(pdf)
    before, after = pdf[: ids.start()], pdf[ids.end() :]
    own = hashlib.sha256(before + after).hexdigest()[:32].upper().encode()
    return before + b"/ID[<" + own + b"><" + own + b">]" + after


def _of_tiff(data: bytes, ranges: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    try:
        with Image.open(BytesIO(data)) as image:
            count = int(getattr(image, "n_frames", 1))
            for first, last in ranges:
                _check_range(first, last, count)
                yield _frames(image, first, last)
    except DAMAGED as error:
        raise UnreadableDocumentError("the image is damaged or of an unknown kind") from error


def _frames(image: Image.Image, first: int, last: int) -> bytes:
    frames: list[tuple[Image.Image, dict[str, Any]]] = []
    for number in range(first, last + 1):
        image.seek(number - 1)
        frames.append((image.copy(), _look(image)))
    file = BytesIO()
    if len(frames) == 1:
        frames[0][0].save(file, "TIFF", **frames[0][1])
        return file.getvalue()
    for frame, look in frames:
        frame.encoderinfo = look  # type: ignore[attr-defined] - what Pillow asks of each frame
    frames[0][0].save(
        file,
        "TIFF",
        save_all=True,
        append_images=[frame for frame, _ in frames[1:]],
        **frames[0][1],
    )
    return file.getvalue()


def _look(image: Image.Image) -> dict[str, Any]:
    """Return how the page is to be saved: squeezed as it was, at its resolution.

    One that was held sideways was set upright when it was loaded.
    """
    was = str(image.info.get("compression", ""))
    squeeze = was if was in _KEPT_AS else _OTHERWISE
    look: dict[str, Any] = {"compression": squeeze}
    if squeeze == "jpeg":
        look["quality"] = _QUALITY
    if "dpi" in image.info:
        look["dpi"] = image.info["dpi"]
    return look


def _check_range(first: int, last: int, count: int) -> None:
    if not 1 <= first <= last <= count:
        raise UnreadableDocumentError(f"there are no pages {first} to {last} of {count}")
