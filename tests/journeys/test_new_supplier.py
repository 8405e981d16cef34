"""An invoice of a supplier that nobody knows, brought to the books by tools alone."""

import asyncio
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeys.desk import Answer, Desk, Samples, correlation, gross_of, opened
from switchgear_documents.samples import to_ubl
from switchgear_shared.transports.results import ERROR_KEY

pytestmark = pytest.mark.asyncio(loop_scope="session")

IBAN = "DE89370400440532013000"


async def answered(desk: Desk, receipt: Answer, tool: str, **arguments: Any) -> Answer:
    """Return what the back office, an agent, is answered within the document's piece of work."""
    meta: Any = correlation(receipt["correlation_id"])
    result = await desk.clients["back-office"].call_tool(tool, arguments, meta=meta)
    return (result.meta or {})[ERROR_KEY] if result.is_error else result.structured_content or {}


async def test_an_unknown_supplier_is_made_with_approval_and_its_invoice_posted_once(
    own_data: Path, samples: Samples
) -> None:
    spec = samples.small_below(285)
    stranger = replace(spec.seller, name="Nobody Knows GmbH", vat="DE136695976", iban=IBAN)
    spec = replace(spec, seller=stranger, order_ref=None)

    async with opened(own_data) as desk:
        receipt = await desk.submit(to_ubl(spec))
        review = await desk.review(receipt)
        assert review["reasons"] == ["unknown supplier: Nobody Knows GmbH DE136695976"]

        # The agent reads the document, which is a stranger's word, and finds no such party.
        read = await answered(desk, receipt, "documents_get_extraction", document_id=receipt["id"])
        said = {field["name"]: field["value"] for field in read["fields"]}
        found = await answered(
            desk, receipt, "erp_find_party", query=said["supplier_vat"], role="vendor"
        )
        assert found["items"] == []
        party: Answer = {
            "name": said["supplier"],
            "roles": ["vendor"],
            "vat_id": said["supplier_vat"],
            "iban": said["iban"],
            "address": {"city": stranger.city, "country": stranger.country},
            "idempotency_key": f"party-of-{receipt['id']}",
        }
        seen = await answered(desk, receipt, "erp_create_party", **party, dry_run=True)
        assert seen["preview"]["effects"] != []
        held = await answered(desk, receipt, "erp_create_party", **party)
        assert (held["code"], sorted(held["details"]["needs"])) == (
            "approval_required",
            ["finance", "owner"],
        )

        # Who asked may not decide; another person sees the whole call, and does.
        approval = held["details"]["approval_id"]
        own = await desk.refusal(
            "workflows_decide_approval", by="back-office", id=approval, decision="approve"
        )
        assert own["code"] == "not_found"
        listed = await desk.ask("workflows_list_approvals", by="finance", limit=50)
        [waiting] = [one for one in listed["items"] if one["id"] == approval]
        assert "new-bank-account" in waiting["summary"]
        await desk.ask("workflows_decide_approval", by="finance", id=approval, decision="approve")
        made = await answered(desk, receipt, "erp_create_party", **party)
        again = await answered(desk, receipt, "erp_create_party", **party)
        assert (made["state"], again["id"], again["replayed"]) == ("active", made["id"], True)
        twice = {**party, "idempotency_key": "another", "dry_run": True}
        refused = await answered(desk, receipt, "erp_create_party", **twice)
        assert (refused["code"], refused["details"]["party_id"]) == ("conflict", made["id"])

        # The review is taken again with the party there; without an order it asks once more.
        await desk.decide(review, "approve")
        second = await _next_review(desk, receipt, review)
        assert second["reasons"] == ["the document names no purchase order"]
        await desk.decide(second, "approve")

        # A new supplier without an order is weighed by a person, whatever the amount.
        process = await desk.process(receipt, "waiting_approval")
        assert await desk.booked(spec.number) == [("draft", gross_of(spec))]
        await desk.ask(
            "workflows_decide_approval", by="finance", id=process["waits_for"], decision="approve"
        )
        assert (await desk.until(receipt, "filed", "rejected"))["state"] == "filed"
        assert await desk.booked(spec.number) == [("posted", gross_of(spec))]

        done = await desk.process(receipt, "completed")
        proposal = done["result"]["payment_proposal"]
        assert (proposal["party_id"], proposal["has_account"]) == (made["id"], True)
        told = Counter(step["what"] for step in await desk.trace(receipt))
        assert told["erp.party.created"] == told["erp.invoice.posted"] == 1
        assert told["documents.review.requested"] == told["documents.review.decided"] == 2
        assert told["governance.approval.requested"] == told["governance.approval.decided"] == 2

    verify = ("-m", "switchgear_shared.cli", "audit", "verify", "--data", str(own_data))
    verified = await asyncio.to_thread(
        subprocess.run, [sys.executable, *verify], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def _next_review(desk: Desk, receipt: Answer, before: Answer) -> Answer:
    """Return the review that the document waits for after another one."""
    while True:
        status = await desk.until(receipt, "in_review", "filed", "rejected")
        if status["open_review_id"] not in (None, before["id"]):
            return await desk.review(receipt)
        assert status["state"] == "in_review", status
