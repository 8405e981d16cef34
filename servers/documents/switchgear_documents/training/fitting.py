"""From examples to a model: which hashes to know, and logistic regression over them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from switchgear_documents.reading.model import Model, Part
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.vocabulary import BITS, Buckets, Numbers, Vocabulary
from switchgear_documents.training.examples import Example
from switchgear_shared.errors import InvalidRequestError

Kind = Literal["words", "letters"]

_LEAST_DOCUMENTS = {"words": 4, "letters": 8}
_LEAST_SOURCES = 2
_STRENGTH = 10.0
_MOST_STEPS = 120


def fit(examples: Sequence[Example]) -> Model:
    """Return a model of temperature 1 that was fitted to the examples; the same for the same.

    A hash of words is known if it stands in four documents, one of letters in eight, of two
    sources at least, so that what only one
    source says, its names above all, is no part of the model. Types weigh by the square root of
    their number.

    Raises:
        InvalidRequestError: there are fewer than two types, or scikit-learn is not installed.
    """
    regression, stacked = _tools()
    types: list[DocumentType] = sorted({example.document_type for example in examples})
    if len(types) < 2:  # noqa: PLR2004 - one type leaves nothing to decide
        raise InvalidRequestError("there must be documents of two types at least to learn from")
    words = _vocabulary(examples, "words")
    letters = _vocabulary(examples, "letters")
    plain = np.stack([example.seen.plain for example in examples])
    rows = (_rows(words, examples, "words"), _rows(letters, examples, "letters"), plain)
    matrix = stacked([part.astype(np.float32) for part in rows])  # twice as fast, no less right
    truth = [example.document_type for example in examples]
    counts = Counter(truth)
    weights = np.array([counts[kind] ** -0.5 for kind in truth])
    fitted = regression(C=_STRENGTH, max_iter=_MOST_STEPS)
    fitted.fit(matrix, truth, sample_weight=weights / weights.mean())
    learned, bias = _each_type(np.asarray(fitted.coef_).T, np.asarray(fitted.intercept_))
    ends = np.cumsum([len(words.buckets), len(letters.buckets)])
    return Model(
        types=tuple(types),
        words=Part.of(words, learned[: ends[0]]),
        letters=Part.of(letters, learned[ends[0] : ends[1]]),
        plain=learned[ends[1] :],
        bias=bias,
        temperature=1.0,
    )


def _tools() -> tuple[Any, Any]:
    try:
        from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - only for training
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - same
    except ImportError as error:
        raise InvalidRequestError(
            "training needs scikit-learn: install switchgear-documents[train]"
        ) from error

    def stacked(parts: Sequence[Any]) -> Any:
        return hstack([csr_matrix(part) for part in parts]).tocsr()

    return LogisticRegression, stacked


def _each_type(learned: Numbers, bias: Numbers) -> tuple[Numbers, Numbers]:
    """Return a column for each type: of two types, only the second one's is learned."""
    if learned.shape[1] > 1:
        return learned, bias
    return np.hstack([-learned / 2, learned / 2]), np.concatenate([-bias / 2, bias / 2])


def _hashes(example: Example, kind: Kind) -> Buckets:
    return example.seen.words if kind == "words" else example.seen.letters


def _vocabulary(examples: Sequence[Example], kind: Kind) -> Vocabulary:
    documents = np.zeros(1 << BITS, dtype=np.int64)
    sources = np.zeros(1 << BITS, dtype=np.int64)
    of_source: defaultdict[str, list[Buckets]] = defaultdict(list)
    for example in examples:
        found = np.unique(_hashes(example, kind))
        documents[found] += 1
        of_source[example.source].append(found)
    for hashes in of_source.values():
        sources[np.unique(np.concatenate(hashes))] += 1
    known = np.flatnonzero((documents >= _LEAST_DOCUMENTS[kind]) & (sources >= _LEAST_SOURCES))
    rarity = np.log((1 + len(examples)) / (1 + documents[known])) + 1
    return Vocabulary.of(known, rarity)


def _rows(vocabulary: Vocabulary, examples: Sequence[Example], kind: Kind) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only for training

    weighed = [vocabulary.weigh(_hashes(example, kind)) for example in examples]
    starts = np.cumsum([0, *(len(rows) for rows, _ in weighed)])
    places = np.concatenate([rows for rows, _ in weighed])
    values = np.concatenate([weights for _, weights in weighed])
    return csr_matrix((values, places, starts), shape=(len(examples), len(vocabulary.buckets)))
