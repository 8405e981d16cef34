"""What the whole way of a document costs: handed in, read, extracted, and routed or asked about.

The documents server with its broker, audit and outbox, as `switchgear serve documents` runs it;
invented PDFs of every type are handed in through the tool. `a second` is documents by the processor
time of all processes together, so it is what one core does; the columns beside it are milliseconds
a document of the server itself, its reading worker, the broker and, where it runs on this machine,
PostgreSQL. Readers run before it counts: what one takes to start is spread over the two thousand
documents that it reads. Then some are handed in one after another: what one waits from each event
to the next.
Run: `.venv/bin/python bench/intake.py [DOCUMENTS] [POSTGRESQL_URL]`; tables are made in that
database, so give one to throw away.
"""

import asyncio
import base64
import logging
import math
import sys
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sandbox import used_s  # pyright: ignore[reportAttributeAccessIssue] - the file beside this
from sqlalchemy import select, text

from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_documents.tables import TraceRecord
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.server import Host, local_principal
from switchgear_shared.serving import hosting, run_to_the_end
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database

DOCUMENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
DATABASE = sys.argv[2] if len(sys.argv) > 2 else None
ONE_BY_ONE = 30
AT_ONCE = 8
MOST_S = 600
STEPS = ("received", "classified", "extracted", "routed")
ENDS = ("documents.document.routed", "documents.review.requested")


class Desk:
    """Hands documents in and sees where they are."""

    def __init__(self, host: Host, settings: Settings) -> None:
        database = host.servers["documents"].part.database
        assert database is not None
        self.database: Database = database
        self._tools = ToolClient(host.switchboard, local_principal(settings), 60)

    async def hand_in(self, name: str, content: bytes) -> CorrelationId:
        """Hand one in; return what its events go by."""
        correlation_id = new_correlation_id()
        await self._tools.call(
            "documents_submit",
            {"name": name, "content": base64.b64encode(content).decode()},
            tenant=self._tools.principal.tenant,
            requested_by=self._tools.principal.id,
            correlation_id=correlation_id,
        )
        return correlation_id

    async def until_routed(self, wanted: set[CorrelationId]) -> None:
        """Wait until every one of these is routed or a person is asked."""
        async with asyncio.timeout(MOST_S):
            while True:
                async with self.database.reading() as session:
                    found = await session.scalars(
                        select(TraceRecord.correlation_id).where(TraceRecord.type.in_(ENDS))
                    )
                    if wanted <= set(found):
                        return
                await asyncio.sleep(0.2 if len(wanted) > 1 else 0.02)

    async def waits_ms(self, wanted: set[CorrelationId]) -> dict[str, list[float]]:
        """Return how long each step took, and the whole way."""
        async with self.database.reading() as session:
            rows = (await session.scalars(select(TraceRecord))).all()
        times: dict[str, dict[str, float]] = defaultdict(dict)
        for row in rows:
            if row.correlation_id in wanted:
                step = STEPS[-1] if row.type in ENDS else row.type.rpartition(".")[2]
                times[row.correlation_id].setdefault(step, row.at.timestamp())
        waits: dict[str, list[float]] = {}
        for before, step in (*pairwise(STEPS), (STEPS[0], STEPS[-1])):
            waits[f"{before} to {step}"] = sorted(
                1000 * (seen[step] - seen[before]) for seen in times.values()
            )
        return waits


async def processes(database: Database) -> dict[str, float]:
    """Return the processor time so far, by what uses it."""
    used = {"server": time.process_time(), "reader": 0.0, "broker": 0.0, "database": 0.0}
    for pid, command in children():
        used["reader" if "reading.worker" in command else "broker"] += used_s(pid)
    if not database.is_sqlite:
        async with database.reading() as session:
            mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            pids = (await session.scalars(text(mine))).all()
        used["database"] = sum(map(used_s, filter(is_here, pids)))
    return used


def children() -> list[tuple[int, str]]:
    """Return our child processes with their command lines."""
    lists = Path("/proc/self/task").glob("*/children")
    pids = {int(pid) for one in lists for pid in one.read_text().split()}
    return [(pid, Path(f"/proc/{pid}/cmdline").read_text()) for pid in pids]


def is_here(pid: int) -> bool:
    """Say whether a process runs on this machine."""
    return Path(f"/proc/{pid}/stat").exists()


def invented(count: int, seed: int) -> list[bytes]:
    """Return PDFs that nobody has handed in before."""
    return [to_pdf(draft(place, seed=seed), Random(place)) for place in range(count)]  # noqa: S311


async def measure(desk: Desk, documents: list[bytes]) -> None:
    """Hand them in, all in a row and then one by one, and print what it took."""
    bulk, single = documents[:DOCUMENTS], documents[DOCUMENTS:]
    turns = asyncio.Semaphore(AT_ONCE)

    async def hand_in(content: bytes) -> CorrelationId:
        async with turns:
            return await desk.hand_in("bulk.pdf", content)

    first = [single.pop() for _ in range(AT_ONCE)]  # enough that every reader has started
    await desk.until_routed({*await asyncio.gather(*map(hand_in, first))})
    before = await processes(desk.database)
    await desk.until_routed({*await asyncio.gather(*map(hand_in, bulk))})
    after = await processes(desk.database)
    spent = {name: after[name] - before[name] for name in after}
    print(f"{'a second':>10}" + "".join(f"{name + ' ms':>14}" for name in spent))
    cells = "".join(f"{1000 * used / len(bulk):>14.1f}" for used in spent.values())
    print(f"{len(bulk) / sum(spent.values()):>10.1f}{cells}")
    done: set[CorrelationId] = set()
    for content in single:
        done.add(await desk.hand_in("single.pdf", content))
        await desk.until_routed(done)
    print(f"\n{'one by one':28}{'p50 ms':>10}{'p95 ms':>10}")
    for step, waits in (await desk.waits_ms(done)).items():
        p50, p95 = (waits[math.ceil(share * len(waits)) - 1] for share in (0.5, 0.95))
        print(f"{step:28}{p50:>10.1f}{p95:>10.1f}")


async def main() -> None:
    """Open the server on fresh data and measure it."""
    logging.disable(logging.WARNING)
    documents = invented(DOCUMENTS + ONE_BY_ONE + AT_ONCE, seed=int(time.time()))
    with TemporaryDirectory() as folder:
        settings = Settings().model_copy(
            update={
                "data": Path(folder),
                "rate_limit": "100000000/minute",
                "database_url": SecretStr(DATABASE) if DATABASE else None,
                "nats_url": None,
            }
        )
        async with hosting(settings, ["documents"]) as (host, runtime):
            await runtime.start()
            print(f"{DOCUMENTS} documents, {'PostgreSQL' if DATABASE else 'SQLite'}")
            await measure(Desk(host, settings), documents)


if __name__ == "__main__":
    run_to_the_end(main())
