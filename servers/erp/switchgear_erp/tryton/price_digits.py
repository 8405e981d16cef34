"""How finely Tryton keeps the prices of orders and invoices."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from switchgear_shared.contracts.values import ExactDecimal
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import TrytonClient


class AtPrice(Protocol):
    """A line that may name its price."""

    @property
    def unit_price(self) -> ExactDecimal | None:
        """The price, if one is given."""
        ...


async def check_price_digits(client: TrytonClient, model: str, lines: Sequence[AtPrice]) -> None:
    """Raise InvalidRequestError for a price finer than Tryton keeps in lines of a model."""
    if all(line.unit_price is None for line in lines):
        return
    known = await client.call(model, "fields_get", ["unit_price"])
    digits: Any = json.loads(known["unit_price"]["digits"])[1]
    for index, line in enumerate(lines):
        price = line.unit_price
        if price is not None and isinstance(digits, int) and price != round(price, digits):
            raise InvalidRequestError(
                f"line {index + 1}: a price has at most {digits} decimals, not {price:f}",
                field=f"lines.{index}.unit_price",
            )
