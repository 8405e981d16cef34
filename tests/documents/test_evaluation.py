"""What `switchgear documents evaluate` measures, on files made for it."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from documents.test_reading_several import FIRST, SECOND, a_pdf
from switchgear_documents.evaluation.classes import (
    Verdict,
    calibration_error,
    coverage,
    score_classes,
)
from switchgear_documents.evaluation.manifest import load
from switchgear_documents.evaluation.values import normalised
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_facturx, to_ubl
from switchgear_shared.cli import app
from switchgear_shared.errors import InvalidRequestError, NotFoundError

SELLER = Party("Seller Ltd", "GB980780684", "Road 1", "Leeds", "LS1", "GB")
LINE = Line("Bolt", None, None, Decimal(10), "C62", Decimal("1.20"), Decimal(20))
DAY = dt.date(2026, 5, 4)
INVOICE = InvoiceSpec("S-1", DAY, DAY, SELLER, SELLER, "GBP", None, (LINE,))
TRUTH = {
    "number": "s-1",
    "date": "2026-05-04",
    "supplier": "SELLER  LTD.",
    "total_gross": 14.4,
    "lines": 1,
}


def a_folder(path: Path, *rows: dict[str, Any], **files: bytes) -> Path:
    for name, data in files.items():
        (path / name).write_bytes(data)
    (path / "manifest.json").write_text(json.dumps(rows))
    return path


def a_row(path: str, kind: str, file_format: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "class": kind, "format": file_format, **more}


def evaluate(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["documents", "evaluate", str(folder), *options])


def measured(folder: Path, *options: str) -> dict[str, Any]:
    result = evaluate(folder, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """An invoice read right, one of whose truths is another's, a broken PDF, and two words."""
    return a_folder(
        tmp_path,
        a_row("ubl", "invoice", "xml", fields=TRUTH, source="ours"),
        a_row("wrong", "invoice", "xml", fields={**TRUTH, "number": "S-2", "iban": "X"}),
        a_row("pdf", "contract", "pdf", fields={"date": "2026-05-04", "witnesses": ["A"]}),
        a_row("words", "letter", "txt"),
        ubl=to_ubl(INVOICE),
        wrong=to_ubl(INVOICE),
        pdf=b"%PDF-1.4\n%%EOF",
        words=b"the quick brown fox",
    )


@pytest.mark.parametrize("options", [(), ("--in-process",)], ids=["sandbox", "in process"])
def test_types_fields_straight_through_and_speed_are_measured(
    mixed: Path, options: tuple[str, ...]
) -> None:
    body = measured(mixed, *options)

    assert body["documents"] == 4
    assert list(body["refused"]) == ["pdf"]
    assert body["classes"]["accuracy"] == 0.5
    assert body["classes"]["f1"] == {"contract": 0, "invoice": 1, "letter": 0}
    assert body["classes"]["confused"] == {"contract > other": 1, "letter > other": 1}
    assert body["by_words"]["count"] == 2
    fields = {name: (row["right"], row["wrong"], row["missed"]) for name, row in counts(body)}
    assert fields == {
        "all": (9, 1, 2),
        "contract": (0, 0, 1),
        "contract pdf": (0, 0, 1),
        "invoice": (9, 1, 1),
        "invoice xml": (9, 1, 1),
    }
    assert body["fields"]["all"]["precision"] == 0.9
    assert body["fields"]["all"]["recall"] == 0.75
    assert body["fields"]["all"]["f1"] == round(18 / 22, 4)
    assert body["fields_by_name"]["iban"]["missed"] == 1
    assert body["wrong_values"] == [{"path": "wrong", "field": "number"}]
    assert body["not_read"] == {"witnesses": 1}
    assert body["straight_through"] == {
        "documents": 2,
        "wrong_type": 0,
        "with_wrong_field": 1,
        "with_missed_field": 1,
        "wrong": ["wrong: number"],
    }
    assert {group: row["documents"] for group, row in body["speed"].items()} == {
        "all": 4,
        "pdf": 1,
        "text": 1,
        "xml": 2,
    }
    assert 0 < body["speed"]["all"]["p50_ms"] <= body["speed"]["all"]["p95_ms"]


