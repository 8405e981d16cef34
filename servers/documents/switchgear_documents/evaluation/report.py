"""What was measured, as numbers for machines and as tables for people."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from switchgear_documents.evaluation.classes import ClassScores, Verdict, score_classes
from switchgear_documents.evaluation.fields import FieldScores, field_outcomes, unread_names
from switchgear_documents.evaluation.observations import Observation
from switchgear_documents.evaluation.parting import PartScores, score_parts
from switchgear_documents.routing import doubts_about

_P50 = 0.5
_P95 = 0.95


@dataclass
class StraightThrough:
    """Documents without a doubt: no person sees them before their process does.

    `with_wrong_field` had a value read that is not the one meant; `wrong_type` the wrong type.
    """

    documents: int = 0
    wrong_type: int = 0
    with_wrong_field: int = 0
    with_missed_field: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Speed:
    """Wall time of reading, one document after another."""

    documents: int
    per_second: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Report:
    """All that was measured; `by_words` leaves out what a format alone decides."""

    documents: int
    refused: dict[str, str]
    classes: ClassScores | None
    by_words: ClassScores | None
    wrong_types: dict[str, str]
    fields: dict[str, FieldScores]
    fields_by_group: dict[str, FieldScores]
    fields_by_name: dict[str, FieldScores]
    wrong_values: tuple[dict[str, str], ...]
    not_read: dict[str, int]
    straight_through: StraightThrough
    parting: PartScores | None
    speed: dict[str, Speed]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, shares rounded to four places."""
        body = asdict(self)
        for table in ("fields", "fields_by_group", "fields_by_name"):
            scores: dict[str, FieldScores] = getattr(self, table)
            body[table] = {name: _field_numbers(score) for name, score in scores.items()}
        if self.parting is not None:
            body["parting"] |= {"precision": self.parting.precision, "recall": self.parting.recall}
        return _rounded(body)


def report(observations: Sequence[Observation]) -> Report:
    """Return what the observations say; `fields` has one row for all, and one for each type."""
    fields: defaultdict[str, FieldScores] = defaultdict(FieldScores)
    by_group: defaultdict[str, FieldScores] = defaultdict(FieldScores)
    by_name: defaultdict[str, FieldScores] = defaultdict(FieldScores)
    wrong_values: list[dict[str, str]] = []
    for seen in observations:
        outcomes = tuple(field_outcomes(seen))
        kind, group = seen.entry.document_type, seen.entry.group
        for outcome in outcomes:
            keys = ("all", kind, f"{kind} {group}")
            for scores in (*(fields[key] for key in keys), by_group[group], by_name[outcome.name]):
                scores.add(outcome)
            if outcome.is_wrong:
                wrong_values.append({"path": seen.entry.path, "field": outcome.name})
    return Report(
        documents=len(observations),
        refused={seen.entry.path: seen.refusal for seen in observations if seen.refusal},
        classes=_classes(observations),
        by_words=_classes(seen for seen in observations if not seen.is_by_format),
        wrong_types={
            seen.entry.path: f"{seen.verdict} {seen.confidence:.2f}"
            for seen in observations
            if not seen.is_right
        },
        fields=dict(sorted(fields.items())),
        fields_by_group=dict(sorted(by_group.items())),
        fields_by_name=dict(sorted(by_name.items())),
        wrong_values=tuple(wrong_values),
        not_read=unread_names(observations),
        straight_through=straight_through(observations),
        parting=score_parts(observations),
        speed=_speeds(observations),
    )


def _classes(observations: Iterable[Observation]) -> ClassScores | None:
    return score_classes(
        [Verdict(seen.verdict, seen.entry.document_type, seen.confidence) for seen in observations]
    )


def straight_through(observations: Iterable[Observation]) -> StraightThrough:
    """Return how many of the documents no person would see, and what is wrong with them."""
    straight = StraightThrough()
    for seen in observations:
        if seen.reading is None or doubts_about(seen.reading):
            continue
        outcomes = tuple(field_outcomes(seen))
        wrong = [outcome.name for outcome in outcomes if outcome.is_wrong]
        straight.documents += 1
        straight.wrong_type += not seen.is_right
        straight.with_wrong_field += bool(wrong)
        straight.with_missed_field += any(not o.is_right and not o.is_wrong for o in outcomes)
        if wrong or not seen.is_right:
            faults = wrong if seen.is_right else [f"type {seen.verdict}", *wrong]
            straight.wrong.append(f"{seen.entry.path}: {', '.join(faults)}")
    return straight


def _speeds(observations: Sequence[Observation]) -> dict[str, Speed]:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for seen in observations:
        times["all"].append(seen.seconds)
        times[seen.entry.group].append(seen.seconds)
    return {group: _speed(sorted(values)) for group, values in sorted(times.items())}


def _speed(ordered: list[float]) -> Speed:
    def rank_ms(share: float) -> float:
        return 1000 * ordered[max(math.ceil(share * len(ordered)) - 1, 0)]

    return Speed(len(ordered), len(ordered) / sum(ordered), rank_ms(_P50), rank_ms(_P95))


def _field_numbers(scores: FieldScores) -> dict[str, float]:
    shares = {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}
    return {**asdict(scores), "meant": scores.meant, **shares}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
