"""A page as a picture that can be handed on whatever is on it."""

from io import BytesIO

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from switchgear_documents.reading import rendering
from switchgear_documents.reading.rendering import LARGEST_PICTURE_BYTES, render_page


def noisy(side: int) -> bytes:
    """Return a square page that no PNG makes smaller."""
    bands = [Image.effect_noise((side, side), 120 + n) for n in range(3)]
    file = BytesIO()
    canvas = Canvas(file, pagesize=(side, side))
    canvas.drawImage(ImageReader(Image.merge("RGB", bands)), 0, 0, side, side)
    canvas.drawString(10, 10, "Invoice 1 " * 30)  # more than a stamp: the page is no scan
    canvas.save()
    return file.getvalue()


def drawn(page: bytes) -> tuple[int, tuple[int, int]]:
    content = render_page(page, 1, max_pixels=10**8)
    return len(content), Image.open(BytesIO(content)).size


def test_a_page_whose_picture_would_be_too_large_is_drawn_smaller() -> None:
    count, size = drawn(noisy(1600))

    assert 0.4 * LARGEST_PICTURE_BYTES < count <= LARGEST_PICTURE_BYTES
    assert size[0] == size[1] < 1600


@pytest.mark.parametrize(("more", "side"), [(1, 400), (0, 400), (-1, 320)])
def test_a_picture_may_have_so_many_bytes_and_no_more(
    monkeypatch: pytest.MonkeyPatch, more: int, side: int
) -> None:
    monkeypatch.setattr(rendering, "_LONG_SIDE", 400)
    page = noisy(400)
    count, _ = drawn(page)

    monkeypatch.setattr(rendering, "LARGEST_PICTURE_BYTES", count + more)

    assert drawn(page)[1] == (side, side)
