"""Every kind of document through the whole pipeline under kill -9: one end each, nothing twice.

The documents are those of SWITCHGEAR_CHAOS_DOCUMENTS (a folder with a manifest.json), as many of
the generator, and invoices that the demo company waits for. A person decides what the pipeline
asks: approves the first time, rejects what is asked again.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chaos.isolated import (
    call,
    kill_one,
    quick_to_recover,
    replay_all,
    rows,
    submit,
    tokens,
    until_ready,
)
from chaos.wire import HEADERS
from switchgear_documents.commands import spec_of
from switchgear_documents.evaluation.manifest import load
from switchgear_documents.generating.collection import generate
from switchgear_documents.samples import to_ubl
from switchgear_shared.commands.audit import verified
from switchgear_shared.demo_company import demo_company, small_invoices
from switchgear_shared.part import installed_servers
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite
from switchgear_shared.testing import until

FOLDER = Path(
    os.environ.get("SWITCHGEAR_CHAOS_DOCUMENTS")
    or Path(__file__).parents[3] / "shared" / "data" / "documents"
)
EACH = int(os.environ.get("SWITCHGEAR_CHAOS_EACH", "40"))
"""How many of the folder, and as many of the generator; a fifth as many awaited invoices."""
KILLS = int(os.environ.get("SWITCHGEAR_CHAOS_KILLS", "8"))
SEED = int(os.environ.get("SWITCHGEAR_CHAOS_SEED", "20261126"))
PATIENCE_S = 300 + 4 * EACH
HANDS = 4

_OVER = ("filed", "rejected")

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="finds a process's children in /proc"),
]


@dataclass
class _Report:
    killed: Counter[str] = field(default_factory=Counter[str])
    decided: Counter[str] = field(default_factory=Counter[str])
    replayed: int = 0


async def test_every_document_reaches_one_end_through_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = quick_to_recover(tmp_path / "data", delivery_ack_wait_s=5)
    files = _files(tmp_path / "generated")
    suite = Suite(settings, installed_servers(), demo_data=True, log_folder=tmp_path / "logs")
    report = _Report()
    started = time.monotonic()

    await suite.start()
    try:
        await asyncio.gather(*(until_ready(url) for url in suite.upstreams.values()))
        names = ("assistant", "operator", "clerk")
        assistant, operator, clerk = await tokens(settings, *names)
        async with _attending(suite.upstreams["documents"], operator, clerk, report):
            submitting = asyncio.create_task(
                _submit_all(suite.upstreams["documents"], assistant, files)
            )
            await _kill_on_the_way(settings, suite, len(files), report)
            correlations = await submitting
            await until(lambda: _all_over(settings), timeout_s=PATIENCE_S, every_s=1)
    finally:
        await suite.stop()

    documents = rows(
        settings,
        "documents",
        "SELECT id, state, correlation_id, parent_id, document_type, record_uri FROM documents",
    )
    ends = Counter(
        subject
        for (subject,) in rows(
            settings, "documents", "SELECT subject FROM trace WHERE type='documents.document.filed'"
        )
    )
    invoices = rows(
        settings, "erp", "SELECT document_id, id, state FROM invoices WHERE document_id <> ''"
    )
    entries = rows(
        settings,
        "erp",
        "SELECT e.invoice_id FROM journal_entries e JOIN invoices i ON i.id = e.invoice_id "
        "WHERE i.document_id <> ''",
    )
    audit = await verified(settings, checkpoints=None, key=None)
    filed = {identifier for identifier, state, *_ in documents if state == "filed"}
    posted = Counter(document for document, _, state in invoices if state == "posted")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(files)} files, {len(documents)} documents with attachments, "
            f"{time.monotonic() - started:.0f} s; killed {dict(report.killed)}\n"
            f"ends {dict(Counter(state for _, state, *_ in documents))}; "
            f"reviews {dict(report.decided)}; {report.replayed} dead letters replayed\n"
            f"ERP invoices posted {len(posted)}, left as drafts {len(invoices) - len(posted)}; "
            f"audit {audit['ok']}, {audit['rows']} rows\n"
        )

    assert sum(report.killed.values()) == KILLS
    assert len(correlations) == len({body for _, body, _ in files})
    assert {c for _, _, c, parent, *_ in documents if parent is None} == correlations
    assert {state for _, state, *_ in documents} <= set(_OVER)
    assert (set(ends), set(ends.values())) == (filed, {1})
    records = {record.rsplit("/", 1)[-1] for *_, record in documents if record}
    assert records == {identifier for _, identifier, state in invoices if state == "posted"}
    assert set(posted) <= filed
    assert set(posted.values()) == {1}
    assert len(entries) == len(set(entries)) == len(posted)
    assert len(posted) >= EACH // 5
    assert (audit["ok"], audit["first_bad"]) == (True, None)


def _files(folder: Path) -> list[tuple[str, bytes, str]]:
    """Return name, bytes and media type of every document, mixed."""
    found: list[Path] = []
    if FOLDER.is_dir():
        every = load(FOLDER)
        found += [FOLDER / entry.path for entry in every[:: max(1, len(every) // EACH)][:EACH]]
    found += [folder / row["path"] for row in generate(folder, EACH, SEED)]
    files = [(path.name, path.read_bytes(), "application/octet-stream") for path in found]
    awaited = small_invoices(demo_company())[: max(1, EACH // 5)]
    files += [(f"{i.number}.xml", to_ubl(spec_of(i)), "application/xml") for i in awaited]
    random.Random(SEED).shuffle(files)  # noqa: S311 - chaos, not cryptography
    return files


async def _submit_all(url: str, token: str, files: list[tuple[str, bytes, str]]) -> set[str]:
    waiting = list(files)
    correlations: set[str] = set()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=20) as http:

        async def hand_in() -> None:
            while waiting:
                correlations.add(await submit(http, url, waiting.pop()))

        await asyncio.gather(*(hand_in() for _ in range(HANDS)))
    return correlations


async def _kill_on_the_way(settings: Settings, suite: Suite, count: int, report: _Report) -> None:
    """Kill at random points of the way from the first document to the last."""
    chance = random.Random(SEED)  # noqa: S311 - chaos, not cryptography
    points = sorted(chance.uniform(0, 0.97 * count) for _ in range(KILLS))
    while sum(report.killed.values()) < KILLS:
        await asyncio.sleep(0.5)
        states = [state for (state,) in rows(settings, "documents", "SELECT state FROM documents")]
        if sum(state in _OVER for state in states) >= points[sum(report.killed.values())]:
            kill_one(suite, chance, report.killed)


async def _all_over(settings: Settings) -> bool:
    states = {state for (state,) in rows(settings, "documents", "SELECT state FROM documents")}
    return states <= set(_OVER)


@asynccontextmanager
async def _attending(url: str, operator: str, clerk: str, report: _Report) -> AsyncGenerator[None]:
    """Replay dead letters and decide reviews as they come."""

    async def operate(http: httpx2.AsyncClient) -> None:
        report.replayed += await replay_all(http, url)

    asked: dict[str, str] = {}

    async def review(http: httpx2.AsyncClient) -> None:
        with suppress(httpx2.HTTPError):
            for found in (await call(http, url, "documents_list_reviews", limit=50))["items"]:
                await _decide(http, url, found, asked, report)

    async def work(token: str, turn: Callable[[httpx2.AsyncClient], Awaitable[None]]) -> None:
        headers = {**HEADERS, "Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
            while True:
                await turn(http)
                await asyncio.sleep(0.5)

    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(work(operator, operate)),
            group.create_task(work(clerk, review)),
        ]
        yield
        for task in working:
            task.cancel()


async def _decide(
    http: httpx2.AsyncClient,
    url: str,
    review: dict[str, Any],
    asked: dict[str, str],
    report: _Report,
) -> None:
    first = asked.setdefault(review["document_id"], review["id"])
    decision = "approve" if first == review["id"] else "reject"
    await call(
        http,
        url,
        "documents_decide_review",
        review_id=review["id"],
        decision=decision,
        idempotency_key=f"chaos:{review['id']}",
    )
    report.decided[decision] += 1
