"""A draft as a PDF, or as the picture of its first page."""

from io import BytesIO
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import pypdfium2

from switchgear_documents.generating.blocks import (
    Block,
    Columns,
    Draft,
    Lines,
    Pairs,
    Paragraph,
    Table,
    Title,
)

_FONTS = (
    ("Helvetica", "Helvetica-Bold"),
    ("Times-Roman", "Times-Bold"),
    ("Courier", "Courier-Bold"),
)
_POINTS_PER_INCH = 72
_MOST_DEGREES = 0.8


def to_pdf(draft: Draft, rng: Random) -> bytes:
    """Return a PDF of one or more pages; the same bytes for the same draft and chance."""
    from reportlab.lib.pagesizes import A4, LETTER  # noqa: PLC0415 - costs start-up time
    from reportlab.lib.units import mm  # noqa: PLC0415 - same
    from reportlab.platypus import SimpleDocTemplate, Spacer  # noqa: PLC0415 - same

    size = (80 * mm, 240 * mm) if draft.is_narrow else rng.choice((A4, LETTER))
    margin = (4 if draft.is_narrow else rng.choice((15, 20, 25))) * mm
    styles = _styles(rng, is_narrow=draft.is_narrow)
    width = size[0] - 2 * margin - 12
    story: list[Any] = []
    for block in draft.blocks:
        story += [*_flowables(block, styles, width), Spacer(1, styles["gap"])]
    file = BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), margin)
    SimpleDocTemplate(file, pagesize=size, invariant=1, **margins).build(story)
    return file.getvalue()


def to_png(draft: Draft, rng: Random) -> bytes:
    """Return the first page as a scanner gives it: grey, and a little askew."""
    document = pypdfium2.PdfDocument(to_pdf(draft, rng))
    try:
        scale: Any = rng.choice((130, 150, 200)) / _POINTS_PER_INCH  # declared as a whole number
        image = document[0].render(scale=scale).to_pil()
    finally:
        document.close()
    askew = rng.uniform(-_MOST_DEGREES, _MOST_DEGREES)
    file = BytesIO()
    image.convert("L").rotate(askew, expand=True, fillcolor=255).save(file, format="PNG")
    return file.getvalue()


def _styles(rng: Random, *, is_narrow: bool) -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - costs start-up time

    plain, bold = rng.choice(_FONTS)
    size = rng.choice((7, 8)) if is_narrow else rng.choice((8.5, 9.5, 10.5))
    text = ParagraphStyle("text", fontName=plain, fontSize=size, leading=size * 1.3)
    large = size * (1.2 if is_narrow else rng.choice((1.3, 1.7, 2.1)))
    return {
        "text": text,
        "right": ParagraphStyle("right", text, alignment=2),
        "bold": ParagraphStyle("bold", text, fontName=bold),
        "title": ParagraphStyle(
            "title",
            text,
            fontName=bold,
            fontSize=large,
            leading=large * 1.25,
            alignment=rng.choice((0, 0, 1)),
        ),
        "gap": rng.choice((4, 8, 12)),
        "rule": rng.random() < 0.5,  # noqa: PLR2004 - half of the tables have rules
    }


def _flowables(block: Block, styles: dict[str, Any], width: float) -> list[Any]:
    match block:
        case Title(text):
            return [_paragraph(text, styles["title"])]
        case Paragraph(text):
            return [_paragraph(text, styles["text"])]
        case Lines(lines):
            return [_paragraph(line, styles["text"]) for line in lines if line]
        case Pairs(pairs):
            rows = [
                [_paragraph(label, styles["text"]), _paragraph(value, styles["right"])]
                for label, value in pairs
            ]
            return [_table(rows, [width * 0.6, width * 0.4], styles)]
        case Columns(left, right):
            cells = [
                [_paragraph(line, styles["text"]) for line in side] or "" for side in (left, right)
            ]
            return [_table([cells], [width / 2, width / 2], styles)]
        case Table(head, rows):
            body = [[_paragraph(cell, styles["bold"]) for cell in head]]
            body += [[_paragraph(cell, styles["text"]) for cell in row] for row in rows]
            return [_table(body, _widths(head, rows, width), styles, rule=styles["rule"])]


def _widths(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], width: float) -> list[float]:
    needs = [max(map(len, column)) + 2 for column in zip(head, *rows, strict=True)]
    return [width * need / sum(needs) for need in needs]


def _paragraph(text: str, style: Any) -> Any:
    from reportlab.platypus import Paragraph as Flowing  # noqa: PLC0415 - costs start-up time

    return Flowing(escape(text), style)


def _table(
    rows: list[list[Any]], widths: list[float], styles: dict[str, Any], *, rule: bool = False
) -> Any:
    from reportlab.platypus import Table as Grid  # noqa: PLC0415 - costs start-up time

    looks: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), styles["gap"] / 4),
    ]
    if rule:
        looks.append(("GRID", (0, 0), (-1, -1), 0.4, "#888888"))
    return Grid(rows, colWidths=widths, style=looks)
