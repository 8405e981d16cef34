"""A folder of generated documents and its manifest, the same for the same seed."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from switchgear_documents.generating import money, personal, prose, strange
from switchgear_documents.generating.as_page import to_pdf, to_png
from switchgear_documents.generating.as_text import to_html, to_markdown, to_text
from switchgear_documents.generating.blocks import Draft
from switchgear_documents.generating.trade import TradeType, trade
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading.reading import DocumentType

SOURCE = "switchgear documents generate"


def _of_trade(kind: TradeType) -> Callable[[Voice], Draft]:
    return lambda voice: trade(voice, kind)


def _other(voice: Voice) -> Draft:
    """Return prose, or one time in three what is strange: code, or a page in no language."""
    match voice.rng.randrange(6):
        case 0:
            return strange.technical(voice)
        case 1:
            makers = [maker for kind, maker in MAKERS.items() if kind != "other"]
            was = voice.rng.choice(makers)(voice)
            if strange.is_long(was):
                return strange.in_no_language(voice.rng, was)
            return prose.other(voice)
        case _:
            return prose.other(voice)


MAKERS: dict[DocumentType, Callable[[Voice], Draft]] = {
    "invoice": _of_trade("invoice"),
    "credit_note": _of_trade("credit_note"),
    "purchase_order": _of_trade("purchase_order"),
    "order_confirmation": _of_trade("order_confirmation"),
    "delivery_note": _of_trade("delivery_note"),
    "receipt": money.receipt,
    "bank_statement": money.bank_statement,
    "contract": prose.contract,
    "complaint": prose.complaint,
    "letter": prose.letter,
    "email": prose.email,
    "resume": personal.resume,
    "form": personal.form,
    "other": _other,
}
WRITERS: dict[str, Callable[[Draft, Random], bytes]] = {
    "txt": to_text,
    "md": to_markdown,
    "html": to_html,
    "pdf": to_pdf,
    "png": to_png,
}
_SHARES = {"txt": 30, "md": 10, "html": 10, "pdf": 45, "png": 5}


def generate(folder: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Write `count` documents, types and languages in turn, and return their manifest.

    Document number n is the same whatever the count. The folder is made; files of the same names
    are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_write(folder, place, seed) for place in range(count)]
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return rows


def draft(place: int, seed: int) -> Draft:
    """Return the draft of the document at `place`."""
    kinds = list(MAKERS)
    rng = Random(f"{seed}/{place}")  # noqa: S311 - chance to repeat, not to hide
    language = LANGUAGES[place // len(kinds) % len(LANGUAGES)]
    return MAKERS[kinds[place % len(kinds)]](Voice(rng, language))


def _write(folder: Path, place: int, seed: int) -> dict[str, Any]:
    drafted = draft(place, seed)
    rng = Random(f"{seed}/{place}/format")  # noqa: S311 - chance to repeat, not to hide
    ending = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    data = WRITERS[ending](drafted, rng)
    name = f"{place:05d}_{drafted.document_type}_{drafted.language}.{ending}"
    (folder / name).write_bytes(data)
    return {
        "path": name,
        "class": drafted.document_type,
        "format": ending,
        "fields": drafted.fields,
        "language": drafted.language,
        "source": f"{SOURCE}/{drafted.variant}",
        "synthetic": True,
        "sha256": sha256(data).hexdigest(),
        "bytes": len(data),
    }
