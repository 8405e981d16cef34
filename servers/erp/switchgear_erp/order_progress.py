"""How far an order is, line by line, and what that forbids: one rule for every backend."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from switchgear_shared.errors import InvalidRequestError

_MOST_NAMED = 5


class LineProgress(NamedTuple):
    """What of one line is ordered, fulfilled and invoiced; `name` is its SKU, or its number."""

    name: str
    quantity: Decimal
    fulfilled: Decimal
    invoiced: Decimal


def check_is_done(ref: str, goods: Iterable[LineProgress], lines: Iterable[LineProgress]) -> None:
    """Raise InvalidRequestError where some of `goods` is not fulfilled, or of `lines` invoiced."""
    left = {
        "not_fulfilled": [(line.name, line.quantity - line.fulfilled) for line in goods],
        "not_invoiced": [(line.name, line.quantity - line.invoiced) for line in lines],
    }
    missing = {
        what: [f"{rest:f} of {name}" for name, rest in each if rest > 0]
        for what, each in left.items()
    }
    if any(missing.values()):
        says = "; ".join(
            f"{what.replace('_', ' ')} {', '.join(open_[:_MOST_NAMED])}"
            for what, open_ in missing.items()
            if open_
        )
        raise InvalidRequestError(f"order {ref} is not done: {says}", field="to", details=missing)


def check_is_untouched(ref: str, lines: Iterable[LineProgress]) -> None:
    """Raise InvalidRequestError where anything is fulfilled or invoiced already."""
    known = list(lines)
    done = [
        what
        for what, is_begun in (
            ("fulfilled", any(line.fulfilled for line in known)),
            ("invoiced", any(line.invoiced for line in known)),
        )
        if is_begun
    ]
    if done:
        raise InvalidRequestError(
            f"order {ref} is {' and '.join(done)} in part: it cannot be cancelled any more",
            field="to",
        )
