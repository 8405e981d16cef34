"""The check digits of VAT identifiers, by country."""

from collections.abc import Callable
from typing import Any

from stdnum import get_cc_module

_COUNTRIES = (
    "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK"
)


def _rules() -> dict[str, Callable[[str], bool]]:
    """Import every rule now: the worker cannot open a file once it reads documents."""
    modules: dict[str, Any] = {
        code: get_cc_module(code.lower(), "vat") for code in _COUNTRIES.split()
    }
    rules = {code: module.is_valid for code, module in modules.items()}
    return rules | {"EL": rules["GR"], "XI": rules["GB"]}


_RULES = _rules()


def vat_rule(vat_id: str) -> Callable[[str], bool] | None:
    """Return what validates this identifier, or None where no rule is known for its country."""
    return _RULES.get(vat_id[:2])
