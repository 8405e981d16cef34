"""Stacks of papers in one file, as people scan them, and the truth of where each begins."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pypdfium2
from PIL import Image

from switchgear_documents.generating import prose
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.blocks import Block, Draft, Lines, Pairs, Table, Title
from switchgear_documents.generating.collection import SOURCE
from switchgear_documents.generating.trade import trade
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading.cutting import timeless
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.samples.invoice import Party

_SCANNED_DPI = 150
_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Stack:
    """A file and what is true of it; `variant` names the strangest thing about it."""

    data: bytes
    ending: str
    parts: tuple[tuple[int, int], ...]
    language: str
    variant: str


def stack(place: int, seed: int, *, is_scan: bool = False) -> Stack:
    """Return stack number `place` of this seed: one to six invoices to one buyer, and more."""
    rng = Random(f"{seed}/{place}/stack")  # noqa: S311 - chance to repeat, not to hide
    language = LANGUAGES[place % len(LANGUAGES)]
    variant = rng.choice(tuple(_VARIANTS))
    count = 1 if rng.random() < 0.2 else rng.randint(2, 6)  # noqa: PLR2004 - one file in five is one document
    strange = rng.randrange(count)
    chance = Random(f"{seed}/{place}/buyer")  # noqa: S311 - same
    to_whom = Voice(chance, language)
    buyer = to_whom.party(to_whom.company())
    files: list[bytes] = []
    parts: list[tuple[int, int]] = []
    for number in range(count):
        drafts = _VARIANTS[variant if number == strange else "plain"](Voice(rng, language), buyer)
        look = rng.random()
        pages = [to_pdf(draft, Random(look)) for draft in drafts]  # noqa: S311 - same
        first = parts[-1][1] + 1 if parts else 1
        parts.append((first, first + sum(map(_count, pages)) - 1))
        files += pages
    data = bound(files)
    if is_scan:
        return Stack(_scanned(data, rng), "tif", tuple(parts), language, variant)
    return Stack(data, "pdf", tuple(parts), language, variant)


def generate_stacks(folder: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Write `count` stacks, one in ten as a scan, and return their manifest.

    Stack number n is the same whatever the count. The folder is made; files of the same names are
    replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for place in range(count):
        made = stack(place, seed, is_scan=place % 10 == 9)  # noqa: PLR2004 - the last of ten
        name = f"{place:05d}_stack_{made.language}_{made.variant}.{made.ending}"
        (folder / name).write_bytes(made.data)
        rows.append(
            {
                "path": name,
                "class": BUNDLE if len(made.parts) > 1 else "invoice",
                "format": made.ending,
                "parts": made.parts,
                "language": made.language,
                "source": f"{SOURCE}/stack-{made.variant}",
                "synthetic": True,
                "sha256": sha256(made.data).hexdigest(),
                "bytes": len(made.data),
            }
        )
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return rows


def _invoice(voice: Voice, buyer: Party) -> Draft:
    return trade(voice, "credit_note" if voice.chance(0.1) else "invoice", buyer=buyer)


def _plain(voice: Voice, buyer: Party) -> list[Draft]:
    return [_invoice(voice, buyer)]


def _counted(voice: Voice, buyer: Party) -> list[Draft]:
    """Return an invoice on two pages that say which they are."""
    return _on_two_pages(voice, buyer, counts=True, number=voice.chance(0.5))


def _headed(voice: Voice, buyer: Party) -> list[Draft]:
    """Return an invoice on two pages that both bear its number."""
    return _on_two_pages(voice, buyer, counts=False, number=True)


def _bare(voice: Voice, buyer: Party) -> list[Draft]:
    """Return an invoice on two pages of which the second says nothing of the first."""
    return _on_two_pages(voice, buyer, counts=False, number=False)


def _on_two_pages(voice: Voice, buyer: Party, *, counts: bool, number: bool) -> list[Draft]:
    whole = _invoice(voice, buyer)
    blocks = list(whole.blocks)
    at = max(place for place, block in enumerate(blocks) if isinstance(block, Table))
    table = blocks[at]
    assert isinstance(table, Table)  # noqa: S101 - it was looked for
    half = max(len(table.rows) // 2, 1)
    label = voice.pick(whole.document_type, "number")
    first: list[Block] = [*blocks[:at], replace(table, rows=table.rows[:half])]
    second: list[Block] = [Pairs(((label, whole.fields["number"]),))] if number else []
    if rest := table.rows[half:]:
        second.append(replace(table, rows=rest))
    second += blocks[at + 1 :]
    if counts:
        form = voice.rng.choice(voice.phrases("stack", "page"))
        first.insert(0, Lines((form.format(place=1, count=2),)))
        second.insert(0, Lines((form.format(place=2, count=2),)))
    return [replace(whole, blocks=tuple(first)), replace(whole, blocks=tuple(second))]


def _with_terms(voice: Voice, buyer: Party) -> list[Draft]:
    terms = prose.contract(voice)
    title = Title(voice.pick("stack", "terms"))
    return [_invoice(voice, buyer), replace(terms, blocks=(title, *terms.blocks[1:]))]


def _with_blank(voice: Voice, buyer: Party) -> list[Draft]:
    return [_invoice(voice, buyer), Draft("other", voice.language, "blank", (Lines((" ",)),))]


def _with_time_sheet(voice: Voice, buyer: Party) -> list[Draft]:
    days = tuple((voice.written(voice.day()), str(voice.rng.randint(1, 9))) for _ in range(12))
    day, hours = voice.phrases("stack", "hours")
    blocks = (Title(voice.pick("stack", "time_sheet")), Table((day, hours), days))
    return [_invoice(voice, buyer), Draft("other", voice.language, "time-sheet", blocks)]


def _with_delivery_note(voice: Voice, buyer: Party) -> list[Draft]:
    return [_invoice(voice, buyer), trade(voice, "delivery_note", buyer=buyer)]


def _twice(voice: Voice, buyer: Party) -> list[Draft]:
    """Return an invoice with its copy, which is no second invoice."""
    one = _invoice(voice, buyer)
    return [one, one]


_VARIANTS = {
    "plain": _plain,
    "counted": _counted,
    "headed": _headed,
    "bare": _bare,
    "terms": _with_terms,
    "blank": _with_blank,
    "time-sheet": _with_time_sheet,
    "delivery-note": _with_delivery_note,
    "copy": _twice,
}


def _count(data: bytes) -> int:
    document = pypdfium2.PdfDocument(data)
    try:
        return len(document)
    finally:
        document.close()


def bound(files: Sequence[bytes]) -> bytes:
    """Return one PDF with the pages of all, the same for the same files."""
    whole = pypdfium2.PdfDocument.new()
    for data in files:
        part = pypdfium2.PdfDocument(data)
        whole.import_pages(part)
        part.close()
    file = BytesIO()
    whole.save(file)
    whole.close()
    return timeless(file.getvalue())


def _scanned(data: bytes, rng: Random) -> bytes:
    """Return the pages as a scanner gives them, in black and white."""
    document = pypdfium2.PdfDocument(data)
    scale: Any = _SCANNED_DPI / _POINTS_PER_INCH  # declared as a whole number
    pages: list[Image.Image] = []
    for page in document:
        picture = page.render(scale=scale).to_pil().convert("L")
        askew = rng.uniform(-0.5, 0.5)
        pages.append(picture.rotate(askew, expand=True, fillcolor=255).convert("1", dither=0))
    document.close()
    file = BytesIO()
    more = {"compression": "group4", "dpi": (_SCANNED_DPI, _SCANNED_DPI)}
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:], **more)
    return file.getvalue()
