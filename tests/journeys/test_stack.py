"""A stack of invoices in one file: each is posted once, and the stack itself never."""

import asyncio
import sys
from pathlib import Path

import pytest

from documents.stacks import on_paper, stacked
from journeys.desk import Answer, Desk, Samples, gross_of, opened
from switchgear_documents.samples import InvoiceSpec

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def posted(desk: Desk, content: bytes, name: str, specs: list[InvoiceSpec]) -> list[Answer]:
    """Hand the stack in and wait until each of its invoices is posted; return its parts."""
    receipt = await desk.submit(content, name)
    status = await desk.until(receipt, "filed")
    assert (status["document_type"], status["process"], status["record_uri"]) == (
        "bundle",
        None,
        None,
    )
    brought = (await desk.ask("documents_get", document_id=receipt["id"]))["attachments"]
    parts = [await desk.until(part) for part in brought]
    assert [(part["state"], part["parent_id"]) for part in parts] == [
        ("filed", receipt["id"]) for _ in specs
    ]
    assert len({part["record_uri"] for part in parts}) == len(specs)
    assert [await desk.booked(spec.number) for spec in specs] == [
        [("posted", gross_of(spec))] for spec in specs
    ]
    return parts


async def test_three_invoices_in_one_file_are_posted_once_each(own_data: Path) -> None:
    samples = Samples()
    specs = [samples.small_below(285) for _ in range(3)]
    content = stacked(*map(on_paper, specs))
    async with opened(own_data) as desk:
        parts = await posted(desk, content, "stack.pdf", specs)
        assert [part["name"] for part in parts] == [f"stack ({n} of 3).pdf" for n in (1, 2, 3)]

        again = await desk.submit(content, "stack again.pdf")
        assert (again["is_duplicate"], again["changed"]) == (True, False)
        found = await desk.ask("documents_search", limit=50)
        assert len(found["items"]) == 4
        assert [await desk.booked(spec.number) for spec in specs] == [
            [("posted", gross_of(spec))] for spec in specs
        ]

        steps = await desk.trace(again)
        ends = [step["subject"] for step in steps if step["what"] == "documents.document.filed"]
        assert sorted(ends) == sorted([again["id"], *(part["id"] for part in parts)])
        assert [s["what"] for s in steps].count("erp.invoice.posted") == 3
        assert await desk.dead_letters() == []

    verify = ("-m", "switchgear_shared.cli", "audit", "verify", "--data", str(own_data))
    verified = await asyncio.create_subprocess_exec(sys.executable, *verify)
    assert await verified.wait() == 0
