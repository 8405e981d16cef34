"""Large invoices wait for a person, durably, and are posted once."""

from pathlib import Path

import pytest

from journeys.desk import Samples, gross_of, opened
from switchgear_documents.samples import to_cii, to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_approval_outlives_the_suite_and_the_invoice_is_posted_once(
    own_data: Path, samples: Samples
) -> None:
    spec = samples.case("approval")
    async with opened(own_data) as desk:
        receipt = await desk.submit(to_ubl(spec))
        waiting = await desk.process(receipt, "waiting_approval")
        own = await desk.refusal(
            "workflows_decide_approval", id=waiting["waits_for"], decision="approve"
        )
        assert own["code"] == "not_found"
        assert await desk.booked(spec.number) == [("draft", gross_of(spec))]

    async with opened(own_data) as desk:
        granted = await desk.ask(
            "workflows_decide_approval", by="finance", id=waiting["waits_for"], decision="approve"
        )
        assert granted["state"] == "approved"
        assert (await desk.until(receipt, "filed"))["correlation_id"] == receipt["correlation_id"]
        assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
        kinds = [step["what"] for step in await desk.trace(receipt)]
        assert kinds.count("erp.invoice.posted") == 1
        assert kinds.count("governance.approval.requested") == 1
        assert await desk.dead_letters() == []


async def test_a_denied_invoice_is_rejected_and_not_posted(
    own_data: Path, samples: Samples
) -> None:
    spec = samples.case("approval")
    async with opened(own_data) as desk:
        receipt = await desk.submit(to_cii(spec))
        waiting = await desk.process(receipt, "waiting_approval")
        await desk.ask(
            "workflows_decide_approval",
            by="finance",
            id=waiting["waits_for"],
            decision="deny",
            reason="not ours",
        )

        assert (await desk.until(receipt))["state"] == "rejected"
        process = await desk.process(receipt, "rejected")
        assert process["reason"] == "approval denied by finance: not ours"
        assert await desk.booked(spec.number) == [("draft", gross_of(spec))]


async def test_a_server_that_is_away_makes_a_dead_letter_that_replays_once(
    own_data: Path, samples: Samples
) -> None:
    """The inventory is not there at first; the operator replays once it is."""
    spec = samples.small()
    everyone = ("crm", "documents", "erp", "registry", "workflows")
    async with opened(own_data, names=everyone) as desk:
        receipt = await desk.submit(to_ubl(spec))

        async def one() -> list[dict[str, object]] | None:
            return await desk.dead_letters() or None

        from switchgear_shared.testing import until  # noqa: PLC0415 - one use

        (letter,) = await until(one, timeout_s=30)
        assert letter["correlation_id"] == receipt["correlation_id"]
        assert letter["error_code"] == "backend_unavailable"

    async with opened(own_data) as desk:
        replayed = await desk.ask("documents_replay_dead_letter", by="operator", id=letter["id"])
        assert replayed["changed"] is True
        assert (await desk.until(receipt, "filed"))["state"] == "filed"
        again = await desk.ask(
            "documents_replay_dead_letter", by="operator", id=letter["id"], idempotency_key="2"
        )
        assert again["changed"] is False
        assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
        assert await desk.dead_letters() == []
