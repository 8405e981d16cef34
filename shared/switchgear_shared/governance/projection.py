"""Arguments and facts as a policy sees them: only what Cedar can hold exactly."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, cast

from switchgear_shared.contracts.currencies import MINOR_DIGITS

_LONG = 2**63
_MAX_TEXT = 4096
_MAX_DEPTH = 4
_MONEY = {"amount", "currency"}


class UnjudgeableError(Exception):
    """A value that a policy cannot see as it is, so that no decision about it would be safe."""


def project(values: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return `values` as Cedar's JSON: strings, longs, bools, records, sets.

    Money becomes `<name>_minor` and `<name>_currency`, a list of records `<name>_count`. Nulls,
    fractions, long text and names that Cedar's JSON gives a meaning (`__entity`) are left out.

    Raises:
        UnjudgeableError: an integer over 64 bits, or records nested too deep.
    """
    if depth > _MAX_DEPTH:
        raise UnjudgeableError("an argument is nested too deep for a policy")
    projected: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("__"):
            continue
        if isinstance(value, bool):
            projected[name] = value
        elif isinstance(value, int):
            projected[name] = _long(value)
        elif isinstance(value, str):
            if len(value) <= _MAX_TEXT:
                projected[name] = value
        elif isinstance(value, Mapping):
            _add_record(projected, name, cast("Mapping[str, Any]", value), depth)
        elif isinstance(value, list | tuple | set | frozenset):
            _add_collection(projected, name, list(cast("Sequence[Any]", value)))
    return projected


def _add_record(
    projected: dict[str, Any], name: str, record: Mapping[str, Any], depth: int
) -> None:
    if set(record) != _MONEY:
        projected[name] = project(record, depth + 1)
        return
    currency = record["currency"]
    if isinstance(currency, str) and currency in MINOR_DIGITS:
        projected[f"{name}_minor"] = _minor(record["amount"], MINOR_DIGITS[currency])
        projected[f"{name}_currency"] = currency


def _add_collection(projected: dict[str, Any], name: str, items: list[Any]) -> None:
    if items and all(isinstance(item, str) for item in items):
        projected[name] = sorted({item for item in items if len(item) <= _MAX_TEXT})
    elif items and all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        projected[name] = sorted({_long(item) for item in items})
    else:
        projected[f"{name}_count"] = len(items)


def _long(value: int) -> int:
    if not -_LONG <= value < _LONG:
        raise UnjudgeableError("an argument is a larger number than a policy can judge")
    return value


def _minor(amount: Any, digits: int) -> int:
    try:
        scaled = Decimal(str(amount)).scaleb(digits)
        return _long(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise UnjudgeableError("an argument is not an amount a policy can judge") from error
