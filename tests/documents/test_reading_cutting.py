"""Pages as files of their own: just those pages, the same bytes every time, and within bounds."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import pytest_asyncio
from PIL import Image
from tests.documents.scans import INVOICE, needs, picture_of, saved
from tests.documents.test_reading_several import FIRST, SECOND, a_pdf

from switchgear_documents.reading import cutting
from switchgear_documents.reading.cutting import cut
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.routing import doubts_about
from switchgear_documents.samples import to_facturx
from switchgear_shared.errors import UnreadableDocumentError

STACK = a_pdf(FIRST, "", SECOND)


@pytest_asyncio.fixture
async def reader() -> AsyncGenerator[Reader]:
    made = Reader(documents_per_worker=1, workers=2, engines=())
    yield made
    await made.close()


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_each_part_holds_its_pages_and_no_other() -> None:
    first, second = cut(STACK, [(1, 2), (3, 3)])

    assert [["R-1" in text for text in texts(part)] for part in (first, second)] == [
        [True, False],
        [False],
    ]
    assert b"R-2" not in first


async def test_two_processes_make_the_same_bytes(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "stack.pdf"
    file.write_bytes(STACK)

    one, other = [
        [(part.name, part.content) for part in (await reader.read(file, "stack.pdf")).attachments]
        for _ in range(2)
    ]

    assert one == other
    assert [name for name, _ in one] == ["stack (1 of 2).pdf", "stack (2 of 2).pdf"]
    assert list(cut(STACK, [(1, 2), (3, 3)])) == [content for _, content in one]


@pytest.mark.parametrize(
    ("mode", "compression"),
    [("1", "group4"), ("L", "tiff_lzw"), ("RGB", "jpeg"), ("RGB", None), ("1", "packbits")],
)
def test_pages_of_a_tiff_stay_what_they_were(mode: str, compression: str | None) -> None:
    pages = [
        picture_of(a_pdf(text)).convert(mode, dither=Image.Dither.NONE) for text in (FIRST, SECOND)
    ]
    file = BytesIO()
    squeeze = {"compression": compression} if compression else {}
    pages[0].save(
        file, "TIFF", save_all=True, append_images=[pages[1], pages[0]], dpi=(144, 144), **squeeze
    )

    parts = [list(cut(file.getvalue(), [(1, 2), (3, 3)])) for _ in range(2)]

    assert parts[0] == parts[1]
    first = Image.open(BytesIO(parts[0][0]))
    assert (first.n_frames, first.mode, first.info["dpi"]) == (2, mode, (144, 144))  # type: ignore[attr-defined] - of TIFF files
    first.seek(1)
    assert Image.open(BytesIO(parts[0][1])).size == pages[0].size
    if compression != "jpeg":
        assert first.tobytes() == pages[1].tobytes()


def test_a_tiff_page_that_its_scanner_held_sideways_is_upright() -> None:
    pages = [picture_of(a_pdf(text)) for text in (FIRST, SECOND)]
    file = BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=[pages[1]], tiffinfo={274: 6})

    for part, page in zip(cut(file.getvalue(), [(1, 1), (2, 2)]), pages, strict=True):
        picture = Image.open(BytesIO(part))
        assert picture.getexif().get(274, 1) == 1
        assert picture.tobytes() == page.transpose(Image.Transpose.ROTATE_270).tobytes()


@pytest.mark.parametrize("ranges", [[(0, 1)], [(1, 4)], [(3, 2)]])
@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_pages_that_are_not_there_are_refused(ranges: list[tuple[int, int]], kind: str) -> None:
    picture = picture_of(to_facturx(INVOICE))
    data = STACK if kind == "PDF" else saved(picture, "TIFF", picture, picture)

    with pytest.raises(UnreadableDocumentError, match="there are no pages"):
        list(cut(data, ranges))


@pytest.mark.parametrize(
    "data", [b"just text", saved(Image.new("L", (9, 9)), "PNG"), STACK[:900] + b"%%EOF"]
)
def test_other_and_damaged_files_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        list(cut(data, [(1, 1)]))


def test_parts_have_so_many_bytes_together_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = [(1, 2), (3, 3)]
    size = sum(map(len, cut(STACK, ranges)))
    for most in (size + 1, size):
        monkeypatch.setattr(cutting, "MOST_ATTACHED_BYTES", most)
        assert len(list(cut(STACK, ranges))) == 2
    monkeypatch.setattr(cutting, "MOST_ATTACHED_BYTES", size - 1)
    with pytest.raises(UnreadableDocumentError, match=f"more than {size - 1} bytes together"):
        list(cut(STACK, ranges))


@needs("tesseract")
async def test_one_engine_alone_shows_the_parts_of_a_tiff_and_makes_none(tmp_path: Path) -> None:
    numbers = ("INV-2026-0042", "INV-2026-0043")
    pages = [picture_of(to_facturx(replace(INVOICE, number=number))) for number in numbers]
    file = tmp_path / "scan.tif"
    file.write_bytes(saved(pages[0], "TIFF", pages[1]))
    reader = Reader(engines=("tesseract",), ocr_timeout_s=240)

    reading = await reader.read(file, "scan.tif")
    await reader.close()

    assert (reading.document_type, reading.pages, reading.attachments) == ("invoice", 2, ())
    assert [part.number for part in reading.parts] == list(numbers)
    assert any("it is not parted by itself" in reason for reason in doubts_about(reading))
