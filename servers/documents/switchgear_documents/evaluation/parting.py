"""How well files of several documents are parted: a wrong parting weighs more than a question."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from switchgear_documents.evaluation.observations import Observation
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.routing import doubts_about


@dataclass
class PartScores:
    """Files whose parts are known: `several` hold more than one document.

    `right` were parted as they are, `wrong` otherwise or though they are one document, `asked` went
    to a person, and `unseen` went on as one document with nobody asked.
    """

    files: int = 0
    several: int = 0
    right: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list[str])
    unseen: list[str] = field(default_factory=list[str])

    @property
    def precision(self) -> float:
        """The share of the parted files that were parted as they are."""
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        """The share of the files of several documents that were parted as they are."""
        return self.right / max(self.several, 1)


def score_parts(observations: Iterable[Observation]) -> PartScores | None:
    """Return the scores of the files whose parts are known, None where there are none."""
    scores = PartScores()
    for seen in observations:
        if seen.entry.parts:
            _add(scores, seen)
    return scores if scores.files else None


def _add(scores: PartScores, seen: Observation) -> None:
    truth = seen.entry.parts
    scores.files += 1
    scores.several += len(truth) > 1
    reading = seen.reading
    if reading is not None and reading.document_type == BUNDLE:
        if tuple((part.first, part.last) for part in reading.parts) == truth and len(truth) > 1:
            scores.right += 1
        else:
            scores.wrong.append(seen.entry.path)
    elif len(truth) > 1:
        if reading is None or doubts_about(reading):
            scores.asked += 1
        else:
            scores.unseen.append(seen.entry.path)
