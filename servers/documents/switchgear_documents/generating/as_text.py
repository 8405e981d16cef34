"""A draft as plain text, as Markdown and as HTML."""

import textwrap
from collections.abc import Iterator
from html import escape
from random import Random

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

_NARROW = 40


def to_text(draft: Draft, rng: Random) -> bytes:
    """Return plain text, as wide as the draft's paper; UTF-8."""
    width = _NARROW if draft.is_narrow else rng.choice((72, 80, 96))
    gap = "\n" if draft.is_narrow else rng.choice(("\n", "\n\n"))
    is_centred = rng.random() < (0.6 if draft.is_narrow else 0.2)
    parts = [
        "\n".join(
            line.center(width).rstrip() if is_centred and isinstance(block, Title) else line
            for line in _text_lines(block, width)
        )
        for block in draft.blocks
    ]
    return (gap.join(parts) + "\n").encode()


def _text_lines(block: Block, width: int) -> Iterator[str]:
    match block:
        case Title(text):
            yield text
        case Paragraph(text):
            yield from textwrap.wrap(text, width)
        case Lines(lines):
            yield from lines
        case Pairs(pairs):
            yield from (f"{label} {value}".strip() for label, value in pairs)
        case Columns(left, right):
            for place in range(max(len(left), len(right))):
                one = left[place] if place < len(left) else ""
                other = right[place] if place < len(right) else ""
                yield f"{one:<{width // 2}}  {other}".rstrip()
        case Table(head, rows):
            widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
            for row in (head, *rows):
                cells = (f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True))
                yield "  ".join(cells).rstrip()


def to_markdown(draft: Draft, rng: Random) -> bytes:
    """Return Markdown; UTF-8."""
    mark = rng.choice(("# ", "## ", "**"))
    return "\n\n".join("\n".join(_marked(block, mark)) for block in draft.blocks).encode()


def _marked(block: Block, mark: str) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"**{text}**" if mark == "**" else f"{mark}{text}"
        case Pairs(pairs):
            yield from (f"**{label}** {value}  " for label, value in pairs)
        case Table(head, rows):
            yield f"| {' | '.join(head)} |"
            yield f"|{'---|' * len(head)}"
            yield from (f"| {' | '.join(row)} |" for row in rows)
        case Columns(left, right):
            yield from (f"{line}  " for line in (*left, *right))
        case Lines(lines):
            yield from (f"{line}  " for line in lines)
        case Paragraph(text):
            yield text


def to_html(draft: Draft, rng: Random) -> bytes:
    """Return a whole HTML page; UTF-8."""
    heading = rng.choice(("h1", "h2", "p"))
    body = "\n".join("".join(_tagged(block, heading)) for block in draft.blocks)
    head = f'<head><meta charset="utf-8"><title>{draft.language}</title></head>'
    return f"<!DOCTYPE html>\n<html>{head}\n<body>\n{body}\n</body></html>\n".encode()


def _tagged(block: Block, heading: str) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"<{heading}>{escape(text)}</{heading}>"
        case Paragraph(text):
            yield f"<p>{escape(text)}</p>"
        case Lines(lines):
            yield f"<p>{'<br>'.join(map(escape, lines))}</p>"
        case Pairs(pairs):
            rows = (f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in pairs)
            yield f"<table>{''.join(rows)}</table>"
        case Columns(left, right):
            cells = (f"<td>{'<br>'.join(map(escape, side))}</td>" for side in (left, right))
            yield f"<table><tr>{''.join(cells)}</tr></table>"
        case Table(head, rows):
            names = "".join(f"<th>{escape(name)}</th>" for name in head)
            yield f"<table><tr>{names}</tr>"
            for row in rows:
                yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
            yield "</table>"
