"""How often types are right, and how true their confidence is."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10
MOST_ERROR = 0.01


@dataclass(frozen=True)
class Verdict:
    """One document's type as judged and as it is."""

    judged: str
    truth: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether the type judged is the true one."""
        return self.judged == self.truth


@dataclass(frozen=True)
class ClassScores:
    """The share of right types, and what the confidences are worth.

    `macro_f1` is the mean F1 over the types that occur in the truth. `calibration_error` is the
    expected one: over ten equal bins of confidence, the distance between mean confidence and the
    share right, weighted by documents. `coverage` is the largest share of documents, most
    confident first and equals together, of which at most one in a hundred has a wrong type.
    """

    count: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    coverage: float
    f1: dict[str, float]
    confused: dict[str, int]


def score_classes(verdicts: Sequence[Verdict]) -> ClassScores | None:
    """Return the scores; None for no verdicts. `confused` counts `truth > judged`."""
    if not verdicts:
        return None
    f1 = {kind: _f1(kind, verdicts) for kind in sorted({v.truth for v in verdicts})}
    wrong = Counter(f"{v.truth} > {v.judged}" for v in verdicts if not v.is_right)
    return ClassScores(
        count=len(verdicts),
        accuracy=sum(v.is_right for v in verdicts) / len(verdicts),
        macro_f1=sum(f1.values()) / len(f1),
        calibration_error=calibration_error(verdicts),
        coverage=coverage(verdicts),
        f1=f1,
        confused=dict(wrong.most_common()),
    )


def calibration_error(verdicts: Sequence[Verdict]) -> float:
    """Return the expected calibration error; 1.0 belongs to the last bin."""
    totals = [0.0] * BINS
    for verdict in verdicts:
        place = min(int(verdict.confidence * BINS), BINS - 1)
        totals[place] += verdict.confidence - verdict.is_right
    return sum(map(abs, totals)) / len(verdicts)


def coverage(verdicts: Sequence[Verdict]) -> float:
    """Return the share that could go unseen with at most `MOST_ERROR` wrong types among it."""
    ordered = sorted(verdicts, key=lambda verdict: -verdict.confidence)
    wrong = best = 0
    for place, verdict in enumerate(ordered, start=1):
        wrong += not verdict.is_right
        is_last_equal = place == len(ordered) or ordered[place].confidence < verdict.confidence
        if is_last_equal and wrong <= MOST_ERROR * place:
            best = place
    return best / len(ordered)


def _f1(kind: str, verdicts: Sequence[Verdict]) -> float:
    both = sum(v.judged == v.truth == kind for v in verdicts)
    either = sum((v.judged == kind) + (v.truth == kind) for v in verdicts)
    return 2 * both / either
