"""What a model is worth on documents it never saw, and how sure it may be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from switchgear_documents.evaluation.classes import ClassScores, Verdict, score_classes
from switchgear_documents.reading.classifier import MOST_SURE
from switchgear_documents.reading.model import Model
from switchgear_documents.reading.vocabulary import Numbers
from switchgear_documents.training.examples import Example
from switchgear_documents.training.fitting import fit

_TEMPERATURES = tuple(step / 20 for step in range(8, 61))


@dataclass(frozen=True)
class Judged:
    """An example with the probability of each type, by a model that did not learn from it."""

    example: Example
    types: tuple[str, ...]
    probabilities: Numbers

    def at(self, temperature: float) -> Numbers:
        """Return the probabilities as another temperature would have them."""
        powers = np.maximum(self.probabilities, 1e-300) ** (1 / temperature)
        return powers / powers.sum()


def validate(examples: Sequence[Example], folds: Sequence[Sequence[int]]) -> list[Judged]:
    """Judge each fold by what was learned from all other examples, the invented ones too.

    Of several readings of a document the first is judged.
    """
    judged: list[Judged] = []
    for fold in folds:
        away = set(fold)
        done: set[str] = set()
        held = [examples[place] for place in fold if examples[place].is_judged]
        if not held:
            continue
        model = fit([example for place, example in enumerate(examples) if place not in away])
        for example in held:
            if example.document not in done:
                done.add(example.document)
                judged.append(_judge(model, example))
    return judged


def _judge(model: Model, example: Example) -> Judged:
    probabilities, _ = model.judge(example.seen)
    return Judged(example, model.types, probabilities)


def best_temperature(judged: Sequence[Judged]) -> float:
    """Return the temperature under which the truth was likeliest; 1 for nothing judged."""

    def surprise(temperature: float) -> float:
        return -sum(
            float(np.log(one.at(temperature)[one.types.index(one.example.document_type)] + 1e-12))
            for one in judged
            if one.example.document_type in one.types
        )

    return min(_TEMPERATURES, key=surprise) if judged else 1.0


def scores(judged: Sequence[Judged], temperature: float) -> ClassScores | None:
    """Return the scores of the verdicts at this temperature."""
    verdicts: list[Verdict] = []
    for one in judged:
        probabilities = one.at(temperature)
        best = int(probabilities.argmax())
        sure = min(float(probabilities[best]), MOST_SURE)
        verdicts.append(Verdict(one.types[best], one.example.document_type, sure))
    return score_classes(verdicts)


def calibrated(model: Model, temperature: float) -> Model:
    """Return the model with this temperature."""
    return replace(model, temperature=temperature)
