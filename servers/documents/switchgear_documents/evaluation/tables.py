"""A report as tables for a terminal."""

from collections.abc import Iterator, Mapping

from switchgear_documents.evaluation.classes import ClassScores
from switchgear_documents.evaluation.fields import FieldScores
from switchgear_documents.evaluation.parting import PartScores
from switchgear_documents.evaluation.report import Report

_SHOWN_CONFUSIONS = 12


def lines_of(report: Report) -> Iterator[str]:
    """Yield the report line by line, the summary first."""
    yield f"documents {report.documents}, refused {len(report.refused)}"
    yield from _classes("type, all documents", report.classes)
    yield from _classes("type, where words decide", report.by_words)
    yield from _fields("fields by type and format", report.fields)
    yield from _fields("fields by format", report.fields_by_group)
    yield from _fields("fields by name", report.fields_by_name)
    if report.not_read:
        named = ", ".join(f"{name} {count}" for name, count in report.not_read.items())
        yield f"in the truth, but no field of the reader: {named}"
    straight = report.straight_through
    yield ""
    yield (
        f"straight through {straight.documents} of {report.documents}: wrong type "
        f"{straight.wrong_type}, a wrong field {straight.with_wrong_field}, "
        f"a field missed {straight.with_missed_field}"
    )
    yield from (f"  {fault}" for fault in straight.wrong)
    if report.parting is not None:
        yield from _parting(report.parting)
    yield ""
    yield f"{'speed':<34}{'documents':>10}{'per s':>10}{'p50 ms':>10}{'p95 ms':>10}"
    for group, speed in report.speed.items():
        numbers = f"{speed.per_second:>10.1f}{speed.p50_ms:>10.1f}{speed.p95_ms:>10.1f}"
        yield f"{group:<34}{speed.documents:>10}{numbers}"


def _parting(scores: PartScores) -> Iterator[str]:
    yield ""
    yield (
        f"files of several documents {scores.several} of {scores.files}: parted as they are "
        f"{scores.right}, sent to a person {scores.asked}, unseen {len(scores.unseen)}; "
        f"parted wrongly {len(scores.wrong)}"
    )
    yield f"  precision {scores.precision:.3f}   recall {scores.recall:.3f}"
    yield from (f"  wrong: {path}" for path in scores.wrong)
    yield from (f"  unseen: {path}" for path in scores.unseen)


def _classes(title: str, scores: ClassScores | None) -> Iterator[str]:
    if scores is None:
        return
    yield ""
    yield f"{title} ({scores.count})"
    yield f"  accuracy {scores.accuracy:.4f}   macro-F1 {scores.macro_f1:.4f}"
    yield (
        f"  expected calibration error {scores.calibration_error:.4f}   "
        f"coverage at 1 % error {scores.coverage:.4f}"
    )
    yield "  F1: " + ", ".join(f"{kind} {value:.3f}" for kind, value in scores.f1.items())
    worst = list(scores.confused.items())[:_SHOWN_CONFUSIONS]
    yield from (f"  {count} x {confusion}" for confusion, count in worst)


def _fields(title: str, scores: Mapping[str, FieldScores]) -> Iterator[str]:
    if not scores:
        return
    yield ""
    yield f"{title:<34}{'values':>10}{'precision':>11}{'recall':>8}{'F1':>8}"
    for name, score in scores.items():
        shares = f"{score.precision:>11.3f}{score.recall:>8.3f}{score.f1:>8.3f}"
        yield f"{name:<34}{score.meant:>10}{shares}"
