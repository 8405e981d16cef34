"""Which hashes a model knows, and how much each counts in a text."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Buckets = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

BITS = 18
_UNKNOWN = -1


@dataclass(frozen=True)
class Vocabulary:
    """The known buckets, each a row of the model's weights, and how rare each is.

    `rows` has the row of each of the 2**18 buckets, -1 for the unknown.
    """

    buckets: Buckets
    rarity: Numbers
    rows: Buckets

    @classmethod
    def of(cls, buckets: Buckets, rarity: Numbers) -> Self:
        """Return the vocabulary of these buckets, in this order."""
        rows = np.full(1 << BITS, _UNKNOWN, dtype=np.int64)
        rows[buckets] = np.arange(len(buckets))
        return cls(buckets, rarity, rows)

    def weigh(self, found: Buckets) -> tuple[Buckets, Numbers]:
        """Return the rows found, ascending, and their weights: a vector of length one.

        A bucket counts once however often it is found, or a text could talk itself into a type,
        and a rare one counts more. Empty for nothing known.
        """
        rows = self.rows[found]
        is_found = np.zeros(len(self.buckets) + 1, dtype=np.bool_)
        is_found[rows] = True  # the last place is that of the unknown, -1
        known = np.flatnonzero(is_found[:-1])
        weights = self.rarity[known]
        length = np.sqrt(weights @ weights)
        return known, weights / length if length else weights
