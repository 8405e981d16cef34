"""Pages as one running text, for readers of sentences that care for no layout."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.words import Cell, Page


class Prose:
    """The pages as one text, and the cell that each letter of it stands in."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._cells = [cell for page in pages for cell in page.cells]
        self.text = " ".join(cell.text for cell in self._cells)
        lengths = (len(cell.text) + 1 for cell in self._cells)
        self._starts = [0, *accumulate(lengths)]

    def cell_at(self, start: int) -> Cell:
        """Return the cell that the letter at `start` stands in."""
        return self._cells[self._place(start)]

    def candidate(self, value: str, start: int, end: int, score: float) -> Candidate:
        """Return the value as one that stands from `start` to `end` of the text."""
        place = self._place(start)
        cell = self._cells[place]
        offset = self._starts[place]
        return Candidate(value, cell.part(start - offset, max(end - offset, 1)), score)

    def _place(self, start: int) -> int:
        return min(bisect_right(self._starts, start) - 1, len(self._cells) - 1)
