"""What matches its order and its receipts is posted without a person."""

import pytest

from journeys.desk import Desk, Samples, gross_of
from switchgear_documents.samples import to_cii, to_facturx, to_ubl
from switchgear_shared.testing import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("write", [to_ubl, to_cii, to_facturx])
async def test_an_invoice_of_every_format_is_posted_once(
    desk: Desk, samples: Samples, write: object
) -> None:
    spec = samples.small()
    receipt = await desk.submit(write(spec), "invoice")  # type: ignore[operator]

    assert (await desk.until(receipt))["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
    assert await desk.dead_letters() == []


@pytest.mark.parametrize("case", ["usd", "jpy"])
async def test_an_invoice_in_another_currency_is_posted_in_it(
    desk: Desk, samples: Samples, case: str
) -> None:
    spec = samples.case(case)

    assert (await desk.until(await desk.submit(to_ubl(spec))))["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]


async def test_every_step_carries_the_correlation_id_of_the_submission(
    desk: Desk, samples: Samples
) -> None:
    receipt = await desk.submit(to_ubl(samples.small()))

    async def whole() -> list[str] | None:
        steps = [step["what"] for step in await desk.trace(receipt) if step["source"] == "event"]
        return steps if "documents.document.filed" in steps else None

    assert await until(whole, timeout_s=30) == [
        "documents.document.received",
        "documents.document.classified",
        "documents.document.extracted",
        "documents.document.routed",
        "workflows.process.started",
        "erp.invoice.created",
        "erp.invoice.posted",
        "workflows.process.completed",
        "documents.document.filed",
    ]


async def test_a_corrected_supplier_leads_to_posting(desk: Desk, samples: Samples) -> None:
    from dataclasses import replace  # noqa: PLC0415 - one use

    spec = samples.small()
    misread = replace(spec.seller, vat="DE136695976")
    receipt = await desk.submit(to_ubl(replace(spec, seller=misread)))
    review = await desk.review(receipt)
    await desk.decide(review, "correct", fields={"supplier_vat": spec.seller.vat or ""})

    assert (await desk.until(receipt, "filed"))["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
