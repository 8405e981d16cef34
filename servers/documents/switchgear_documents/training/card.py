"""The card beside a model: what it learned from, and what it is worth."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from switchgear_documents.evaluation.classes import ClassScores
from switchgear_documents.reading.classifier import CLASSIFIER
from switchgear_documents.reading.model import Model
from switchgear_documents.training.examples import Example

WEIGHTS = "weights.npz"
CARD = "card.json"
_INVENTED = "invented"
_PLACES = 4


def write(
    folder: Path,
    model: Model,
    examples: Sequence[Example],
    measured: dict[str, ClassScores | None],
) -> dict[str, Any]:
    """Write the model and its card into the folder, which is made, and return the card."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / WEIGHTS)
    card = {
        "classifier": CLASSIFIER,
        "sha256": sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        "method": (
            "logistic regression over TF-IDF of hashed words, pairs of words and runs of four "
            "characters, cues in six languages and the look of the page; one temperature"
        ),
        "types": model.types,
        "known_words": len(model.words.vocabulary.buckets),
        "known_letters": len(model.letters.vocabulary.buckets),
        "temperature": round(model.temperature, _PLACES),
        "learned_from": _counts(examples),
        "privacy": (
            "only hashes of what stands in four documents of two sources at least; "
            "no text, no name, no value of a document"
        ),
        "measured": {
            name: _scores(scores) for name, scores in measured.items() if scores is not None
        },
        "limits": (
            "English, German, French, Spanish, Italian and Dutch; the first 12,000 characters; "
            "types with one real source are known from that one and from invented documents"
        ),
    }
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / CARD).write_text(f"{text}\n", encoding="utf-8")
    return card


def _counts(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        source = _INVENTED if example.is_invented else example.source
        counts[example.document_type, source] += 1
    table: dict[str, dict[str, int]] = {}
    for (kind, source), count in sorted(counts.items()):
        table.setdefault(kind, {})[source] = count
    return table


def _scores(scores: ClassScores) -> dict[str, Any]:
    body = asdict(scores)
    body["f1"] = {kind: round(value, _PLACES) for kind, value in scores.f1.items()}
    return {
        name: round(value, _PLACES) if isinstance(value, float) else value
        for name, value in body.items()
    }
