"""A Tryton that is not there, comes up slowly, or no longer takes our key, as a caller meets it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_inventory import InventorySuite, new_item, serving_inventory
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[InventorySuite]:
    async with serving_inventory(tmp_path, tryton) as suite:
        yield suite


async def test_what_is_asked_while_tryton_starts_is_told_to_wait_and_then_done_once(
    suite: InventorySuite, client: TrytonClient, tryton_script: Command
) -> None:
    sku = await new_item(client)
    count = {"sku": sku, "location": "WH", "reason": "SLOW"}
    put = {"counted": "5", "expected_quantity": "0", "key": sku, **count}
    tryton_script("stop")

    away = await suite.refusal("adjust", **put)
    starting = asyncio.create_task(asyncio.to_thread(tryton_script, "start"))
    codes: set[str] = set()
    async with asyncio.timeout(120):
        while (outcome := await suite.call("adjust", **put)).error is not None:
            codes.add(outcome.error.code)
            assert outcome.error.retryable, outcome.error
            await asyncio.sleep(outcome.error.retry_after_s or 0.2)
    await starting

    assert (away.code, away.retryable, away.outcome) == ("backend_unavailable", True, "not_done")
    assert codes <= {"backend_unavailable", "circuit_open", "deadline_exceeded"}
    assert outcome.unwrap()["state"] == "adjusted"
    assert await suite.on_hand(sku) == {"WH": "5"}


@pytest.fixture
def put_back(tryton_script: Command) -> Iterator[None]:
    """Leave to others a Tryton that takes our key."""
    yield
    tryton_script("reset")


@pytest.mark.usefixtures("put_back")
async def test_a_key_that_was_taken_from_us_is_told_and_opens_no_circuit(
    suite: InventorySuite, client: TrytonClient
) -> None:
    """A person must give us another: asking again would not help, and nothing is down."""
    before = await suite.call("find_item", query="BRK")
    ours = await client.call("res.user.application", "search", [["application", "=", "rest"]])
    await client.call("res.user.application", "cancel", ours)

    refused = [await suite.refusal("get_stock", sku="BRK-016") for _ in range(12)]
    backend = (await suite.answer("whoami"))["backend"]

    assert before.error is None
    assert {(one.code, one.retryable, one.outcome) for one in refused} == {
        ("backend_rejected", False, "not_done")
    }
    assert "credential" in refused[0].message
    assert backend["circuit"] == "closed"
