"""Pictures of pages, ready for their words to be found: level, grey on white, of one size."""

import struct
import warnings
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, ImageSequence

from switchgear_documents.reading.pdf import open_pdf
from switchgear_shared.errors import UnreadableDocumentError

_LONG_SIDE = 2000
_MOST_ENLARGED = 2.0
_LEAST_SIDE = 8
_DARK = 128
_SKEW_SIDE = 700
_MOST_SKEW, _SKEW_STEP, _LEAST_SKEW = 4.0, 0.5, 0.3
_DPI = 72

DAMAGED = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError),
    *(ArithmeticError, struct.error, Image.DecompressionBombError),
)
"""What the library ends in on an image that is not what its header says."""

Image.MAX_IMAGE_PIXELS = None  # `_checked` counts them, and says so in our words


def pictures_of_image(data: bytes, *, max_pages: int, max_pixels: int) -> Iterator[Image.Image]:
    """Yield the pages of an image file, at most `max_pages`, each turned as its camera held it.

    Raises UnreadableDocumentError if it is damaged or a page has more than `max_pixels`.
    """
    _pass_over_oddities()
    try:
        image = Image.open(BytesIO(data))
        for number, frame in enumerate(ImageSequence.Iterator(image)):
            if number == max_pages:
                return
            _check_size(frame, max_pixels)
            yield _prepared(ImageOps.exif_transpose(frame))
    except DAMAGED as error:
        raise UnreadableDocumentError("the image is damaged or of an unknown kind") from error


def count_pages(data: bytes) -> int:
    """Return how many pages an image file has; 1 if that cannot be told."""
    _pass_over_oddities()
    try:
        return int(getattr(Image.open(BytesIO(data)), "n_frames", 1))
    except DAMAGED:
        return 1


def pictures_of_pdf(data: bytes, numbers: tuple[int, ...]) -> Iterator[tuple[int, Image.Image]]:
    """Yield pages of a PDF by number, from 1, as pictures; the size of paper is no limit here."""
    document = open_pdf(data)
    try:
        for number in numbers:
            page = document[number - 1]
            width, height = page.get_size()
            scale = _LONG_SIDE / max(width, height, 1.0)
            yield number, _prepared(page.render(scale=scale).to_pil())
            page.close()
    finally:
        document.close()


def turned(picture: Image.Image, quarters: int) -> Image.Image:
    """Return the picture turned clockwise by quarters."""
    return picture.rotate(-90 * quarters, expand=True) if quarters else picture


def _pass_over_oddities() -> None:
    """Have no warnings: what is odd about a picture shows in what can be read of it."""
    warnings.simplefilter("ignore")


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise UnreadableDocumentError(
            f"the image has {width} x {height} pixels, at most {max_pixels} are read"
        )
    if min(width, height) < _LEAST_SIDE:
        raise UnreadableDocumentError(f"the image has {width} x {height} pixels, too few to read")


def _prepared(image: Image.Image) -> Image.Image:
    """Return the image in grey on white at the usual size, with its lines level."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        colours = image.convert("RGBA")
        white = Image.new("RGBA", colours.size, "white")
        image = Image.alpha_composite(white, colours)
    elif image.mode.startswith(("I", "F")):
        image = _from_deep(image)
    grey = image.convert("L")
    scale = min(_LONG_SIDE / max(grey.size), _MOST_ENLARGED)
    size = (max(round(grey.width * scale), 1), max(round(grey.height * scale), 1))
    grey = grey.resize(size, Image.Resampling.LANCZOS)
    skew = _skew(grey)
    if abs(skew) < _LEAST_SKEW:
        return grey
    return grey.rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _from_deep(image: Image.Image) -> Image.Image:
    """Return an image of more than 256 greys with as many."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(((values - low) * (255 / max(high - low, 1.0))).astype(np.uint8))


def _skew(grey: Image.Image) -> float:
    """Return by how many degrees to turn it: the angle at which its lines stand out most."""
    small = grey.copy()
    small.thumbnail((_SKEW_SIDE, _SKEW_SIDE))
    ink = (np.asarray(small) < min(_DARK, float(np.asarray(small).mean()) * 0.8)).astype(np.uint8)
    rows, columns = np.nonzero(ink)
    if not len(rows):
        return 0.0

    def contrast(degrees: float) -> float:
        shifted = rows - columns * np.tan(np.radians(degrees))
        counts = np.bincount((shifted - shifted.min()).astype(np.int64))
        return float((np.diff(counts.astype(np.float64)) ** 2).sum())

    angles = np.arange(-_MOST_SKEW, _MOST_SKEW + _SKEW_STEP, _SKEW_STEP)
    best = max(angles, key=contrast)
    near = max(np.arange(best - _SKEW_STEP, best + _SKEW_STEP, 0.1), key=contrast)
    return float(near) if contrast(near) > 1.1 * contrast(0.0) else 0.0
