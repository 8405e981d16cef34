"""Documents that are nearly the same, so that none is learned from and judged at once."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from switchgear_documents.reading.vocabulary import Buckets
from switchgear_documents.training.examples import Example

_BANDS = 32
_ROWS = 3
_ALIKE = 0.5
_PRIME = np.uint64(4_294_967_311)


def clusters(examples: Sequence[Example]) -> list[int]:
    """Return a number for each example, equal for those linked by likeness.

    Two are alike if at least half of all words and pairs of words that either has are in both;
    candidates are found by MinHash (32 bands of 3), which misses one such pair in a hundred at the
    limit and none far above it. Readings of one document belong together whatever they say.
    """
    words = [np.unique(example.seen.words) for example in examples]
    joined = list(range(len(examples)))

    def root(place: int) -> int:
        while joined[place] != place:
            joined[place] = joined[joined[place]]
            place = joined[place]
        return place

    same: defaultdict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        same[f"{example.is_invented} {example.document}"].append(place)
    for places in same.values():
        for one, other in pairwise(places):
            joined[root(other)] = root(one)
    for one, other in sorted(_candidates(words)):
        if root(one) != root(other) and _likeness(words[one], words[other]) >= _ALIKE:
            joined[root(other)] = root(one)
    return [root(place) for place in range(len(examples))]


def _candidates(words: Sequence[Buckets]) -> set[tuple[int, int]]:
    rng = np.random.default_rng(17)
    count = _BANDS * _ROWS
    factors = rng.integers(1, 1 << 31, size=count, dtype=np.uint64)
    shifts = rng.integers(0, 1 << 31, size=count, dtype=np.uint64)
    boxes: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, found in enumerate(words):
        if not len(found):
            continue
        hashed = (found.astype(np.uint64)[:, None] * factors + shifts) % _PRIME
        least = hashed.min(axis=0)
        for band in range(_BANDS):
            boxes[band, least[band * _ROWS : (band + 1) * _ROWS].tobytes()].append(place)
    return {pair for places in boxes.values() for pair in pairwise(places)}


def _likeness(one: Buckets, other: Buckets) -> float:
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)
