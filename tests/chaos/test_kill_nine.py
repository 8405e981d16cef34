"""A hundred invoices flow while twenty processes are killed: posted once each, none lost."""

import asyncio
import os
import random
import sys
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from chaos.isolated import (
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
from switchgear_documents.samples import to_ubl
from switchgear_shared.commands.audit import verified
from switchgear_shared.demo_company import demo_company, small_invoices
from switchgear_shared.part import installed_servers
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite
from switchgear_shared.testing import until

DOCUMENTS = 100
KILLS = 20
PATIENCE_S = 420
SEED = int(os.environ.get("SWITCHGEAR_CHAOS_SEED", "20261123"))

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="finds a process's children in /proc"),
]


async def test_a_hundred_invoices_are_posted_once_through_twenty_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = quick_to_recover(tmp_path / "data", delivery_ack_wait_s=3)
    suite = Suite(settings, installed_servers(), demo_data=True, log_folder=tmp_path / "logs")
    invoices = small_invoices(demo_company())[:DOCUMENTS]
    bodies = {f"{invoice.number}.xml": to_ubl(spec_of(invoice)) for invoice in invoices}
    killed: Counter[str] = Counter()

    await suite.start()
    try:
        await asyncio.gather(*(until_ready(url) for url in suite.upstreams.values()))
        token, operator = await tokens(settings, "assistant", "operator")
        flowing = asyncio.create_task(_submit_all(suite.upstreams["documents"], token, bodies))
        await _kill_at_random(suite, killed)
        correlations = await flowing
        replayed = await _until_all_posted(settings, suite.upstreams["documents"], operator)
    finally:
        await suite.stop()

    posted = rows(
        settings, "erp", "SELECT document_id, state FROM invoices WHERE document_id <> ''"
    )
    documents = rows(settings, "documents", "SELECT id, state, correlation_id FROM documents")
    entries = rows(
        settings,
        "erp",
        "SELECT e.invoice_id FROM journal_entries e JOIN invoices i ON i.id = e.invoice_id "
        "WHERE i.document_id <> ''",
    )
    report = await verified(settings, checkpoints=None, key=None)
    with capsys.disabled():
        sys.stdout.write(
            f"\nkilled {dict(killed)}; {len(posted)} posted, {replayed} replayed; {report}\n"
        )

    assert sum(killed.values()) == KILLS
    assert Counter(state for _, state in posted) == {"posted": DOCUMENTS}
    assert {document for document, _ in posted} == {identifier for identifier, _, _ in documents}
    assert len(entries) == len(set(entries)) == DOCUMENTS
    assert Counter(state for _, state, _ in documents) == {"filed": DOCUMENTS}
    assert {correlation for _, _, correlation in documents} == correlations
    assert (report["ok"], report["first_bad"]) == (True, None)


async def _submit_all(url: str, token: str, bodies: dict[str, bytes]) -> set[str]:
    """Hand every document in; return the correlation IDs answered."""
    correlations: set[str] = set()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
        for name, body in bodies.items():
            correlations.add(await submit(http, url, (name, body, "application/xml")))
            await asyncio.sleep(0.15)
    return correlations


async def _kill_at_random(suite: Suite, killed: Counter[str]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chaos, not cryptography
    while sum(killed.values()) < KILLS:
        await asyncio.sleep(chance.uniform(0.5, 2.5))
        kill_one(suite, chance, killed)


async def _until_all_posted(settings: Settings, url: str, operator: str) -> int:
    """Wait for the hundredth posting, replaying dead letters as an operator would."""
    headers = {**HEADERS, "Authorization": f"Bearer {operator}"}
    replayed = 0
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:

        async def look() -> bool | None:
            nonlocal replayed
            states = rows(settings, "documents", "SELECT state FROM documents")
            if Counter(states) == {("filed",): DOCUMENTS}:
                return True
            replayed += await replay_all(http, url)
            return None

        await until(look, timeout_s=PATIENCE_S, every_s=1)
    return replayed
