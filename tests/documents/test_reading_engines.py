"""What two engines make of one scan: fields borne out by both, parts that both must have found."""

from pathlib import Path

import pytest

from documents.reading_of import a_reader, as_fields
from documents.scans import needs, picture_of, saved
from documents.test_reading_independence import invoice
from documents.test_reading_several import a_pdf
from switchgear_documents.reading.engines import EngineName
from switchgear_documents.reading.escalation import combined, is_convincing
from switchgear_documents.reading.parts import ONE_DOCUMENT, offered, proposed, without_offer
from switchgear_documents.reading.reading import PageRange, Reading
from switchgear_documents.routing import doubts_about

PARTS = (PageRange(first=1, last=1, number="R-1"), PageRange(first=2, last=2, number="R-2"))
MISREAD = (PARTS[0], PageRange(first=2, last=2, number="R-3"))
SHIFTED = (PageRange(first=1, last=2, number="R-1"), PageRange(first=3, last=3, number="R-2"))


def a_reading(sure: float = 0.9, **changed: str) -> Reading:
    said = {"number": "R-1", "date": "2026-11-02", "supplier": "Nordlicht", "total_gross": "12.00"}
    return Reading(
        media_type="image/tiff",
        format="image",
        document_type="invoice",
        confidence=0.97,
        classifier="words/1",
        fields=as_fields(*((name, value, sure) for name, value in (said | changed).items())),
        pages=2,
    )


@pytest.mark.parametrize(
    ("name", "one", "other", "is_surer"),
    [
        ("number", "R-1050", "R-1O5O", False),
        ("number", "R-1050", "R-10.50", False),
        ("number", "R- 1050", "R-1050", True),
        ("iban", "DE89 3704 0044", "DE8937040044", True),
        ("iban", "DE89370400440", "DE8937040044O", False),
        ("date", "2026-11-02", "2026-11-03", False),
        ("total_gross", "10.50", "1050", False),
        ("total_gross", "-12.00", "12.00", False),
        ("total_gross", "12.0", "12.00", True),
        ("supplier", "Nord1icht", "Nordlicht", True),
    ],
)
def test_a_value_is_surer_only_if_both_engines_read_the_same(
    name: str, one: str, other: str, is_surer: bool
) -> None:
    both = combined(a_reading(0.8, **{name: one}), a_reading(0.8, **{name: other}))

    (sure,) = [field.confidence for field in both.fields if field.name == name]
    assert (sure > 0.8, sure < 0.8) == (is_surer, not is_surer)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("sure", [0.5, 0.9])
def test_several_documents_that_either_engine_sees_are_told(is_first: bool, sure: float) -> None:
    told, plain = proposed(a_reading(sure), PARTS, "page 2 is odd"), a_reading()

    both = combined(*((told, plain) if is_first else (plain, told)))

    assert (both.document_type, both.parts) == ("invoice", PARTS)
    ((name, said),) = [(check.name, check.detail) for check in both.failed_checks()]
    assert (name, said.endswith("by itself: page 2 is odd")) == (ONE_DOCUMENT, True)
    assert not is_convincing(both)


def test_a_scan_is_parted_if_both_engines_find_its_parts() -> None:
    one, other = (offered(a_reading(), PARTS, [b"1", b"2"]) for _ in range(2))

    both = combined(one, other)

    assert (both.document_type, both.parts, both.failed_checks()) == ("bundle", PARTS, ())
    assert [part.content for part in both.attachments] == [b"1", b"2"]
    assert is_convincing(both)
    assert doubts_about(both) == ()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(offered(a_reading(), MISREAD, [b"1", b"2"]), id="another number"),
        pytest.param(offered(a_reading(), SHIFTED, [b"1", b"2"]), id="other pages"),
        pytest.param(proposed(a_reading(), PARTS, "page 2 is odd"), id="a doubt"),
        pytest.param(a_reading(), id="one document"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_scan_of_which_the_engines_differ_is_not_parted(other: Reading, is_first: bool) -> None:
    one = offered(a_reading(), PARTS, [b"1", b"2"])

    both = combined(*((one, other) if is_first else (other, one)))

    assert (both.document_type, both.attachments) == ("invoice", ())
    assert [check.name for check in both.failed_checks()] == [ONE_DOCUMENT]


def test_parts_that_one_engine_alone_found_are_proposed() -> None:
    one = without_offer(offered(a_reading(), PARTS, [b"1", b"2"]))

    assert (one.document_type, one.parts, one.attachments) == ("invoice", PARTS, ())
    (check,) = one.failed_checks()
    assert check.detail.endswith("by itself: no second engine has found the same parts")


@needs("tesseract")
@pytest.mark.parametrize(
    "engines", [("tesseract",), pytest.param(("tesseract", "rapidocr"), marks=needs("rapidocr"))]
)
async def test_a_scanned_stack_is_parted_by_two_engines_and_by_one_proposed(
    tmp_path: Path, engines: tuple[EngineName, ...]
) -> None:
    stack = a_pdf(invoice("R-4127", 10), invoice("R-4139", 20))
    file = tmp_path / "scan"
    file.write_bytes(saved(picture_of(stack), "TIFF", picture_of(stack, 1)))

    async with a_reader(workers=1, engines=engines) as reader:
        reading = await reader.read(file, "stack.tif")

    is_parted = len(engines) > 1
    assert [part.number for part in reading.parts] == ["R-4127", "R-4139"]
    assert (reading.document_type == "bundle", len(reading.attachments)) == (
        is_parted,
        2 * is_parted,
    )
    assert bool(doubts_about(reading)) is not is_parted
