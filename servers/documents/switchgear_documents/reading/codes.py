"""Values that show by their form what they are: accounts, tax numbers, currencies."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from stdnum import iban as iban_number

from switchgear_documents.reading.labels import Candidate, Label
from switchgear_documents.reading.vat import vat_rule
from switchgear_documents.reading.words import Cell, Page
from switchgear_shared.contracts.currencies import MINOR_DIGITS

_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?(?!\w)")
_SHORTEST, _LONGEST = 15, 34
_SENTENCE = 100
_LEAST_DIGITS = 5
_VAT = re.compile(
    r"(?<!\w)(?:AT ?U|BE ?0?|BG|CHE?-?|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL"
    r"|NO|PL|PT|RO|SE|SI|SK|XI)"
    r"[ .-]?[A-Z0-9](?:[ .-]?[A-Z0-9]){6,13}(?!\w)"
)
_VAT_LABEL = re.compile(
    r"(?:u\.?st\.?|umsatzsteuer|mwst|vat|tva|i\.?v\.?a|btw|nif|cif|tax|intracom)"
    r"[-. /\w°º:]{0,25}$",
    re.IGNORECASE,
)
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "zł": "PLN",
    "₹": "INR",
    "Rs.": "INR",
    "RS.": "INR",
    "US$": "USD",
    "$": "USD",
    "RM": "MYR",
    "Euro": "EUR",
    "EURO": "EUR",
    "Kč": "CZK",
    "CHF": "CHF",
}
_CURRENCY = re.compile(
    r"(?<![A-Za-z])(?:US\$|RM|zł|Kč|R[sS]\.(?= ?\d)|[A-Z]{3}|Euro|EURO)(?![A-Za-z])|[€£₹$]"
)
_DOLLARS = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        (
            "USD",
            (
                r"(?<!\w)(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]"
                r"|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),?\s+\d{5}(?:-\d{4})?(?!\w)"
                r"|\bU\.?S\.?A\.?(?!\w)"
            ),
        ),
        (
            "CAD",
            r"(?<!\w)[A-Z]{2},?\s+[A-Z]\d[A-Z] ?\d[A-Z]\d(?!\w)|\bCanada\b",
        ),
        (
            "AUD",
            r"\bA\.?B\.?N\b\.?|(?<!\w)(?:NSW|VIC|QLD|TAS|ACT)\.?,?\s+\d{4}(?!\w)|\bAustralia\b",
        ),
        ("NZD", r"\bNew Zealand\b|\bNZBN\b"),
        ("SGD", r"\bSingapore\b|\bS\$"),
        ("HKD", r"\bHong Kong\b|\bHK\$"),
        ("MXN", r"\bR\.?F\.?C\.?\b|de C\.V\.|\bMéxico\b"),
    )
)
_INDIAN = re.compile(r"₹|\b(?:INR|GSTIN|India|Bharat|[CSI]GST|PIN ?code|PAN)\b", re.IGNORECASE)
"""What stands on Indian papers; six countries call their money Rs."""
_SURE, _LIKELY, _GUESSED, _ONE_OF_SIX = 0.97, 0.85, 0.5, 0.3


def read_iban(pages: Sequence[Page]) -> Candidate | None:
    """Return the account: one whose check digits are right before one that is only labelled."""
    labelled: Candidate | None = None
    for match, cell in _matches(pages, _IBAN):
        value = _longest_valid(match[0])
        if value is not None:
            return Candidate(value, cell, _SURE)
        is_labelled = "iban" in match.string[: match.start()].lower()
        size = len(match[0].replace(" ", ""))
        if labelled is None and is_labelled and _SHORTEST <= size <= _LONGEST:
            labelled = Candidate(match[0].strip(), cell, _GUESSED)
    return labelled


def read_vat_ids(
    pages: Sequence[Page], supplier: Candidate | None, buyer: Candidate | None
) -> tuple[Candidate | None, Candidate | None]:
    """Return the tax numbers of supplier and buyer, told apart by whose name stands nearest."""
    found: dict[str, list[Candidate]] = {}
    for match, cell in _matches(pages, _VAT):
        value = re.sub(r"[ .]", "", match[0])
        rule = vat_rule(value)
        has_digits = sum(map(str.isdigit, value)) >= _LEAST_DIGITS
        if rule is None or not has_digits or _longest_valid(match.string[match.start() :]):
            continue
        is_valid = rule(value)
        if is_valid or _VAT_LABEL.search(match.string[: match.start()]):
            candidate = Candidate(value, cell, _LIKELY if is_valid else _GUESSED)
            found.setdefault(value, []).append(candidate)
    mine: Candidate | None = None
    theirs: Candidate | None = None
    for places in found.values():
        is_theirs = buyer is not None and all(_nearer(c.cell, buyer.cell, supplier) for c in places)
        if is_theirs and theirs is None:
            theirs = places[0]
        elif not is_theirs and mine is None:
            mine = places[0]
    if mine is None and theirs is not None and supplier is not None:
        mine, theirs = theirs._replace(score=_GUESSED), None
    return mine, theirs


def read_currency(pages: Sequence[Page], labels: Sequence[Label]) -> Candidate | None:
    """Return the currency named by its label, or the one that stands beside most amounts."""
    for label in labels:
        if label.role != "currency":
            continue
        line = next(page for page in pages if page.number == label.cell.page).lines[
            label.cell.line - 1
        ]
        rest = [
            label.cell.text[label.end :],
            *(cell.text for cell in line if cell.box.left > label.cell.box.left),
        ]
        for code in _codes(" ".join(rest)[:40]):
            return Candidate(code, label.cell, _SURE)
    votes, places = _votes(pages)
    if not votes:
        return None
    (code, count), *others = votes.most_common()
    rival = others[0][1] if others else 0
    sure = _GUESSED if rival * 2 > count else _SURE if count > 1 else _LIKELY
    text = "\n".join(page.text for page in pages)
    if code == "USD" and not re.search(r"USD|US\$", text):
        code, known = _dollar_of(text)
        return Candidate(code, places["USD"], min(known, sure))
    if code == "INR" and not _INDIAN.search(text):
        return Candidate(code, places[code], _ONE_OF_SIX)
    return Candidate(code, places[code], sure)


def _votes(pages: Sequence[Page]) -> tuple[Counter[str], dict[str, Cell]]:
    """Count the currencies in short cells, and say where each stands first."""
    votes: Counter[str] = Counter()
    places: dict[str, Cell] = {}
    for page in pages:
        for line in page.lines:
            for cell in line:
                if len(cell.text) > _SENTENCE:
                    continue
                for code in _codes(cell.text):
                    votes[code] += 1
                    places.setdefault(code, cell)
    return votes, places


def _dollar_of(text: str) -> tuple[str, float]:
    """Return whose dollar it is by the addresses and numbers on the page, and how sure."""
    found = [code for code, pattern in _DOLLARS if pattern.search(text)]
    if len(found) == 1:
        return found[0], _SURE if found[0] == "USD" else _LIKELY
    return "USD", _GUESSED


def _codes(text: str) -> Iterator[str]:
    for sign in _CURRENCY.findall(text):
        code = _SIGNS.get(sign, sign)
        if code in MINOR_DIGITS:
            yield code


def _matches(
    pages: Sequence[Page], pattern: re.Pattern[str]
) -> Iterator[tuple[re.Match[str], Cell]]:
    """Yield what matches in each cell, where the text in front shows the cell to its left too."""
    for page in pages:
        for line in page.lines:
            before = ""
            for cell in line:
                start = len(before) + 1 if before else 0
                text = f"{before} {cell.text}" if before else cell.text
                for match in pattern.finditer(text):
                    if match.end() > start:
                        part = cell.part(max(match.start() - start, 0), match.end() - start)
                        yield match, part
                before = cell.text


def _longest_valid(text: str) -> str | None:
    """Return the longest start of the text that is an account number; words may follow it."""
    match = _IBAN.match(text)
    if match is None:
        return None
    written = match[0]
    while len(written) >= _SHORTEST:
        if iban_number.is_valid(written, check_country=False):
            return written
        cut = written.rfind(" ")
        if cut < 0:
            return None
        written = written[:cut]
    return None


def _nearer(cell: Cell, buyer: Cell, supplier: Candidate | None) -> bool:
    """Tell whether the cell stands under the buyer's name and not under the supplier's."""

    def distance(other: Cell) -> float:
        if other.page != cell.page:
            return 9.0
        down = cell.box.middle - other.box.middle
        return (abs(down) if down >= 0 else 0.3 - down) + abs(cell.box.left - other.box.left)

    return distance(buyer) < 0.3 and (supplier is None or distance(buyer) < distance(supplier.cell))  # noqa: PLR2004 - within the block
