"""How many of the values meant were read, and how many of the values read are right."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from switchgear_documents.evaluation.observations import Observation
from switchgear_documents.evaluation.values import normalised
from switchgear_documents.reading.reading import EXACT, FIELD_NAMES, Reading

LINES = "lines"
READ_NAMES: frozenset[str] = frozenset({*FIELD_NAMES, LINES})


@dataclass(frozen=True)
class FieldOutcome:
    """One value of the truth: read right, read wrong, or (both false) not read at all."""

    name: str
    is_right: bool
    is_wrong: bool


@dataclass
class FieldScores:
    """Counts of values; a value that the truth does not speak of is not judged."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share right among those read; 0 if none was."""
        return self.right / (self.right + self.wrong) if self.right else 0.0

    @property
    def recall(self) -> float:
        """The share read right among those meant; 0 if none was meant."""
        return self.right / self.meant if self.right else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; a wrong value is a missed one too."""
        return 2 * self.right / (self.right + self.wrong + self.meant) if self.right else 0.0

    @property
    def meant(self) -> int:
        """How many values the truth has."""
        return self.right + self.wrong + self.missed

    def add(self, outcome: FieldOutcome) -> None:
        """Count one value."""
        if outcome.is_right:
            self.right += 1
        elif outcome.is_wrong:
            self.wrong += 1
        else:
            self.missed += 1


def field_outcomes(observation: Observation) -> Iterator[FieldOutcome]:
    """Yield an outcome for each value of the truth that the reader has a name for.

    `lines` is the number of lines, not read where a page shows none. A document that was refused,
    or read as another type, has its values judged all the same.
    """
    for name, truth in observation.entry.fields.items():
        if name not in READ_NAMES or truth is None:
            continue
        found = _found(observation.reading, name)
        is_right = found is not None and normalised(name, found) == normalised(name, truth)
        yield FieldOutcome(name, is_right, is_wrong=found is not None and not is_right)


def unread_names(observations: Iterable[Observation]) -> dict[str, int]:
    """Return the names in the truth that the reader has no field for, each with its count."""
    counts: dict[str, int] = {}
    for observation in observations:
        for name in observation.entry.fields.keys() - READ_NAMES:
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _found(reading: Reading | None, name: str) -> Any:
    if reading is None:
        return None
    if name == LINES:
        return len(reading.lines) or (0 if reading.format in EXACT else None)
    return next((field.value for field in reading.fields if field.name == name), None)
