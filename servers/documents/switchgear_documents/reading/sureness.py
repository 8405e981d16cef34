"""How often a value read so is right: from what speaks for it to a confidence that was measured."""

import json
from bisect import bisect_right
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from switchgear_documents.reading.reading import DocumentType, FieldName

FILE = Path(__file__).parent / "model" / "fields.json"
MOST_SURE = 0.99

_UNMEASURED = 0.95
_OF_NO_TABLE: ContextVar[bool] = ContextVar("as_weighed", default=False)

Steps = list[tuple[float, float]]
"""Weights and the confidence from each on, both rising."""


def family(kind: DocumentType) -> str:
    """Return which documents' values are weighed alike: trade's, or those of one type."""
    return kind if kind in ("contract", "receipt") else "trade"


def sureness(kind: DocumentType, name: FieldName, weight: float) -> float:
    """Return how often a value of this weight is right; the weight itself where nobody measured."""
    steps = None if _OF_NO_TABLE.get() else _tables().get(f"{family(kind)} {name}")
    return on_steps(steps, weight) if steps else min(weight, _UNMEASURED)


def on_steps(steps: Steps, weight: float) -> float:
    """Return the confidence of the step that the weight reaches; below the first, no more."""
    reached = bisect_right(steps, weight, key=lambda step: step[0])
    return steps[reached - 1][1] if reached else min(steps[0][1], weight)


@contextmanager
def as_weighed() -> Generator[None]:
    """Leave the tables out inside: what is measured must not have been measured before."""
    token = _OF_NO_TABLE.set(True)
    try:
        yield
    finally:
        _OF_NO_TABLE.reset(token)


@cache
def _tables() -> dict[str, Steps]:
    body = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    return {
        name: [(low, sure) for low, sure in steps] for name, steps in body.get("steps", {}).items()
    }
