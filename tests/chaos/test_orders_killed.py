"""Customers' orders while the suite's process is killed: each is taken whole or undone whole."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chaos.two_suites import Suite, ask
from switchgear_shared.part import AUDIENCE
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings
from switchgear_shared.testing import settings_for, until

ORDERS = 24
KILLS = 6
SEED = int(os.environ.get("SWITCHGEAR_CHAOS_SEED", "20261127"))
SKU = "TMP-1008"
CUSTOMER = "acc_0001"
OVER = {"completed", "failed", "cancelled"}

pytestmark = pytest.mark.chaos


async def test_orders_through_kills_agree_in_erp_stock_and_receipts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every third is cancelled while it runs; some of those are over by then."""
    chance = random.Random(SEED)  # noqa: S311 - chaos, not cryptography
    settings = settings_for(tmp_path / "data")
    suite = Suite(settings, tmp_path / "suite.log")
    killed = 0
    await suite.start()
    headers = {
        "Authorization": f"Bearer {await _token(settings)}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
    }
    try:
        async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
            desk = _Desk(http, suite)
            before = await desk.get("inventory_get_stock", sku=SKU)
            sending = asyncio.create_task(_send(desk))
            while killed < KILLS:
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                await suite.end(signal.SIGKILL)
                killed += 1
                await suite.start()
            started = await sending
            processes = [await desk.until_over(id_) for id_ in started.values()]
            after = await desk.get("inventory_get_stock", sku=SKU, include=["reservations"])
            orders = {ref: await desk.orders(ref) for ref in started}
    finally:
        await suite.end(signal.SIGTERM)

    counts = Counter(process["state"] for process in processes)
    with capsys.disabled():
        sys.stdout.write(f"\nkilled {killed}; {dict(counts)}\n")
    assert len(set(started.values())) == ORDERS
    assert counts["completed"] >= ORDERS - ORDERS // 3
    holders = Counter(one["for_ref"] for one in after["reservations"])
    for ref, process in zip(started, processes, strict=True):
        stands = {line["step"]: line["state"] for line in process["receipt"]}
        states = [order["state"] for order in orders[ref]]
        held = sum(holders[order["ref"]] for order in orders[ref])
        if process["state"] == "completed":
            assert (states, held, set(stands.values())) == (["confirmed"], 1, {"done"})
        else:
            assert set(states) <= {"cancelled"}
            assert (len(states) <= 1, held) == (True, 0)
            assert not {stands[name] for name in ("order", "reserve", "confirm")} & {"done"}
    assert Decimal(after["reserved"]) - Decimal(before["reserved"]) == counts["completed"]
    assert after["on_hand"] == before["on_hand"]


class _Desk:
    """Calls tools again until they answer, under a key where they write."""

    def __init__(self, http: httpx2.AsyncClient, suite: Suite) -> None:
        self._http = http
        self._suite = suite

    async def get(self, tool: str, *, may_fail: bool = False, **arguments: Any) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            answer = await ask(self._http, self._suite.url, tool, arguments)
            if answer is None or (answer.is_error and answer.body["retryable"]):
                return None
            assert may_fail or not answer.is_error, answer.body
            return answer.body

        return await until(look, timeout_s=120, every_s=0.1)

    async def until_over(self, process_id: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            process = await self.get("workflows_get", id=process_id)
            return process if process["state"] in OVER else None

        return await until(look, timeout_s=180, every_s=0.2)

    async def orders(self, external_ref: str) -> list[dict[str, Any]]:
        page = await self.get("erp_list_orders", query=external_ref, kind="sale")
        return [row for row in page["items"] if row["external_ref"] == external_ref]


async def _send(desk: _Desk) -> dict[str, str]:
    started: dict[str, str] = {}
    for number in range(ORDERS):
        ref = f"KILL-{number:03d}"
        lines = [{"sku": SKU, "quantity": "1"}]
        answer = await desk.get(
            "workflows_start",
            process="customer_order",
            input={"party_id": CUSTOMER, "lines": lines, "external_ref": ref},
            idempotency_key=ref,
        )
        started[ref] = answer["id"]
        if number % 3 == 0:
            await desk.get(
                "workflows_cancel",
                may_fail=True,
                id=answer["id"],
                reason="chaos",
                idempotency_key=f"{ref}-no",
            )
        await asyncio.sleep(0.3)
    return started


async def _token(settings: Settings) -> str:
    async with hosting(settings, []) as (host, _):
        agent = await host.agents.get("back-office")
        return host.tokens.issue(agent.principal, AUDIENCE).token
