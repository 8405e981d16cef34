"""The overview, the search and the trace: where everything is and how it came there."""

import pytest

from console.person import Page, Person, signed_in, visitor
from console.test_reviewing import riddle
from documents.test_erasure import records
from documents.test_erasure_remains import LETTER
from journeys.desk import Answer, Desk, Samples, off_by_one
from switchgear_documents.samples import to_ubl
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.governance.audit import AuditEvent
from switchgear_shared.testing import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_trace_of_an_erased_document_tells_who_had_it_erased(desk: Desk) -> None:
    receipt = await desk.submit(LETTER, "erased.txt")
    await desk.until(receipt, "filed")
    assert (await (await records(desk)).approved(receipt["id"]))[0] == 200

    async with signed_in(desk, "operator") as person:
        page = await person.get(f"/traces/{receipt['correlation_id']}")

    assert page.status == 200
    assert "documents.document.erased" in page.text
    assert "garden" not in page.text


async def test_a_documents_page_tells_every_step_who_took_it_and_why(
    desk: Desk, samples: Samples
) -> None:
    spec = samples.small_below(900)
    receipt = await desk.submit(off_by_one(spec), "paper.xml")
    review = await desk.review(receipt)

    async with signed_in(desk, "clerk") as person:
        waiting = await person.get(f"/documents/{receipt['id']}")
        await desk.decide(
            review, "correct", fields={"total_gross": f"{spec.gross}"}, reason="a typo"
        )
        await desk.until(receipt, "filed")
        trace, page = await settled(desk, person, receipt)
        by_correlation = await person.get(f"/traces/{receipt['correlation_id']}")

    assert waiting.tree.xpath("//main//a[text()='for a review']/@href") == [
        f"/console/reviews/{review['id']}"
    ]
    steps = [" ".join(row.text_content().split()) for row in page.tree.xpath("//tbody/tr")]
    told = [s["what"].rpartition(" ")[0] or s["what"] for s in trace if not _is_intent(s)]
    assert [step for step in steps if " begun, " in step] == []
    assert len(steps) == len(told) > 10
    assert [what in step for what, step in zip(told, steps, strict=True)] == [True] * len(told)
    (decided,) = [s for s in steps if "documents.review.decided" in s]
    assert "clerk" in decided
    assert f"/console/reviews/{review['id']}" in page.tree.xpath("//tbody//a/@href")
    assert page.names("//ol[@class='receipt']/li")[0] == "Done Read"
    assert "erp://invoices/" in page.text
    assert by_correlation.names("//h1") == page.names("//h1") == ["paper.xml"]


async def settled(desk: Desk, person: Person, receipt: Answer) -> tuple[list[Answer], Page]:
    """Return the trace and the page that shows it, once nothing is added to it any more."""

    async def look() -> tuple[list[Answer], Page] | None:
        before = await desk.trace(receipt)
        page = await person.get(f"/documents/{receipt['id']}")
        return (before, page) if before == await desk.trace(receipt) else None

    return await until(look)


def _is_intent(step: Answer) -> bool:
    return step["what"].endswith(" intent")


async def test_a_call_that_was_begun_and_never_ended_stands_in_the_trace(desk: Desk) -> None:
    event = AuditEvent(
        tenant=DEFAULT_TENANT,
        kind="intent",
        server="erp",
        tool="erp_post_invoice",
        principal="workflows",
        requested_by="clerk",
        correlation_id="cor_killed",
    )
    await desk.running.host.audit.append(event)

    async with signed_in(desk, "clerk") as person:
        page = await person.get("/traces/cor_killed")

    assert page.status == 200, page.text
    (step,) = page.names("//tbody/tr")
    assert "erp_post_invoice begun, no outcome workflows" in step


async def test_a_document_that_waits_for_an_approval_leads_to_it(
    strict_desk: Desk, strict_samples: Samples
) -> None:
    receipt = await strict_desk.submit(to_ubl(strict_samples.small_from(300)))
    process = await strict_desk.process(receipt, "waiting_approval")

    async with signed_in(strict_desk, "finance") as person:
        page = await person.get(f"/documents/{receipt['id']}")

    assert page.tree.xpath("//main//a[text()='waits for an approval']/@href") == [
        f"/console/approvals/{process['waits_for']}"
    ]


async def test_documents_are_found_by_what_they_say(desk: Desk, samples: Samples) -> None:
    spec = samples.small()
    receipt = await desk.submit(to_ubl(spec), "found <i>.xml")
    await desk.until(receipt)

    async with signed_in(desk, "clerk") as person:
        found = await person.get(f"/documents?query={spec.number}")
        none = await person.get("/documents?query=no-such-number-at-all")
        short = await person.get("/documents?query=x")

    assert found.names("//tbody//a") == ["found <i>.xml"]
    assert "Nothing matches." in none.text
    assert short.status == 422


@pytest.mark.parametrize("path", ["/documents/doc_0", "/traces/cor_0", "/dead-letters/99999"])
async def test_what_does_not_exist_is_not_found(desk: Desk, path: str) -> None:
    async with signed_in(desk, "operator") as person:
        page = await person.get(path)

    assert (page.status, page.told("alert")[:9]) == (404, "Not found")


async def test_the_overview_counts_the_queues_and_shows_how_the_suite_is(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)
    await desk.ask("documents_claim_review", by="clerk", review_id=review["id"])

    async with signed_in(desk, "clerk") as person:
        page = await person.get("/")
        mine = await person.get("/reviews?claim=mine")

    counts = dict(
        zip(
            page.names("//a[contains(@class, 'tile')]/span[2]"),
            page.names("//a[contains(@class, 'tile')]/span[1]"),
            strict=True,
        )
    )
    assert counts["Your reviews"] == str(len(mine.tree.xpath("//tbody/tr")))
    assert int(counts["Open reviews"].rstrip("+")) >= 1
    assert counts.keys() == {
        *("Open reviews", "Overdue reviews", "Your reviews", "Open approvals", "Dead letters")
    }
    assert page.names("//h2") == ["Servers all up", "Audit trail ends agree"]
    servers = page.names("//table//td[1]")
    assert servers == ["crm", "documents", "erp", "inventory", "workflows"]


async def test_the_overview_shows_what_a_scope_allows_and_says_what_it_does_not(
    desk: Desk,
) -> None:
    async with visitor(desk) as person:
        await person.sign_in(await desk.running.token("clerk", scopes=["documents.review.read"]))
        page = await person.get("/")

    assert page.status == 200
    assert page.names("//nav/a") == ["Overview", "Reviews"]
    assert len(page.tree.xpath("//a[contains(@class, 'tile')]")) == 3
    assert page.text.count("Policy denied:") == 2
