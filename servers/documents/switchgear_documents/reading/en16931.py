"""The arithmetic rules of EN 16931 (BR-CO) that need more than the totals.

Those on the totals themselves, BR-CO-10 and 13 to 16, are in `checks`, since they hold for every
invoice. The tolerance of BR-CO-17 is that of the rules as CEN publishes them.
"""

from collections.abc import Iterator
from decimal import Decimal

from switchgear_documents.reading.einvoice import plain
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.reading import Check, FieldName

_ZERO = Decimal(0)
_CENT = Decimal("0.005")
_TAX_TOLERANCE = Decimal(1)
_COUNTRY = 2


def check_rules(extract: Extract, fields: dict[FieldName, str]) -> Iterator[Check]:
    """Yield the rules that apply; those that ask for something only where EN 16931 is claimed."""
    yield from _parts(extract, "allowances", extract.allowances, "BR-CO-11")
    yield from _parts(extract, "charges", extract.charges, "BR-CO-12")
    yield from _taxes(extract)
    if not extract.claims_en16931:
        return
    yield _rule("has_tax_breakdown", "BR-CO-18", "tax by rate", passed=bool(extract.tax_parts))
    if extract.document_type == "invoice" and extract.amounts.get("due", _ZERO) > 0:
        told = "due_date" in fields or extract.has_terms
        yield _rule("says_when_to_pay", "BR-CO-25", "a due date or terms", passed=told)
    known = extract.seller_is_identified or "supplier_vat" in fields
    yield _rule("seller_is_identified", "BR-CO-26", "an id of the seller", passed=known)
    if extract.vat_ids:
        wrong = [vat_id for vat_id in extract.vat_ids if not _names_country(vat_id)]
        detail = f"BR-CO-09: {(wrong or extract.vat_ids)[0][:20]!a}"
        yield Check(name="vat_ids_name_their_country", passed=not wrong, detail=detail)


def _names_country(vat_id: str) -> bool:
    prefix = vat_id[:_COUNTRY]
    return prefix.isascii() and prefix.isalpha() and prefix.isupper()


def _parts(extract: Extract, name: AmountName, parts: list[Decimal], rule: str) -> Iterator[Check]:
    """Yield whether allowances or charges are the sum of those listed."""
    stated = extract.amounts.get(name)
    if stated is None and not (parts and extract.claims_en16931):
        return
    if not parts and not extract.claims_en16931:
        return
    found, stated = sum(parts, _ZERO), stated or _ZERO
    passed = abs(abs(found) - abs(stated)) < _CENT  # before EN 16931 either may carry the sign
    detail = f"{rule}: {plain(found)} {'is' if passed else 'is not'} {plain(stated)}"
    yield Check(name=f"{name}_sum_to_their_total", passed=passed, detail=detail)


def _taxes(extract: Extract) -> Iterator[Check]:
    wrong = [
        f"{plain(part.percent)}% of {plain(part.base)} is not {plain(part.tax)}"
        for part in extract.taxes
        if abs(part.base * part.percent / 100 - part.tax) >= _TAX_TOLERANCE
    ]
    if extract.taxes:
        detail = f"BR-CO-17: {wrong[0] if wrong else f'{len(extract.taxes)} rates are right'}"
        yield Check(name="tax_is_its_rate_of_its_base", passed=not wrong, detail=detail)


def _rule(name: str, rule: str, what: str, *, passed: bool) -> Check:
    detail = f"{rule}: the invoice has {'' if passed else 'not '}{what}"
    return Check(name=name, passed=passed, detail=detail)
