"""The lines of a slip: tills set letters of one width, so that gaps in a line part nothing."""

import re
from collections.abc import Sequence
from itertools import pairwise

from switchgear_documents.reading.words import Cell

NUMBERS = re.compile(r"\d[.,]\d\d\b|\d\d?[/.:-]\d\d?[/.:-]\d\d|\d:\d\d")
"""Amounts, days and times: what stands in columns on a slip."""


def joined(line: Sequence[Cell], gap: float, ends: re.Pattern[str]) -> Cell:
    """Return the line's first cell with those after it, up to a wider gap or what `ends` it.

    The gap is a share of the page's width.
    """
    words = line[0].words
    for before, cell in pairwise(line):
        is_apart = cell.box.left - before.box.right > gap
        if is_apart or ends.match(cell.text) or NUMBERS.search(cell.text):
            break
        words = (*words, *cell.words)
    return Cell(words, line[0].page, line[0].line)
