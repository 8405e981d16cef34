"""Search over tools by what they do: BM25 on names, descriptions and parameters."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from switchgear_shared.calls.description import ToolDescription

_WORD = re.compile(r"[a-z0-9]+")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+")
_NAME_WEIGHT = 4
_SUMMARY_WEIGHT = 3
_NOISE_WORDS = (
    "a an and any are as at be by can do does for from get give have how i in into is it many me "
    "much my need of on or our please show some tell that the there this to us use want we what "
    "when where which who with you your"
)
_NOISE = frozenset(_NOISE_WORDS.split())


class ToolIndex:
    """An index over a fixed set of tools (Robertson and Zaragoza, BM25, by bm25s)."""

    def __init__(self, tools: Sequence[ToolDescription]) -> None:
        import bm25s  # noqa: PLC0415 - brings numpy; only who searches pays for it

        logging.getLogger("bm25s").setLevel(logging.WARNING)

        self._tools = list(tools)
        self._index = bm25s.BM25()
        if self._tools:
            names = frozenset(tool.name for tool in self._tools)
            texts = [_text(tool, names) for tool in self._tools]
            self._index.index(texts, show_progress=False)

    def search(
        self, query: str, among: set[str], limit: int
    ) -> list[tuple[ToolDescription, float]]:
        """Return the tools named in `among` that share a word with the query, best first."""
        words = [word for word in _words(query) if word not in _NOISE]
        known = [word for word in words if word in self._index.vocab_dict] if self._tools else []
        if not known:
            return []
        scores = self._index.get_scores(known)
        ranked = sorted(
            (
                (tool, float(score))
                for tool, score in zip(self._tools, scores, strict=True)
                if score > 0 and tool.name in among
            ),
            key=lambda hit: (-hit[1], hit[0].name),
        )
        return ranked[:limit]


def _text(tool: ToolDescription, names: frozenset[str]) -> list[str]:
    """Return a tool's words, its name and summary weighted; where it names others is not its own.

    "The id that documents_submit answered" says nothing of submitting.
    """
    parameters = tool.input_schema.get("properties", {})
    described = " ".join(
        f"{key.replace('_', ' ')} {value.get('description', '')}"
        for key, value in parameters.items()
        if key not in ("idempotency_key", "dry_run", "preview_digest", "cursor", "limit")
    )
    summary, _, rest = tool.description.partition("\n")
    name, summary_words, rest_words, parameter_words = (
        _words(_NAME.sub(lambda found: "" if found.group() in names else found.group(), text))
        for text in (tool.name.replace("_", " "), summary, rest, described)
    )
    return [*name * _NAME_WEIGHT, *summary_words * _SUMMARY_WEIGHT, *rest_words, *parameter_words]


def _words(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower())]


def _stem(word: str) -> str:
    """Cut the plainest English endings, so that `invoices` finds `invoice`."""
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - a stem
            stem = word[: -len(ending)]
            return stem + "y" if ending == "ies" else stem.removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word  # noqa: PLR2004 - a stem
