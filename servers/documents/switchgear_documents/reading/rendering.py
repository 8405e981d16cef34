"""A page as a picture for people: as its words were placed, so that their boxes fit it."""

from io import BytesIO
from itertools import islice

from PIL import Image

from switchgear_documents.reading.annotations import page_as_shown
from switchgear_documents.reading.pdf import open_pdf
from switchgear_documents.reading.pictures import pictures_of_image, pictures_of_pdf
from switchgear_documents.reading.scanned import is_scan, letters_in
from switchgear_documents.reading.signatures import kind_of
from switchgear_shared.errors import UnreadableDocumentError

LARGEST_PICTURE_BYTES = 6_000_000
"""As text in an answer it is a third larger, and has to pass the broker that servers share."""

_LONG_SIDE = 1600
_SMALLER = 0.8


def render_page(data: bytes, number: int, *, max_pixels: int) -> bytes:
    """Return page `number`, from 1, of a PDF or an image file as PNG.

    Scans are shown level and in grey, as the engines read them.

    Raises UnreadableDocumentError for other files, damaged ones, and pages that are not there.
    """
    kind, _ = kind_of(data)
    if kind == "pdf":
        return _png(_of_pdf(data, number))
    if kind == "image":
        frames = pictures_of_image(data, max_pages=number, max_pixels=max_pixels)
        picture = next(islice(frames, number - 1, None), None)
        if picture is not None:
            return _png(picture)
        raise UnreadableDocumentError(f"there is no page {number}")
    raise UnreadableDocumentError("only PDFs and images have pages to show")


def _of_pdf(data: bytes, number: int) -> Image.Image:
    document = open_pdf(data)
    try:
        if not 0 < number <= len(document):
            raise UnreadableDocumentError(f"there is no page {number}")
        page = page_as_shown(document, number - 1)
        if not is_scan(page, letters_in(page.get_textpage().get_text_range())):
            scale = _LONG_SIDE / max(*page.get_size(), 1.0)
            return page.render(scale=scale).to_pil()
    finally:
        document.close()
    ((_, picture),) = pictures_of_pdf(data, (number,))
    return picture


def _png(picture: Image.Image) -> bytes:
    """Return the picture, smaller where it would be too large to be handed on."""
    picture.thumbnail((_LONG_SIDE, _LONG_SIDE))
    while True:
        file = BytesIO()
        picture.save(file, "PNG", optimize=False)
        if file.tell() <= LARGEST_PICTURE_BYTES:
            return file.getvalue()
        picture = picture.resize((int(picture.width * _SMALLER), int(picture.height * _SMALLER)))
