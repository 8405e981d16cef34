"""How sure a field may be: its weights held against documents of known truth."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

from switchgear_documents.evaluation.fields import field_outcomes
from switchgear_documents.evaluation.manifest import load
from switchgear_documents.evaluation.observations import Observation, observe_in_process
from switchgear_documents.evaluation.report import StraightThrough, straight_through
from switchgear_documents.generating.collection import SOURCE
from switchgear_documents.reading.sureness import (
    FILE,
    MOST_SURE,
    Steps,
    as_weighed,
    family,
    on_steps,
)

FOLDS = 5
NAME = FILE.name
_GROUPS = ("pdf", "hybrid", "text", "office")
_LEAST_VALUES = 20
_INVENTED = 0.35
"""What a value from a document of our own counts, beside one of a real document."""
_SIGNED, _MOST_UNSIGNED = 0.6, 0.85
"""No value that hardly a sign speaks for is sure: real pages have more to mistake for it."""
_LEFT_AS_WEIGHED = {"iban", "supplier_vat", "buyer_vat", "receipt"}
_DOUBT = 1.0
"""Each step counts this much of a value that is half right: few values prove little."""

Tables = dict[str, Steps]
Outcomes = dict[str, list[tuple[float, bool, float]]]


async def observed(folders: Sequence[Path], *, max_pages: int) -> list[Observation]:
    """Read the pages of every document that needs no engine; fields are as sure as they weigh."""
    seen: list[Observation] = []
    with as_weighed():
        for folder in folders:
            entries = [entry for entry in load(folder) if entry.group in _GROUPS]
            watched = observe_in_process(folder, entries, max_pages=max_pages, pages_only=True)
            seen += [one async for one in watched]
    return seen


def fit(observations: Sequence[Observation]) -> Tables:
    """Return for each field of each family the steps from weight to the share that was right.

    The share never falls as the weight rises. Fields with fewer than twenty values have no steps,
    nor have codes that prove themselves by their digits, nor receipts: theirs are mostly pictures,
    which no engine reads here.
    """
    return {
        name: _steps(values)
        for name, values in sorted(_outcomes(observations).items())
        if len(values) >= _LEAST_VALUES and not _LEFT_AS_WEIGHED & set(name.split())
    }


def applied(observation: Observation, tables: Tables) -> Observation:
    """Return the observation with its fields as sure as the tables say."""
    reading = observation.reading
    if reading is None:
        return observation
    kind = family(reading.document_type)
    fields = tuple(
        field.model_copy(
            update={"confidence": round(on_steps(tables[name], field.confidence), 2)}
            if (name := f"{kind} {field.name}") in tables
            else {}
        )
        for field in reading.fields
    )
    return replace(observation, reading=reading.model_copy(update={"fields": fields}))


def apart(observations: Sequence[Observation]) -> list[Observation]:
    """Return each observation as sure as the other folds say; real sources stay together."""
    folds: defaultdict[int, list[Observation]] = defaultdict(list)
    for seen in observations:
        apart = seen.entry.path if _is_invented(seen) else seen.entry.source
        folds[crc32(apart.encode()) % FOLDS].append(seen)
    judged: list[Observation] = []
    for fold, held in sorted(folds.items()):
        others = [seen for other, members in folds.items() if other != fold for seen in members]
        tables = fit(others)
        judged += [applied(seen, tables) for seen in held]
    return judged


def lines_of(observations: Sequence[Observation]) -> Iterator[str]:
    """Yield what the confidences are worth, by real and invented documents."""
    for title, is_invented in (("real", False), ("invented", True)):
        chosen = [seen for seen in observations if _is_invented(seen) == is_invented]
        if not chosen:
            continue
        values = [value for found in _outcomes(chosen).values() for value in found]
        sure = [is_right for weight, is_right, _ in values if weight >= 0.9]  # noqa: PLR2004
        yield (
            f"{title}: {len(values)} values, calibration error {_error(values):.4f}, "
            f"{len(sure)} read with 0.9 or more, {sum(sure) / max(len(sure), 1):.4f} of them right"
        )
        yield f"  {_said(straight_through(chosen), len(chosen))}"


def write(folder: Path, tables: Mapping[str, Steps], measured: Sequence[str]) -> None:
    """Write the tables and what was measured into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    body: dict[str, Any] = {"measured": list(measured), "steps": tables}
    (folder / NAME).write_text(f"{json.dumps(body, indent=1)}\n", encoding="utf-8")


def _outcomes(observations: Sequence[Observation]) -> Outcomes:
    found: defaultdict[str, list[tuple[float, bool, float]]] = defaultdict(list)
    for seen in observations:
        if seen.reading is None:
            continue
        known = {outcome.name: outcome for outcome in field_outcomes(seen)}
        counts = _INVENTED if _is_invented(seen) else 1.0
        for field in seen.reading.fields:
            if field.name in known:
                name = f"{family(seen.reading.document_type)} {field.name}"
                found[name].append((field.confidence, known[field.name].is_right, counts))
    return dict(found)


def _is_invented(seen: Observation) -> bool:
    return seen.entry.source.startswith(SOURCE)


def _steps(values: Sequence[tuple[float, bool, float]]) -> Steps:
    """Fit by pooling neighbours that fall; what no sign speaks for is pooled apart from the rest.

    A pool goes by its lowest weight, so one of both would hold the signed to the unsigned's limit.
    """
    steps: Steps = []
    highest = 0.0
    for is_signed, most in ((False, _MOST_UNSIGNED), (True, MOST_SURE)):
        for weight, right, size in _pools([v for v in values if (v[0] >= _SIGNED) is is_signed]):
            share = (right + _DOUBT / 2) / (size + _DOUBT)
            highest = min(max(highest, share), most)
            steps.append((weight, round(highest, 4)))
    return steps


def _pools(values: Sequence[tuple[float, bool, float]]) -> list[tuple[float, float, float]]:
    """Return pools by rising weight and share: their lowest weight, how much is right, of what."""
    by_weight: defaultdict[float, list[tuple[bool, float]]] = defaultdict(list)
    for weight, is_right, counts in values:
        by_weight[round(weight, 2)].append((is_right, counts))
    pools: list[tuple[float, float, float]] = []
    for weight in sorted(by_weight):
        size = sum(counts for _, counts in by_weight[weight])
        right = sum(is_right * counts for is_right, counts in by_weight[weight])
        pools.append((weight, right, size))
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last, before = pools.pop(), pools.pop()
            pools.append((before[0], last[1] + before[1], last[2] + before[2]))
    return pools


def _error(values: Sequence[tuple[float, bool, float]]) -> float:
    bins: defaultdict[int, float] = defaultdict(float)
    for weight, is_right, _ in values:
        bins[min(int(weight * 10), 9)] += weight - is_right
    return sum(map(abs, bins.values())) / max(len(values), 1)


def _said(straight: StraightThrough, count: int) -> str:
    return (
        f"straight through {straight.documents} of {count}: wrong type {straight.wrong_type}, "
        f"a wrong field {straight.with_wrong_field}, a field missed {straight.with_missed_field}"
    )
