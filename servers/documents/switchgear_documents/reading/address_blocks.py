"""The heads of address blocks: who stands in the window, and names that take two lines."""

import re
from collections.abc import Container, Mapping
from itertools import pairwise, product

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import (
    ADDRESS,
    LEGAL_FORM,
    is_beside_the_name,
    is_like_a_name,
    name_key,
    named_by_form,
    tidy,
)
from switchgear_documents.reading.words import Cell, Page

_ENDS_AN_ADDRESS = re.compile(
    r"^(?:[A-Z]{1,2}-)?\d{4,6} [^\W\d_]{2,}|@"
    r"|^(?:t|tel|phone|tél|fax|telefo\w+|téléphone)\b\W*[+\d]",
    re.IGNORECASE,
)

_WINDOW_TOP, _WINDOW_BOTTOM = 0.08, 0.45
_MARGIN = 0.02
_BLOCK_LINES, _WINDOW_LINES = 7, 45
_ADDRESS_LINE = 60
_LEADING, _ONE_PRINT = 1.2, 0.25
_IN_THE_WINDOW = 0.6


def addressee(page: Page, supplier: Candidate | None) -> Candidate | None:
    """Return who stands in the window: the head of the first address that is not the sender's."""
    ours = name_key(supplier.value) if supplier else ""
    for number, line in enumerate(page.lines[:_WINDOW_LINES]):
        for cell in line:
            is_in_window = _WINDOW_TOP < cell.box.top < _WINDOW_BOTTOM
            if not is_in_window or len(cell.text) > _ADDRESS_LINE or not ADDRESS.search(cell.text):
                continue
            block = _block_above(page, number, cell)
            if ours and any(ours in name_key(part.text) for part in block):
                continue
            names = [part for part in block if is_like_a_name(part.text) or named_by_form(part)]
            names = [part for part in names if not is_beside_the_name(part.text)]
            if names:
                return Candidate(tidy(names[0].text), names[0], _IN_THE_WINDOW)
    return None


def _block_above(page: Page, number: int, cell: Cell) -> list[Cell]:
    """Return the lines of the block that the cell ends, from its top; another's end parts them."""
    block = [cell]
    for line in reversed(page.lines[max(0, number - _BLOCK_LINES) : number]):
        near = [other for other in line if abs(other.box.left - cell.box.left) < _MARGIN]
        if not near:
            continue
        is_apart = block[-1].box.top - near[0].box.bottom > _LEADING * page.line_height
        if is_apart or _ENDS_AN_ADDRESS.search(near[0].text):
            break
        block.append(near[0])
    return block[::-1]


def whole_name(
    name: Candidate | None,
    pages: Mapping[int, Page],
    headings: Container[tuple[int, int, float]],
    of_a_heading: Container[str],
) -> Candidate | None:
    """Return the name with its first line, where the one with the legal form is its second.

    A second line that stands alone elsewhere is a name, and what is above it a brand, unless a
    heading names both.
    """
    if name is None or not name.cell.line:
        return name
    page = pages[name.cell.page]
    around = page.lines[max(0, name.cell.line - 2) : name.cell.line + 1]
    cells = [cell for line in around for cell in line if name_key(cell.text)]
    for above, below in product(cells, cells):
        if name.value not in (tidy(above.text), tidy(below.text)) or not _follows(above, below):
            continue
        if (above.page, above.line, above.box.left) in headings:
            continue
        key, first = name_key(below.text), name_key(above.text)
        named = [name_key(cell.text) for p in pages.values() for cell in p.cells]
        alone = sum(one.startswith(key) and before != first for before, one in pairwise(named))
        if not alone or first in of_a_heading or key in of_a_heading:
            joined = f"{tidy(above.text)} {tidy(below.text)}"
            both = Cell((*above.words, *below.words), above.page, above.line)
            return name._replace(value=joined, cell=both)
    return name


def _follows(above: Cell, below: Cell) -> bool:
    """Tell whether two cells are the lines of one name, in one print and with one left edge."""
    if below.line != above.line + 1 or abs(above.box.left - below.box.left) > _MARGIN:
        return False
    is_near = below.box.top - above.box.bottom < _LEADING * above.box.height
    is_one_print = abs(above.box.height - below.box.height) < _ONE_PRINT * above.box.height
    is_formless = is_like_a_name(above.text) and not LEGAL_FORM.search(above.text)
    is_name = (
        is_formless and not is_beside_the_name(above.text) and named_by_form(below) is not None
    )
    return is_near and is_one_print and is_name and not ADDRESS.search(below.text)
