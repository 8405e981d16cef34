"""What the inventory over Tryton says of a count that it looks for and does not find."""

from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest

from quiet_tryton import ACME, BY, NOW, REFERENCE, look, quiet_client
from switchgear_inventory.models import LocationCode, Sku
from switchgear_inventory.tryton import TrytonInventory

ANSWERS = {
    "stock.location": [
        {
            "id": 1,
            "code": "MAIN",
            "name": "Main",
            "type": "warehouse",
            "parent": None,
            "storage_location": 2,
            "input_location": 3,
        }
    ],
    "product.product": [
        {
            "id": 5,
            "code": "NUT-8",
            "name": "Nut",
            "template": None,
            "identifiers": [],
            "default_uom": {"id": 1, "symbol": "u", "digits": 0},
            "lot_required": [],
            "quantity": 0.0,
        }
    ],
}


def adjust(inventory: TrytonInventory) -> Awaitable[object]:
    return inventory.adjust(
        ACME,
        sku=Sku("NUT-8"),
        location=LocationCode("MAIN"),
        counted=Decimal(3),
        delta=None,
        expected_quantity=Decimal(7),
        reason="count",
        lot=None,
        expires_on=None,
        caller=BY,
    )


@pytest.mark.parametrize(
    ("counts", "is_absent"),
    [
        ([], True),
        ([{"id": 6, "state": "done"}], True),
        ([{"id": 6, "state": "cancelled"}], True),
        ([{"id": 6, "state": "draft"}], False),
        ([{"id": 6, "state": "done"}, {"id": 7, "state": "draft"}], False),
    ],
)
async def test_a_count_is_absent_unless_one_is_open_that_nobody_has_noted(
    counts: list[dict[str, Any]], is_absent: bool
) -> None:
    """The note that says whose a count is comes after it, and before it is confirmed."""
    client = quiet_client(ANSWERS | {"stock.inventory": counts})
    inventory = TrytonInventory(client, lambda: NOW, ACME)

    found = await look(lambda: adjust(inventory))

    assert found == ("conflict", is_absent)
    await client.close()


async def test_a_count_that_this_write_made_is_not_absent() -> None:
    note = {"resource": "stock.inventory,6", "message": f"count [{REFERENCE}]"}
    counts = {"stock.inventory": [{"id": 6, "state": "draft"}], "ir.note": [note]}
    made = {"stock.inventory.read": [{"id": 6, "state": "draft", "location": 2}]}
    client = quiet_client(ANSWERS | counts | made)
    inventory = TrytonInventory(client, lambda: NOW, ACME)

    found = await look(lambda: adjust(inventory))

    assert found == ("backend_unavailable", False)
    await client.close()
