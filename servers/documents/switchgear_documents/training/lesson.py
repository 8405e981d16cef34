"""One lesson: read, measure on what is kept apart, learn from all, write."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from switchgear_documents.evaluation.classes import ClassScores
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.training import card, folds
from switchgear_documents.training.examples import Example, collect
from switchgear_documents.training.fitting import fit
from switchgear_documents.training.validation import (
    best_temperature,
    calibrated,
    scores,
    validate,
)

GROUPED = "near-duplicates and sources apart, five folds"
NEW_SOURCES = "each source judged by the others"
_SHOWN_CONFUSIONS = 10


async def learn(folders: Sequence[Path], readers: Sequence[Reader], out: Path | None) -> list[str]:
    """Return what was measured, line by line, having written the model to `out` if it is given.

    Raises:
        InvalidRequestError: there is too little to learn from, or scikit-learn is missing.
        NotFoundError: a folder has no manifest.
    """
    examples = await collect(folders, readers)
    return await asyncio.to_thread(_learn, examples, out)


def _learn(examples: list[Example], out: Path | None) -> list[str]:
    apart = validate(examples, folds.by_source(examples))
    temperature = best_temperature(apart)
    measured = {
        GROUPED: scores(validate(examples, folds.in_folds(examples)), temperature),
        NEW_SOURCES: scores(apart, temperature),
    }
    lines = [f"{len(examples)} texts, temperature {temperature:g}"]
    for name, measure in measured.items():
        lines += _lines(name, measure)
    if out is not None:
        card.write(out, calibrated(fit(examples), temperature), examples, measured)
        lines.append(f"wrote {card.WEIGHTS} and {card.CARD} to {out}")
    return lines


def _lines(name: str, measure: ClassScores | None) -> Iterator[str]:
    if measure is None:
        yield f"{name}: nothing real to judge"
        return
    yield (
        f"{name} ({measure.count}): accuracy {measure.accuracy:.4f}, "
        f"macro-F1 {measure.macro_f1:.4f}, calibration error {measure.calibration_error:.4f}, "
        f"coverage at 1 % error {measure.coverage:.4f}"
    )
    worst = list(measure.confused.items())[:_SHOWN_CONFUSIONS]
    yield from (f"  {count} x {confusion}" for confusion, count in worst)
