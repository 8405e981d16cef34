"""Does the document agree with itself, and are its codes what they claim to be."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from stdnum import iban as iban_number
from stdnum.exceptions import ValidationError as NotValidError

from switchgear_documents.reading.einvoice import parse_date, plain
from switchgear_documents.reading.en16931 import check_rules
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.reading import Check, FieldName
from switchgear_documents.reading.vat import vat_rule
from switchgear_shared.contracts.currencies import MINOR_DIGITS

_EARLIEST = date(1995, 1, 1)
_AHEAD = timedelta(days=366)


def make_checks(extract: Extract, today: date) -> tuple[Check, ...]:
    """Return every check that applies to what was read; `today` bounds the sane dates."""
    fields: dict[FieldName, str] = {field.name: field.value for field in extract.fields}
    return (
        *extract.malformed,
        *_arithmetic(extract, fields.get("currency")),
        *check_rules(extract, fields),
        *_currency(fields.get("currency")),
        *_dates(fields, today),
        *_vat_ids(fields),
        *_iban(fields.get("iban")),
    )


def _arithmetic(extract: Extract, currency: str | None) -> Iterator[Check]:
    """Yield the sums, exact to half a minor unit of the currency."""
    unit = Decimal(1).scaleb(-MINOR_DIGITS.get(currency or "", 2))
    amount = extract.amounts
    zero = Decimal(0)
    rounding = amount.get("rounding", zero)
    if {"net", "tax", "gross"} <= amount.keys():
        with_tax = amount["net"] + amount["tax"]
        if (
            with_tax + rounding == amount["gross"]
        ):  # UBL before EN 16931 rounds the gross, not the due
            with_tax, rounding = amount["gross"], zero
        yield _equal("net_plus_tax_is_gross", with_tax, amount["gross"], unit)
    lines = sum(extract.line_nets, zero)
    if extract.line_nets and "line_total" in amount:
        yield _equal("lines_sum_to_line_total", lines, amount["line_total"], unit)
    if "net" in amount and ("line_total" in amount or extract.line_nets):
        base = amount.get("line_total", lines)
        net = base - amount.get("allowances", zero) + amount.get("charges", zero)
        wide = unit if extract.line_tolerance is None else 2 * extract.line_tolerance + unit
        yield _equal("lines_and_charges_are_net", net, amount["net"], wide)
    if extract.tax_parts and "tax" in amount:
        yield _equal("tax_parts_sum_to_tax", sum(extract.tax_parts, zero), amount["tax"], unit)
    says_prepaid = "prepaid" in amount or "line_total" in amount  # MINIMUM and pages do not
    if {"gross", "due"} <= amount.keys() and says_prepaid:
        due = amount["gross"] - amount.get("prepaid", zero) + rounding
        yield _equal("gross_less_prepaid_is_due", due, amount["due"], unit)


def _equal(name: str, found: Decimal, stated: Decimal, unit: Decimal) -> Check:
    passed = abs(found - stated) < unit / 2
    sign = "is" if passed else "is not"
    return Check(name=name, passed=passed, detail=f"{plain(found)} {sign} {plain(stated)}")


def _currency(currency: str | None) -> Iterator[Check]:
    if currency is not None:
        known = currency in MINOR_DIGITS
        detail = f"{currency[:12]!a} is {'an' if known else 'no'} ISO 4217 currency in use"
        yield Check(name="currency_is_known", passed=known, detail=detail)


def _dates(fields: dict[FieldName, str], today: date) -> Iterator[Check]:
    issued = parse_date(fields.get("date", ""))
    due = parse_date(fields.get("due_date", ""))
    if issued is not None:
        sane = _EARLIEST <= issued <= today + _AHEAD
        detail = f"{issued} against {_EARLIEST} to {today + _AHEAD}"
        yield Check(name="date_is_sane", passed=sane, detail=detail)
    if issued is not None and due is not None:
        detail = f"issued {issued}, due {due}"
        yield Check(name="due_date_follows_date", passed=due >= issued, detail=detail)


def _vat_ids(fields: dict[FieldName, str]) -> Iterator[Check]:
    names: tuple[FieldName, ...] = ("supplier_vat", "buyer_vat")
    for name in names:
        value = fields.get(name, "").replace(" ", "").upper()
        rule = vat_rule(value)
        if rule is not None:
            detail = f"{value[:20]!a} by the {value[:2]} rule"
            yield Check(name=f"{name}_is_valid", passed=rule(value), detail=detail)


def _iban(value: str | None) -> Iterator[Check]:
    if value is None:
        return
    try:
        iban_number.validate(value, check_country=False)
    except NotValidError as error:
        yield Check(name="iban_is_valid", passed=False, detail=f"{value[:40]!a}: {error}")
    else:
        yield Check(name="iban_is_valid", passed=True, detail=f"{value[:40]!a}")
