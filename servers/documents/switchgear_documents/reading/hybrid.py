"""A hybrid invoice's XML held against its pages: people approve one, machines book the other.

A difference is a mistake or a fraud. What the pages do not mention at all is no difference.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from rapidfuzz import fuzz
from stdnum import iban as iban_number

from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.reading import Check, FieldName

_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}")
_SHORTEST_IBAN = 15
_LONGEST_IBAN = 34
_NAME_IS_THERE = 85.0
_WORD = re.compile(r"[^\W_]+")


def check_pages(extract: Extract, text: str) -> Iterator[Check]:
    """Yield whether the pages show the number, total, account and supplier that the XML states.

    Pages without text, such as scans, yield nothing.
    """
    if not text.strip():
        return
    shown = "".join(text.split())
    fields: dict[FieldName, str] = {field.name: field.value for field in extract.fields}
    if "number" in fields:
        found = "".join(fields["number"].split()) in shown
        yield _check("page_shows_number", fields["number"][:60], found=found)
    gross = extract.amounts.get("gross", extract.amounts.get("due"))
    if gross is not None:
        found = any(spelling in shown for spelling in _spellings(gross))
        yield _check("page_shows_total", format(gross, "f"), found=found)
    accounts = _accounts(text)
    if "iban" in fields and accounts:
        account = fields["iban"].replace(" ", "").upper()
        found = account in accounts
        said = None if found else f"they show {min(accounts)!a}"
        yield _check("page_shows_account", account[:40], found=found, instead=said)
    if "supplier" in fields:
        found = _shows_name(fields["supplier"], text)
        yield _check("page_shows_supplier", fields["supplier"][:60], found=found)


def _check(name: str, value: str, *, found: bool, instead: str | None = None) -> Check:
    detail = f"the XML says {value!a} and the pages show it"
    if not found:
        shown = instead or "the pages do not show it"
        detail = f"the XML says {value!a}, {shown}: a mistake or a fraud"
    return Check(name=name, passed=found, detail=detail)


def _accounts(text: str) -> set[str]:
    """Return the IBANs on the pages: those whose check digits are right, in whatever groups."""
    found: set[str] = set()
    for match in _IBAN.finditer(text):
        account = match[0].replace(" ", "")[:_LONGEST_IBAN]
        for length in range(len(account), _SHORTEST_IBAN - 1, -1):  # the next word may touch it
            if iban_number.is_valid(account[:length], check_country=False) and _is_whole(
                account, length
            ):
                found.add(account[:length])
                break
    return found


def _is_whole(account: str, length: int) -> bool:
    """Say whether that is the length of an IBAN of its country, as far as that is known."""
    known = _LENGTHS.get(account[:2])
    return known is None or known == length


_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
}


def _shows_name(name: str, text: str) -> bool:
    """Say whether the name stands on the pages, spelled about so; words may be broken apart."""
    wanted = " ".join(_WORD.findall(name.casefold()))
    there = " ".join(_WORD.findall(text.casefold()))
    if not wanted or wanted.replace(" ", "") in there.replace(" ", ""):
        return True
    return fuzz.partial_ratio(wanted, there) >= _NAME_IS_THERE


def _spellings(amount: Decimal) -> set[str]:
    """Return how people write the amount, white space left out."""
    whole = amount == amount.to_integral_value()
    text = f"{abs(amount):,.2f}"
    texts = {text} | ({f"{abs(amount):,.0f}"} if whole else set[str]())
    separators = (",.", ".,", "'.", "\u2019.", "\u2019,", " .", " ,")
    return {
        text.translate(str.maketrans({",": thousands.strip(), ".": decimal}))
        for text in texts
        for thousands, decimal in separators
    }
