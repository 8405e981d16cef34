"""Two suites on one PostgreSQL, eight clients, mixed writes, kills: what was acknowledged is there.

Each client repeats a write with its key, at either suite, until it is told how it ended.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr

from chaos.two_suites import Answer, Suite, ask
from chaos.wire import HEADERS
from engines import own_database, service
from switchgear_shared.part import AUDIENCE
from switchgear_shared.serving import hosting
from switchgear_shared.testing import TEST_DATABASE_URL, settings_for

CLIENTS = 8
SECONDS = float(os.environ.get("SWITCHGEAR_CHAOS_SECONDS", "60"))
SEED = int(os.environ.get("SWITCHGEAR_CHAOS_SEED", "20261126"))
MOST_ATTEMPTS = 400
SKUS = ("TMP-1008", "TMP-1030", "PRS-1063", "FLW-1128", "VLV-1181", "FIT-1360")
PLACES = ("FRE", "HAM", "LIN")

pytestmark = [pytest.mark.chaos, pytest.mark.service]

Done = tuple[str, dict[str, Any], dict[str, Any]]
"""A tool, its arguments, and the answer that acknowledged it."""


async def test_mixed_writes_through_kills_leave_every_acknowledged_write_there_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with own_database(service(TEST_DATABASE_URL)) as url:
        settings = settings_for(tmp_path / "data", database_url=SecretStr(url))
        suites = [Suite(settings, tmp_path / f"suite-{n}.log") for n in range(2)]
        try:
            for suite in suites:
                await suite.start()
            token = await _token(settings)
            over = asyncio.Event()
            killed: Counter[str] = Counter()
            writing = [
                asyncio.create_task(_write(number, suites, token, over))
                for number in range(CLIENTS)
            ]
            killing = asyncio.create_task(_kill(suites, over, killed))
            await asyncio.sleep(SECONDS)
            over.set()
            await killing
            done = [entry for client in await asyncio.gather(*writing) for entry in client]
            await _all_are_replayed(suites, token, done)
        finally:
            for suite in suites:
                await suite.end(signal.SIGTERM)
        counts = Counter(tool for tool, _, _ in done)
        with capsys.disabled():
            sys.stdout.write(f"\nkilled {dict(killed)}; acknowledged {dict(counts)}\n")

        assert sum(killed.values()) >= min(3, SECONDS // 12)
        assert len(done) >= SECONDS
        connection = await asyncpg.connect(url)
        try:
            await _stock_is_the_sum_of_its_movements(connection)
            await _books_balance(connection)
            await _every_write_is_there_once(connection, done)
        finally:
            await connection.close()


async def _write(number: int, suites: list[Suite], token: str, over: asyncio.Event) -> list[Done]:
    chance = random.Random(SEED + number)  # noqa: S311 - chaos, not cryptography
    done: list[Done] = []
    orders: list[str] = []
    headers = {**HEADERS, "Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
        party = await _first_customer(http, suites[0].url)
        while not over.is_set():
            tool, arguments = _a_write(chance, orders, party)
            arguments = {**arguments, "idempotency_key": uuid4().hex}
            answer = await _until_told(http, suites, chance, tool, arguments)
            if not answer.is_error:
                done.append((tool, arguments, answer.body))
                if tool == "erp_create_order":
                    orders.append(answer.body["id"])
    return done


def _a_write(chance: random.Random, orders: list[str], party: str) -> tuple[str, dict[str, Any]]:
    mark = uuid4().hex[:12]
    kinds = ["order", "reserve", "transfer", "activity"]
    if orders:
        kinds += ["advance", "fulfil"]
    match chance.choice(kinds):
        case "order":
            line = {"sku": chance.choice(SKUS), "quantity": str(chance.randint(1, 3))}
            order = {"kind": "sale", "party_id": party, "lines": [line], "external_ref": mark}
            return "erp_create_order", order
        case "advance":
            to = chance.choice(("quoted", "confirmed", "cancelled"))
            return "erp_advance_order", {"order_id": chance.choice(orders), "to": to}
        case "fulfil":
            return "erp_fulfil_order", {"order_id": chance.choice(orders)}
        case "reserve":
            line = {"sku": chance.choice(SKUS), "quantity": "1"}
            return "inventory_reserve", {"lines": [line], "for_ref": mark}
        case "transfer":
            line = {"sku": chance.choice(SKUS), "quantity": "1"}
            places = chance.sample(PLACES, 2)
            return "inventory_transfer", {
                "lines": [line],
                "from_location": places[0],
                "to_location": places[1],
                "source_ref": mark,
            }
        case _:
            return "crm_log_activity", {
                "about_id": party,
                "kind": "note",
                "subject": f"Chaos {mark}",
            }


async def _until_told(
    http: httpx2.AsyncClient,
    suites: list[Suite],
    chance: random.Random,
    tool: str,
    arguments: dict[str, Any],
) -> Answer:
    """Repeat a write with its key until its end is known."""
    answer = None
    for _ in range(MOST_ATTEMPTS):
        answer = await ask(http, chance.choice(suites).url, tool, arguments)
        if answer is not None and not (answer.is_error and answer.body["retryable"]):
            return answer
        await asyncio.sleep(0.1)
    pytest.fail(f"{tool} {arguments} was never told its end: {answer}")


async def _kill(suites: list[Suite], over: asyncio.Event, killed: Counter[str]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chaos, not cryptography
    while not over.is_set():
        await asyncio.sleep(chance.uniform(1, 4))
        number = chance.randrange(len(suites))
        await suites[number].end(signal.SIGKILL)
        killed[f"suite {number}"] += 1
        await suites[number].start()


async def _all_are_replayed(suites: list[Suite], token: str, done: list[Done]) -> None:
    """Repeat the latest acknowledged writes: each answers what it answered, and does nothing."""
    headers = {**HEADERS, "Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
        for tool, arguments, body in done[-100:]:
            answer = await ask(http, suites[0].url, tool, arguments)
            assert answer is not None
            assert answer.body == {**body, "replayed": True}


async def _stock_is_the_sum_of_its_movements(connection: asyncpg.Connection) -> None:
    wrong = await connection.fetch(
        """
        SELECT l.item_id, l.location, l.on_hand, l.reserved FROM inventory.levels l
        WHERE l.on_hand <> (
            SELECT coalesce(sum(CASE WHEN m.to_location = l.location THEN m.quantity
                                     ELSE -m.quantity END), 0)
            FROM inventory.movements m
            WHERE m.item_id = l.item_id AND l.location IN (m.to_location, m.from_location))
        OR l.reserved <> (
            SELECT coalesce(sum(r.quantity), 0) FROM inventory.reservations r
            WHERE r.item_id = l.item_id AND r.location = l.location)
        OR l.reserved < 0 OR l.reserved > l.on_hand
        """
    )
    assert wrong == []


async def _books_balance(connection: asyncpg.Connection) -> None:
    unbalanced = await connection.fetch(
        "SELECT entry_id FROM erp.journal_lines GROUP BY entry_id HAVING sum(minor) <> 0"
    )
    too_much = await connection.fetch(
        "SELECT order_id FROM erp.order_lines WHERE fulfilled > quantity OR invoiced > quantity"
    )
    assert (unbalanced, too_much) == ([], [])


async def _every_write_is_there_once(connection: asyncpg.Connection, done: list[Done]) -> None:
    orders = Counter(
        row[0]
        for row in await connection.fetch(
            "SELECT external_ref FROM erp.orders WHERE external_ref IS NOT NULL"
        )
    )
    moved = Counter(
        row[0]
        for row in await connection.fetch(
            "SELECT source_ref FROM inventory.movements WHERE kind = 'transfer'"
        )
    )
    held = Counter(
        row[0] for row in await connection.fetch("SELECT for_ref FROM inventory.reservations")
    )
    noted = Counter(row[0] for row in await connection.fetch("SELECT subject FROM crm.activities"))
    there = {
        "erp_create_order": (orders, "external_ref"),
        "inventory_transfer": (moved, "source_ref"),
        "inventory_reserve": (held, "for_ref"),
        "crm_log_activity": (noted, "subject"),
    }
    for tool, arguments, _ in done:
        if tool in there:
            found, name = there[tool]
            assert (tool, arguments[name], found[arguments[name]]) == (tool, arguments[name], 1)
    shipped = Counter(
        row[0] for row in await connection.fetch("SELECT order_id FROM erp.fulfilments")
    )
    fulfilled = [args["order_id"] for tool, args, _ in done if tool == "erp_fulfil_order"]
    assert {order: shipped[order] for order in fulfilled} == dict.fromkeys(fulfilled, 1)


async def _first_customer(http: httpx2.AsyncClient, url: str) -> str:
    answer = await ask(http, url, "erp_find_party", {"query": "GmbH", "role": "customer"})
    assert answer is not None
    return answer.body["items"][0]["id"]


async def _token(settings: Any) -> str:
    async with hosting(settings, []) as (host, _):
        agent = await host.agents.get("back-office")
        return host.tokens.issue(agent.principal, AUDIENCE).token
