"""How documents are parted into those to learn from and those to judge."""

from collections import defaultdict
from collections.abc import Sequence

from switchgear_documents.training.duplicates import clusters
from switchgear_documents.training.examples import Example

FOLDS = 5
_LEAST_SOURCES = 3


def in_folds(examples: Sequence[Example]) -> list[list[int]]:
    """Return the places of real examples in five folds; the invented ones are in none.

    Near-duplicates stay together. Where a type has documents of three sources or more, a source
    stays together too, so that each is judged by what was learned from others. Groups go, large
    ones first, to the fold that has fewest of their type.
    """
    groups = _groups(examples)
    folds: list[list[int]] = [[] for _ in range(FOLDS)]
    filled: defaultdict[str, list[int]] = defaultdict(lambda: [0] * FOLDS)
    for name in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        kind = filled[examples[groups[name][0]].document_type]
        fold = kind.index(min(kind))
        kind[fold] += len(groups[name])
        folds[fold] += groups[name]
    return [sorted(fold) for fold in folds if fold]


def by_source(examples: Sequence[Example]) -> list[list[int]]:
    """Return the places of real examples, one list for each source: the harder question."""
    sources: defaultdict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        if not example.is_invented:
            sources[example.source].append(place)
    return [sources[name] for name in sorted(sources)]


def _groups(examples: Sequence[Example]) -> dict[str, list[int]]:
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        if not example.is_invented:
            sources[example.document_type].add(example.source)
    real = [place for place, example in enumerate(examples) if not example.is_invented]
    alike = clusters([examples[place] for place in real])
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for place, cluster in zip(real, alike, strict=True):
        example = examples[place]
        apart = len(sources[example.document_type]) >= _LEAST_SOURCES
        name = f"source {example.source}" if apart else f"cluster {cluster:06d}"
        groups[f"{example.document_type} {name}"].append(place)
    return groups
