"""The inventory's writes over a real Tryton whose answers get lost on the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_inventory import InventorySuite, new_item, purchase, serving_inventory
from live_line import Line, on_line
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def suite(
    tmp_path: Path, tryton: dict[str, Any], line: Line
) -> AsyncIterator[InventorySuite]:
    """An inventory on the line, that takes what was not heard of for over at once."""
    async with (
        serving_inventory(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "inventory", tryton, line),
    ):
        yield suite


TRANSFER = "model.stock.shipment.internal"
RECEIPT = "model.stock.shipment.in"


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    "method",
    [
        f"{TRANSFER}.create",
        f"{TRANSFER}.wait",
        f"{TRANSFER}.assign_try",
        f"{TRANSFER}.pack",
        f"{TRANSFER}.ship",
        f"{TRANSFER}.do",
    ],
)
async def test_a_transfer_that_broke_happens_once(
    suite: InventorySuite, client: TrytonClient, line: Line, method: str, is_heard: bool
) -> None:
    sku = await new_item(client)
    await suite.put(sku, "5")
    way = {"from_location": "WH", "to_location": "NORTH", "source_ref": f"TR-{sku}"}
    ask = {"lines": [{"sku": sku, "quantity": "2"}], **way}

    await _broken(suite, line, method, is_heard, "transfer", ask, sku)
    done = await suite.answer("transfer", key=sku, **ask)

    assert await suite.on_hand(sku) == {"NORTH": "2", "WH": "3"}
    assert (done["state"], done["ref"]) == ("transferred", f"TR-{sku}")
    assert (await suite.events()).count("inventory.stock.transferred") == 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    "method",
    ["model.stock.inventory.create", "model.ir.note.create", "model.stock.inventory.confirm"],
)
async def test_an_adjustment_that_broke_happens_once(
    suite: InventorySuite, client: TrytonClient, line: Line, method: str, is_heard: bool
) -> None:
    sku = await new_item(client)
    await suite.put(sku, "5")
    about = {"sku": sku, "location": "WH", "expected_quantity": "5", "reason": "GONE"}
    ask = {"delta": "-2", **about}

    await _broken(suite, line, method, is_heard, "adjust", ask, sku)
    done = await suite.answer("adjust", key=sku, **ask)

    assert await suite.on_hand(sku) == {"WH": "3"}
    assert (done["state"], done["ref"]) == ("adjusted", "GONE")
    assert (await suite.events()).count("inventory.stock.adjusted") == 2


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    "method",
    ["model.stock.lot.create", f"{RECEIPT}.create", f"{RECEIPT}.receive", f"{RECEIPT}.do"],
)
async def test_a_receipt_that_broke_happens_once(
    suite: InventorySuite, client: TrytonClient, line: Line, method: str, is_heard: bool
) -> None:
    sku = await new_item(client, has_lots=True)
    number = await purchase(client, {sku: 5.0})
    lot = {"lot": "L", "expires_on": "2099-01-01"}
    ask = {
        "lines": [{"sku": sku, "quantity": "3", **lot}],
        "location": "WH",
        "source_ref": number,
    }

    await _broken(suite, line, method, is_heard, "receive", ask, sku)
    done = await suite.answer("receive", key=sku, **ask)

    assert await suite.on_hand(sku) == {"WH": "3"}
    assert (done["state"], done["ref"]) == ("partly_received", number)
    assert await suite.events() == ["inventory.stock.received"]


async def _broken(
    suite: InventorySuite,
    line: Line,
    method: str,
    is_heard: bool,
    tool: str,
    arguments: dict[str, Any],
    key: str,
) -> None:
    """Call a tool while the line breaks, which leaves it unknown."""
    line.method, line.is_heard = method, is_heard
    error = await suite.refusal(tool, key=key, **arguments)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
