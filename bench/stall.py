"""What a hung system does to the others: the CRM's latency with the ERP well, and with it hung.

Both phases run in turn in one process, with the same clients at the CRM and 64 callers at the
other system, which answers at once in one phase and takes every call without an answer in the
other. Also printed: what those callers were told while it hung.
Run: `.venv/bin/python bench/stall.py [SECONDS]`.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.calls.call import Request
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.governance.agents import Agent
from switchgear_shared.observability.logs import configure
from switchgear_shared.part import Part
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.toolset import Toolset

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
ROUNDS = 3
CRM_CLIENTS = 4
OTHER_CLIENTS = 64

PRINCIPAL = Agent("bench", "agent", (), ("crm.*", "slow.*")).principal
slow = Toolset["Slow"]()


class Slow:
    """A system that answers while it is well, and takes calls without an answer while it is not."""

    def __init__(self) -> None:
        self.is_hung = False

    async def answer(self) -> None:
        """Return, or never."""
        if self.is_hung:
            await asyncio.Event().wait()


class Level(Contract):
    """A small answer."""

    on_hand: int


@slow.read(permission="slow.item.read")
async def slow_get_item(
    backend: Slow, sku: Annotated[str, Field(min_length=1, description="Any.")]
) -> Level:
    """Read from the other system. Fails with deadline_exceeded."""
    del sku
    await backend.answer()
    return Level(on_hand=7)


@slow.write(permission="slow.item.write", idempotent=False)
async def slow_put_item(
    backend: Slow, sku: Annotated[str, Field(min_length=1, description="Any.")]
) -> WriteResult:
    """Write to the other system. Fails with deadline_exceeded."""
    current_write().check_may_send()
    await backend.answer()
    return WriteResult(id=sku, state="put", version="1")


async def call(host: Host, server: str, tool: str, arguments: dict[str, Any]) -> str:
    """Return what the caller was told, in a word or two."""
    outcome = await host.servers[server].pipeline.dispatch(
        Request(server, tool, arguments, PRINCIPAL, new_correlation_id())
    )
    if outcome.error is not None:
        return f"{outcome.error.code}, {outcome.error.outcome}"
    stale = outcome.freshness is not None and outcome.freshness.stale
    return "answer, stale" if stale else "answer"


async def phase(host: Host, told: Counter[str]) -> list[float]:
    """Return the CRM's latencies in ms, and count what the callers at the other system are told."""
    until = time.perf_counter() + SECONDS
    taken: list[float] = []

    async def at_crm() -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            assert await call(host, "crm", "crm_search", {"query": "Weidner"}) == "answer"
            taken.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.02)

    async def at_slow(number: int) -> None:
        while time.perf_counter() < until:
            kind = "write" if number % 2 else "read"
            tool = "slow_put_item" if number % 2 else "slow_get_item"
            told[f"{kind}: {await call(host, 'slow', tool, {'sku': 'A'})}"] += 1
            await asyncio.sleep(0.05)

    others = (at_slow(number) for number in range(OTHER_CLIENTS))
    await asyncio.gather(*(at_crm() for _ in range(CRM_CLIENTS)), *others)
    return taken


async def main() -> None:
    """Measure and print."""
    configure("error")
    backend = Slow()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings().model_copy(
            update={
                "data": Path(folder),
                "rate_limit": "100000000/minute",
                "database_url": None,
                "attempt_timeout_s": 1.0,
                "call_timeout_s": 2.0,
            }
        )
        host, _ = new_host(settings)
        await host.open(["crm"], demo_data=True)
        database = Database.at("slow", data_dir=settings.data, database_url=None)
        await host.add(
            Part(
                name="slow",
                title="Slow",
                instructions="",
                toolset=slow,
                backend=backend,
                backend_name="remote",
                database=database,
                is_remote=True,
            )
        )
        await call(host, "slow", "slow_get_item", {"sku": "A"})
        well: list[float] = []
        hung: list[float] = []
        told: Counter[str] = Counter()
        for _ in range(ROUNDS):
            backend.is_hung = False
            host.servers["slow"].pipeline.protection.breaker.reset()
            well += await phase(host, Counter())
            backend.is_hung = True
            hung += await phase(host, told)
        await host.close()
    print(f"{'CRM, ms a call':28} {'calls':>7} {'p50':>7} {'p99':>7} {'max':>7}")
    for name, values in (
        ("other system well", well),
        ("other system hung", hung),
    ):
        ordered = sorted(values)
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        print(f"{name:28} {len(values):7} {p50:7.1f} {p99:7.1f} {ordered[-1]:7.1f}")
    print("\ntold to the callers of the hung system:")
    for words, count in told.most_common():
        print(f"  {count:6} {words}")


if __name__ == "__main__":
    asyncio.run(main())
