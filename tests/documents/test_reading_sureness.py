"""How sure a field may be, and what its document is stopped by."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from switchgear_documents.generating.collection import generate
from switchgear_documents.reading.reading import Check, FieldReading, Reading
from switchgear_documents.reading.sureness import FILE, MOST_SURE, as_weighed, on_steps, sureness
from switchgear_documents.routing import doubts_about
from switchgear_documents.training.sureness import fit, observed
from switchgear_shared.cli import app

STEPS = [(0.5, 0.2), (0.7, 0.8), (0.9, 0.98)]


@pytest.mark.parametrize(
    ("weight", "sure"),
    [(0.1, 0.1), (0.49, 0.2), (0.5, 0.2), (0.69, 0.2), (0.7, 0.8), (0.9, 0.98), (1.2, 0.98)],
)
def test_a_weight_is_as_sure_as_the_step_it_reaches(weight: float, sure: float) -> None:
    assert on_steps(STEPS, weight) == pytest.approx(sure)


def test_the_tables_that_ship_rise_and_never_claim_to_be_certain() -> None:
    tables = json.loads(FILE.read_text(encoding="utf-8"))["steps"]

    assert {"trade number", "trade total_gross", "trade supplier", "contract date"} <= set(tables)
    for steps in tables.values():
        assert steps == sorted(steps)
        assert [sure for _, sure in steps] == sorted(sure for _, sure in steps)
        assert all(0 <= sure <= MOST_SURE for _, sure in steps)
        assert all(sure < 0.9 for weight, sure in steps if weight < 0.6)


def test_while_measuring_a_weight_is_its_own_confidence() -> None:
    with as_weighed():
        assert sureness("invoice", "number", 0.42) == 0.42
    assert sureness("invoice", "number", 0.42) != 0.42


def test_a_field_that_nobody_measured_is_as_sure_as_it_weighs() -> None:
    assert sureness("letter", "account", 0.7) == 0.7


async def test_a_lighter_value_is_not_surer_than_a_heavier_one(tmp_path: Path) -> None:
    """Fitted on documents of our own; few values leave doubt even where all were right."""
    generate(tmp_path, 120, seed=5)

    tables = fit(await observed([tmp_path], max_pages=20))

    assert "trade total_gross" in tables
    for steps in tables.values():
        shares = [sure for _, sure in steps]
        assert shares == sorted(shares)
        assert shares[-1] <= MOST_SURE


def test_calibrate_measures_and_writes_what_the_reader_reads(tmp_path: Path) -> None:
    generate(tmp_path / "made", 120, seed=6)
    arguments = ["documents", "calibrate", str(tmp_path / "made"), "--out", str(tmp_path / "out")]

    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 0, done.output
    assert "invented: " in done.output
    assert "straight through" in done.output
    body = json.loads((tmp_path / "out" / "fields.json").read_text(encoding="utf-8"))
    assert body["measured"][0].startswith("invented: ")
    assert "trade total_gross" in body["steps"]


def an_invoice(*checks: Check, **confidences: float) -> Reading:
    names = ("number", "date", "supplier", "currency", "total_gross", "buyer")
    return Reading(
        media_type="application/pdf",
        format="pdf",
        document_type="invoice",
        confidence=0.99,
        classifier="words/1",
        fields=tuple(
            FieldReading(name=name, value="1", confidence=confidences.get(name, 0.97), place="p")
            for name in names
        ),
        checks=checks,
    )


VAT = Check(name="supplier_vat_is_valid", passed=False, detail="'DE1' by the DE rule")


def test_a_tax_number_with_wrong_digits_alone_stops_nothing() -> None:
    assert doubts_about(an_invoice(VAT)) == ()


def test_a_tax_number_with_wrong_digits_is_said_beside_other_doubts() -> None:
    assert doubts_about(an_invoice(VAT, number=0.5)) == (
        "field number was read with confidence 0.50",
        "supplier_vat_is_valid: 'DE1' by the DE rule",
    )


def test_an_account_with_wrong_digits_still_goes_to_a_person() -> None:
    wrong = Check(name="iban_is_valid", passed=False, detail="'DE1'")

    assert doubts_about(an_invoice(wrong)) == ("iban_is_valid: 'DE1'",)


def test_a_field_that_its_process_does_not_need_stops_nothing() -> None:
    assert doubts_about(an_invoice(buyer=0.55)) == ()


@pytest.mark.parametrize(("sure", "stops"), [(0.49, True), (0.5, False), (0.51, False)])
def test_a_value_more_likely_wrong_than_right_stops_its_document(sure: float, stops: bool) -> None:
    """Whether its process needs it or not: an order that is guessed would be matched with."""
    told = "field buyer was read with confidence 0.49"
    assert doubts_about(an_invoice(buyer=sure)) == ((told,) if stops else ())


@pytest.mark.parametrize(("sure", "stops"), [(0.89, True), (0.9, False), (0.91, False)])
def test_a_needed_field_below_the_threshold_stops_its_document(sure: float, *, stops: bool) -> None:
    assert bool(doubts_about(an_invoice(total_gross=sure))) is stops
