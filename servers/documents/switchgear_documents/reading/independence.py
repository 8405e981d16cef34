"""What ties parts of a file to one another: sums, numbers, names and words of one paper in two.

Two papers that look like two invoices may be one, or the same again; only a person knows.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate, combinations, permutations
from typing import NamedTuple

from switchgear_documents.reading.einvoice import parse_decimal
from switchgear_documents.reading.lookalikes import alike, is_same_but_suffix, letters
from switchgear_documents.reading.phrases import REVERSE_CHARGE
from switchgear_documents.reading.reading import PageRange, Reading

_CENT = Decimal("0.006")
_SHORTEST_NAME = 4
_WORD = re.compile(r"[^\s,;()\[\]]+")
_CARRIED = re.compile(
    r"(?:carried|brought|carry|bring)[ -]?(?:forward|over|down)|[üu]bertrag|[üu]bertr[äa]ge"
    r"|(?<!\w)(?:à |a )?report(?:er|é|ée|s)?(?!\w)|(?<!\w)riport[oi](?!\w)|a riportare"
    r"|suma y sigue|suma anterior|(?<!\w)transporte?(?!\w)|over te brengen|overgebracht",
    re.IGNORECASE,
)
_NOT_ITS_OWN = re.compile(
    r"(?<!\w)(?:cop(?:y|ies)|kopien?|copies?|copias?|copi[ae]|kopie[ën]*|duplicat[ae]?s?|duplikat"
    r"|duplicado|zweitschrift|pro[ -]?-?forma|void|cancelled|canceled|cancels|cancelling"
    r"|storno\w{0,20}|storniert\w{0,3}|annul[ée]{0,3}s?|annulleert|geannuleerd|annullat[oa]"
    r"|anulad[oa]|replaces|superseded|supersedes|ersetzt|remplace|sostituisce|sustituye|vervangt"
    r"|collective|consolidated|summary invoice|sammel\w{0,20}|verzamelfactuur"
    r"|(?:facture|factura|fattura) (?:r[ée]capitulative|recapitulativa|riepilogativa)"
    r"|r[ée]capitulati[fv]\w?|riepilogativ[oa])(?!\w)",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """Pages that seem to be a document, and what they say when read alone.

    `text` is that of its pages without those of terms, which speak of everything.
    """

    pages: PageRange
    reading: Reading
    text: str


def ties(parts: Sequence[Part]) -> Iterator[str]:
    """Yield why the parts may not be documents of their own, the surest reasons first."""
    for part in parts:
        yield from _of_one(part)
    yield from _of_numbers(parts)
    yield from _of_totals(parts)
    yield from _of_parties(parts)


def _of_one(part: Part) -> Iterator[str]:
    for pattern in (_CARRIED, _NOT_ITS_OWN):
        if (found := pattern.search(part.text)) is not None:
            yield f"{_named(part)} say {found[0].lower()!a}"
    if not _bears_its_total(part.reading):
        yield f"the total of {_named(part)} is borne out by no net and tax of its own"


def _bears_its_total(reading: Reading) -> bool:
    """Tell whether net and tax make the total or, where no tax is told, its lines or a reason."""
    net, tax, gross = (_amount(reading, f"total_{name}") for name in ("net", "tax", "gross"))
    if gross is None:
        return False
    if net is not None and tax and abs(net + tax - gross) < _CENT:
        return True
    if tax:
        return False
    lines = [parse_decimal(line.net) for line in reading.lines if line.net is not None]
    if lines and abs(abs(sum(filter(None, lines), Decimal(0))) - abs(gross)) < _CENT:
        return True
    return REVERSE_CHARGE.search(reading.text.lower()) is not None and net in (None, gross)


def _of_numbers(parts: Sequence[Part]) -> Iterator[str]:
    numbered = [(part, part.pages.number) for part in parts if part.pages.number]
    for (_, one), (_, other) in combinations(numbered, 2):
        if alike(one) == alike(other) or is_same_but_suffix(one, other):
            yield f"the numbers {one[:40]!a} and {other[:40]!a} are alike"
    for part, own in numbered:
        words = set(_words(part.text))
        for other, number in numbered:
            if other is not part and alike(number) != alike(own) and alike(number) in words:
                yield f"{_named(part)} name number {number[:40]!a} of {_named(other)}"


def _words(text: str) -> Iterator[str]:
    """Yield each word as it may be read, and the pieces of one with strokes in it."""
    for word in _WORD.findall(text):
        yield alike(word)
        if "/" in word:
            yield from map(alike, word.split("/"))


def _of_totals(parts: Sequence[Part]) -> Iterator[str]:
    totals = [abs(_amount(part.reading, "total_gross") or Decimal(0)) for part in parts]
    sums = [Decimal(0), *accumulate(totals)]
    for place, part in enumerate(parts):
        for first, last in combinations(range(len(sums)), 2):
            is_of_others = last <= place or first > place
            if last - first > 1 and is_of_others and totals[place] == sums[last] - sums[first] != 0:
                yield f"the total of {_named(part)} is the sum of other parts"
                return
    for (one, total), (other, same) in combinations(zip(parts, totals, strict=True), 2):
        day = one.reading.value("date")
        if total == same and day is not None and day == other.reading.value("date"):
            yield f"{_named(one)} and {_named(other)} have the same total of the same day"


def _of_parties(parts: Sequence[Part]) -> Iterator[str]:
    said = [alike(part.text) for part in parts]
    suppliers = [_name(part.reading.value("supplier")) for part in parts]
    buyers = [_name(part.reading.value("buyer")) for part in parts]
    for one, other in permutations(range(len(parts)), 2):
        if suppliers[one] and suppliers[one] != suppliers[other] and suppliers[one] in said[other]:
            yield f"{_named(parts[other])} name the supplier of {_named(parts[one])}"
        if buyers[one] and buyers[one] not in said[other]:
            yield f"{_named(parts[other])} do not name the buyer of {_named(parts[one])}"


def _name(value: str | None) -> str:
    """Return the name as it is compared; too short a one could stand in any word."""
    return alike(value) if value is not None and len(letters(value)) >= _SHORTEST_NAME else ""


def _amount(reading: Reading, name: str) -> Decimal | None:
    value = reading.value(name)
    return None if value is None else parse_decimal(value)


def _named(part: Part) -> str:
    return f"pages {part.pages.first} to {part.pages.last}"
