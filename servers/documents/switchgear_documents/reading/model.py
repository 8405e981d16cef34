"""A linear model over what is seen of a text, read from an archive of plain arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from switchgear_documents.reading.features import Features
from switchgear_documents.reading.reading import DOCUMENT_TYPES, DocumentType
from switchgear_documents.reading.vocabulary import Buckets, Numbers, Vocabulary

Weights = npt.NDArray[np.int8]

_MOST = 127


@dataclass(frozen=True)
class Part:
    """The hashed words or letters that are known, and what each says for each type.

    `weights` has a row for each known bucket and a column for each type, in units of `unit`.
    """

    vocabulary: Vocabulary
    weights: Weights
    unit: Numbers

    @classmethod
    def of(cls, vocabulary: Vocabulary, weights: Numbers) -> Self:
        """Return the part with its weights in 255 steps for each type."""
        unit = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-12) / _MOST
        return cls(vocabulary, np.rint(weights / unit).astype(np.int8), unit)

    def score(self, found: Buckets) -> tuple[Numbers, int]:
        """Return what the text's hashes say for each type, and how many of them are known."""
        rows, values = self.vocabulary.weigh(found)
        return (values @ self.weights[rows]) * self.unit, len(rows)


@dataclass(frozen=True)
class Model:
    """What was learned: the types in order, and how every feature speaks for each."""

    types: tuple[DocumentType, ...]
    words: Part
    letters: Part
    plain: Numbers
    bias: Numbers
    temperature: float

    def judge(self, seen: Features) -> tuple[Numbers, int]:
        """Return the probability of each type, in the order of `types`, and the words known."""
        words, known = self.words.score(seen.words)
        letters, _ = self.letters.score(seen.letters)
        scores = (words + letters + seen.plain @ self.plain + self.bias) / self.temperature
        powers = np.exp(scores - scores.max())
        return powers / powers.sum(), known

    def save(self, file: Path) -> None:
        """Write the arrays, compressed; nothing in the file is code."""
        arrays: dict[str, Any] = {
            "types": np.array(self.types),
            **_arrays("words", self.words),
            **_arrays("letters", self.letters),
            "plain": self.plain.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "temperature": np.array(self.temperature, dtype=np.float32),
        }
        np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote; raises ValueError for anything else, and for pickled objects."""
        with np.load(file, allow_pickle=False) as arrays:
            names = tuple(str(name) for name in arrays["types"])
            if not set(names) <= set(DOCUMENT_TYPES):
                raise ValueError(f"{file.name} speaks of types that are unknown: {names}")
            return cls(
                types=tuple(names),
                words=_part("words", arrays),
                letters=_part("letters", arrays),
                plain=arrays["plain"].astype(np.float64),
                bias=arrays["bias"].astype(np.float64),
                temperature=float(arrays["temperature"]),
            )


def _arrays(name: str, part: Part) -> dict[str, Any]:
    return {
        f"{name}_buckets": part.vocabulary.buckets.astype(np.int32),
        f"{name}_rarity": part.vocabulary.rarity.astype(np.float16),
        f"{name}_weights": part.weights,
        f"{name}_unit": part.unit.astype(np.float32),
    }


def _part(name: str, arrays: "np.lib.npyio.NpzFile") -> Part:
    buckets = arrays[f"{name}_buckets"].astype(np.int64)
    vocabulary = Vocabulary.of(buckets, arrays[f"{name}_rarity"].astype(np.float64))
    weights: Weights = arrays[f"{name}_weights"]
    return Part(vocabulary, weights, arrays[f"{name}_unit"].astype(np.float64))
