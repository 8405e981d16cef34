"""Parting a file of several documents on its review's page."""

import pytest

from console.person import signed_in
from documents.stacks import on_paper, stacked
from documents.test_reading_several import a_pdf
from journeys.desk import Answer, Desk, Samples

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def doubtful(desk: Desk, samples: Samples) -> tuple[Answer, Answer]:
    """Hand in two invoices and a page between them that fits to none; return receipt and review."""
    one, other = (on_paper(samples.small_below(285)) for _ in range(2))
    between = a_pdf(f"Time sheet {samples.small().number}\nMonday 8 hours")
    receipt = await desk.submit(stacked(one, between, other), "stack.pdf")
    return receipt, await desk.review(receipt)


async def test_the_page_offers_the_parts_that_are_seen_and_parts_the_file(
    desk: Desk, samples: Samples
) -> None:
    receipt, review = await doubtful(desk, samples)
    action = f"/console/reviews/{review['id']}/decide"

    async with signed_in(desk, "clerk") as person:
        page = await person.get(f"/reviews/{review['id']}")
        fields = page.form(action)
        assert fields["parts"] == "1-2, 3"
        assert len(page.names("//ul[@class='parts']/li")) == 2

        wrong = await person.send(action, {**fields, "parts": "1, 3", "decision": "part"})
        assert (wrong.status, wrong.value("parts")) == (422, "1, 3")
        assert "3 does not begin at page 2" in wrong.told("alert")
        nothing = await person.send(action, {**fields, "parts": " ", "decision": "part"})
        assert "say which pages are a document each" in nothing.told("alert")
        both = {**fields, "decision": "part", "field.number": "R-9"}
        assert "its parts are read anew" in (await person.send(action, both)).told("alert")

        done = await person.send(action, {**fields, "decision": "part"})
        assert done.status == 303
        await desk.until(receipt, "filed")
        shown = await person.get(f"/documents/{receipt['id']}")
        parts = shown.tree.xpath("//li[starts-with(., 'Holds')]/a")
        assert [part.text for part in parts] == ["stack (1 of 2).pdf", "stack (2 of 2).pdf"]
        part = await person.get(parts[0].get("href").removeprefix("/console"))
        assert f"/console/documents/{receipt['id']}" in part.tree.xpath("//li/a/@href")
        decided = await person.get(f"/reviews/{review['id']}")
        assert "Parted by clerk" in decided.text


async def test_a_document_of_one_page_is_not_offered_to_be_parted(
    desk: Desk, samples: Samples
) -> None:
    receipt = await desk.submit(a_pdf(f"zxq {samples.small().number}"), "one.pdf")
    review = await desk.review(receipt)

    async with signed_in(desk, "clerk") as person:
        page = await person.get(f"/reviews/{review['id']}")

    assert page.tree.xpath("//input[@name='parts']") == []
