"""The type of a document by its words, with a confidence that was measured."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from switchgear_documents.reading.features import features
from switchgear_documents.reading.model import Model
from switchgear_documents.reading.reading import DocumentType, TypeCandidate

CLASSIFIER = "words/1"
WEIGHTS = Path(__file__).parent / "model" / "weights.npz"

MOST_SURE = 0.99
_UNKNOWN = 0.25
_LEAST_WORDS = 3
_FEW_WORDS = 25
_SURE_ON_FEW = 0.85
_SHOWN = 3


@dataclass(frozen=True)
class Verdict:
    """The likeliest type, and how often such a verdict is right."""

    document_type: DocumentType
    confidence: float
    candidates: tuple[TypeCandidate, ...] = field(default=(), compare=False)


@cache
def model() -> Model:
    """Return the model that ships with the reader, loaded once in a process."""
    return Model.load(WEIGHTS)


def classify(text: str) -> Verdict:
    """Return the likeliest type; `other` with low confidence where hardly a word is known.

    On fewer than 25 known words and pairs no verdict is surer than 0.85.
    """
    return judged(model(), text)


def judged(by: Model, text: str) -> Verdict:
    """Return the verdict of a model on a text."""
    probabilities, known = by.judge(features(text))
    if known < _LEAST_WORDS:
        return Verdict("other", _UNKNOWN)
    best = int(probabilities.argmax())
    most = MOST_SURE if known >= _FEW_WORDS else _SURE_ON_FEW
    likeliest = tuple(
        TypeCandidate(document_type=by.types[place], confidence=round(float(share), 4))
        for place, share in sorted(enumerate(probabilities), key=lambda pair: -pair[1])[:_SHOWN]
    )
    return Verdict(by.types[best], round(min(float(probabilities[best]), most), 4), likeliest)
