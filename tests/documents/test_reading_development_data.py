"""Measured on real documents, where they lie beside the project; skipped elsewhere."""

import datetime as dt
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Reading
from switchgear_shared.errors import UnreadableDocumentError

DATA = Path(__file__).parents[3] / "shared" / "data" / "documents"
TODAY = dt.date(2026, 11, 23)

pytestmark = pytest.mark.skipif(
    not (DATA / "manifest.json").is_file(), reason="the development documents are not here"
)


def documents(*, truth: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((DATA / "manifest.json").read_text())
    return [entry for entry in entries if not truth or entry["gt"] in truth]


def read(entry: dict[str, Any]) -> Reading:
    suffix = f".{entry['format']}"
    return read_contents((DATA / entry["path"]).read_bytes(), suffix, max_pages=500, today=TODAY)


def is_right(reading: Reading, name: str, truth: Any) -> bool:
    if name == "lines":
        return len(reading.lines) == truth
    values = {field.name: field.value for field in reading.fields}
    if isinstance(truth, float):
        return name in values and Decimal(values[name]) == Decimal(str(truth))
    return values.get(name) == " ".join(str(truth).split())  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_e_invoices_are_read_as_their_publishers_meant_them() -> None:
    """What is left is a truth that took the first of several: a tax number, a payer's account."""
    outcomes: Counter[bool] = Counter()
    wrong_types: list[str] = []

    for entry in documents(truth=("xpath", "embedded-xml")):
        reading = read(entry)
        outcomes.update(is_right(reading, *field) for field in entry["fields"].items())
        if reading.document_type != entry["class"]:
            wrong_types.append(entry["path"])

    assert outcomes.total() > 3600
    assert outcomes[True] / outcomes.total() >= 0.995
    assert wrong_types == []


def test_hybrid_invoices_agree_with_their_pages() -> None:
    """The exceptions show another number, or a total that is written nowhere on the page."""
    doubts: list[str] = []
    hybrids = [entry for entry in documents() if entry.get("hybrid")]
    for entry in hybrids:
        failed = {check.name for check in read(entry).failed_checks()}
        if any(name.startswith("page_shows_") for name in failed):
            doubts.append(entry["path"])

    assert len(hybrids) > 50
    assert len(doubts) <= 4


def test_bank_statements_are_read_with_their_account_and_entries() -> None:
    """The rest are fragments, errors a bank sent, and accounts on which nothing moved."""
    statements = [entry for entry in documents() if entry["class"] == "bank_statement"]
    readings = [read(entry) for entry in statements]

    assert len(statements) == 61
    exact = [r for r in readings if r.format in ("camt", "mt940", "ofx")]
    assert len(exact) >= 60
    assert all(reading.document_type == "bank_statement" for reading in exact)
    accounts = [r for r in exact if r.value("iban") or r.value("account")]
    assert len(accounts) >= 49
    assert len([r for r in exact if r.entries]) >= 42
    assert [c for r in exact for c in r.failed_checks() if c.name == "entry_is_readable"] == []


def test_words_classify_as_often_as_their_confidence_says() -> None:
    buckets: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for entry in documents():
        if entry["format"] in ("xml", "ofx", "sta", "eml", "png", "jpg") or entry.get("hybrid"):
            continue
        reading = read(entry)
        right = reading.document_type == entry["class"]
        buckets[min(int(reading.confidence * 10), 9)].append((reading.confidence, right))

    outcomes = [outcome for bucket in buckets.values() for outcome in bucket]
    accuracy = sum(right for _, right in outcomes) / len(outcomes)
    error = sum(
        abs(sum(confidence for confidence, _ in bucket) - sum(right for _, right in bucket))
        for bucket in buckets.values()
    ) / len(outcomes)
    assert accuracy >= 0.93
    assert error <= 0.1


def test_every_development_document_is_read_or_refused_with_a_reason() -> None:
    refused: list[str] = []
    for entry in documents():
        try:
            read(entry)
        except UnreadableDocumentError as error:
            refused.append(error.message)

    assert len(refused) <= 1