def counts(body: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    return list(body["fields"].items())


def test_the_tables_say_the_same(mixed: Path) -> None:
    output = evaluate(mixed, "--in-process").output

    assert "documents 4, refused 1" in output
    assert "accuracy 0.5000   macro-F1 0.3333" in output
    assert "straight through 2 of 4: wrong type 0, a wrong field 1" in output
    assert "in the truth, but no field of the reader: witnesses 1" in output


def test_pages_only_leaves_the_xml_of_a_hybrid_unread(tmp_path: Path) -> None:
    row = a_row("hybrid", "invoice", "pdf", hybrid=True, fields={"number": "S-1"})
    folder = a_folder(tmp_path, row, hybrid=to_facturx(INVOICE))

    assert measured(folder, "--in-process")["by_words"] is None
    body = measured(folder, "--pages-only")
    assert body["by_words"]["accuracy"] == 1
    assert body["fields"]["invoice hybrid"]["right"] == 1


def test_a_group_alone_can_be_measured(mixed: Path) -> None:
    assert measured(mixed, "--in-process", "--group", "xml")["documents"] == 2
    assert evaluate(mixed, "--in-process", "--group", "image").exit_code == 2


def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    result = evaluate(tmp_path)

    assert result.exit_code == 1
    assert "not_found: there is no manifest.json" in result.output


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "is not a list of documents"),
        ({"path": "a"}, "is not a list of documents"),
        ([{"path": "a", "class": "poem", "format": "txt"}], "entry 0 of manifest.json: class:"),
        ([{"path": "../a", "class": "letter", "format": "txt"}], "leads out of the folder"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, rows: Any, message: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(rows))

    with pytest.raises(InvalidRequestError, match=message):
        load(tmp_path)


def test_a_manifest_of_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, a_row("gone.txt", "letter", "txt"))

    with pytest.raises(NotFoundError, match=r"there is no file gone\.txt"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("date", "20260504", "2026-05-04"),
        ("total_gross", "14.40", 14.4),
        ("total_net", "100", 100.0),
        ("total_tax", "-0.00", 0.0),
        ("iban", "DE88 2008 0000", "de8820080000"),
        ("supplier", "Müller  & Co. KG,", "MÜLLER & CO KG"),
        ("buyer", "Café\u00a0Noir", "cafe\u0301 noir"),
        ("buyer", "Herrn\nMax Mustermann", "Max Mustermann"),
        ("lines", 3, 3),
        ("parties", ["Corda, Inc.", "Ann Falk"], "Ann Falk; CORDA INC"),
    ],
)
def test_values_are_equal_however_written(name: str, one: Any, other: Any) -> None:
    assert normalised(name, one) == normalised(name, other)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("date", "2026-05-04", "2026-04-05"),
        ("total_gross", "-14.40", 14.4),
        ("total_gross", "1440", 14.4),
        ("number", "S-1", "S1"),
        ("supplier", "Müller & Co", "Müller + Co"),
        ("number", "Herrn 1", "1"),
        ("address", "GK 101 Main Road", "GK101 Main Road"),
        ("parties", ["Corda, Inc.", "Ann Falk"], "Ann Falk"),
    ],
)
def test_other_values_are_not_equal(name: str, one: Any, other: Any) -> None:
    assert normalised(name, one) != normalised(name, other)


def verdicts(*outcomes: tuple[float, bool]) -> list[Verdict]:
    return [Verdict("letter" if right else "form", "letter", at) for at, right in outcomes]


def test_the_calibration_error_is_the_weighted_gap_of_each_bin() -> None:
    assert calibration_error(verdicts((0.9, True), (1.0, True))) == pytest.approx(0.05)
    assert calibration_error(verdicts((0.8, True), (0.8, False))) == pytest.approx(0.3)
    assert calibration_error(verdicts((0.05, False), (0.95, True))) == pytest.approx(0.05)


def test_coverage_stops_where_more_than_one_in_a_hundred_is_wrong() -> None:
    hundred = [(0.9, True)] * 99 + [(0.8, False)]

    assert coverage(verdicts(*hundred)) == 1
    assert coverage(verdicts(*hundred[1:])) == pytest.approx(98 / 99)
    assert coverage(verdicts((0.9, True), (0.9, False))) == 0


def test_there_are_no_scores_without_documents() -> None:
    assert score_classes([]) is None


def test_files_of_several_documents_are_counted_by_how_they_were_parted(tmp_path: Path) -> None:
    """A parting that the truth has otherwise is wrong; one that nobody asks about is unseen."""
    stack = a_pdf(FIRST, SECOND)
    folder = a_folder(
        tmp_path,
        a_row("right", "bundle", "pdf", parts=[[1, 1], [2, 2]]),
        a_row("wrong", "invoice", "pdf", parts=[[1, 2]]),
        a_row("asked", "bundle", "pdf", parts=[[1, 2], [3, 3]]),
        a_row("one", "invoice", "pdf", parts=[[1, 1]]),
        right=stack,
        wrong=stack,
        asked=a_pdf(FIRST, "Time sheet", SECOND),
        one=a_pdf(FIRST),
    )

    assert measured(folder, "--in-process")["parting"] == {
        "files": 4,
        "several": 2,
        "right": 1,
        "asked": 1,
        "wrong": ["wrong"],
        "unseen": [],
        "precision": 0.5,
        "recall": 0.5,
    }
    said = evaluate(folder, "--in-process").output
    assert "files of several documents 2 of 4: parted as they are 1, sent to a person 1" in said
