"""The queue and the review: what is shown, what is decided, and what a refusal leaves in place."""

import asyncio
import re
from pathlib import Path
from random import Random

import pytest

from console.person import Page, Person, signed_in, visitor
from journeys.desk import Answer, Desk, Samples, off_by_one, opened
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.governance.agents import Agent

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \"quoted' {{ 7 * 7 }}"


async def riddle(desk: Desk, samples: Samples, text: str = "", name: str = "riddle.txt") -> Answer:
    """Hand in what no rule knows; return its review."""
    receipt = await desk.submit(f"zxq {samples.small().number} {text}".encode(), name)
    return await desk.review(receipt)


def decide(review: Answer) -> str:
    return f"/console/reviews/{review['id']}/decide"


def claim(review: Answer) -> str:
    return f"/console/reviews/{review['id']}/claim"


async def shown(person: Person, review: Answer) -> tuple[Page, dict[str, str]]:
    """Return a review's page and its form."""
    page = await person.get(f"/reviews/{review['id']}")
    assert page.status == 200
    return page, page.form(decide(review))


async def state(desk: Desk, review: Answer) -> tuple[str, str | None, str | None]:
    seen = await desk.ask("documents_get_review", review_id=review["id"])
    return seen["state"], seen["decision"], seen["decided_by"]


async def audited(desk: Desk, review: Answer) -> list[tuple[str, str, bool]]:
    """Return kind, party and whether there was a key for every decision on it, newest first."""
    rows = await desk.running.host.trail.find_recent(DEFAULT_TENANT, limit=50)
    return [
        (row.event["kind"], row.event["principal"], bool(row.event["idempotency_key"]))
        for row in rows
        if row.event["tool"] == "documents_decide_review"
        and row.event["arguments"].get("review_id") == review["id"]
    ]


async def test_the_queue_shows_why_each_document_waits_and_who_has_it(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)
    await desk.ask("documents_claim_review", by="clerk", review_id=review["id"])

    async with signed_in(desk, "clerk") as person:
        page = await person.get("/reviews?claim=mine")

    (row,) = page.tree.xpath(f"//tr[@id='{review['id']}']")
    text = " ".join(row.text_content().split())
    assert text == "riddle.txt Other no known document type was recognised in 23 h you"
    refreshed = page.tree.xpath("//section[@id='queue']")[0]
    assert (refreshed.get("hx-get"), refreshed.get("hx-trigger")) == (
        "/console/reviews?claim=mine",
        "every 20s",
    )


async def test_filters_narrow_the_queue_and_go_along_to_the_next_review(
    desk: Desk, samples: Samples
) -> None:
    invoice = await desk.review(await desk.submit(off_by_one(samples.small())))
    other = await riddle(desk, samples)
    query = "type=other&reason=KNOWN+document"

    async with signed_in(desk, "clerk") as person:
        page = await person.get(f"/reviews?{query}")
        ids = page.tree.xpath("//tbody/tr/@id")
        link = page.tree.xpath(f"//tr[@id='{other['id']}']//a/@href")
        overdue = await person.get("/reviews?overdue=true")
        wrong = await person.get("/reviews?type=poem")

    assert other["id"] in ids
    assert invoice["id"] not in ids
    assert link == [f"/console/reviews/{other['id']}?type=other&reason=KNOWN+document"]
    assert "Nothing matches these filters." in overdue.text
    assert (wrong.status, wrong.told("alert")[:17]) == (422, "Invalid request (")
    assert "type" in wrong.told("alert")


async def test_pages_of_the_queue_follow_one_another(tmp_path: Path) -> None:
    seen: list[str] = []
    path = "/reviews?type=other"
    async with (
        opened(tmp_path / "data", names=("documents", "registry")) as own,
        signed_in(own, "clerk") as person,
    ):
        receipts = [await own.submit(f"zxq page {n}".encode(), "long.txt") for n in range(51)]
        for receipt in receipts:
            await own.until(receipt, "in_review")
        counts: list[int] = []
        while path:
            page = await person.get(path)
            seen += page.tree.xpath("//tbody/tr/@id")
            counts.append(len(page.tree.xpath("//tbody/tr")))
            path = "".join(page.tree.xpath("//a[@rel='next']/@href")).removeprefix("/console")
        overview = await person.get("/")

    assert counts == [25, 25, 1]
    assert len(set(seen)) == 51
    assert overview.names("//a[contains(@class, 'tile')]/span[1]")[0] == "50+"


async def test_a_review_shows_fields_with_their_boxes_on_the_page(desk: Desk) -> None:
    written = to_pdf(draft(0, seed=3), Random(1))  # noqa: S311 - the same page every time
    review = await desk.review(await desk.submit(written, "invoice.pdf"))
    data = await desk.ask("documents_get_review", review_id=review["id"])

    async with signed_in(desk, "clerk") as person:
        page, form = await shown(person, review)
        (source,) = page.tree.xpath("//figure/img/@src")
        picture = await person.get(source.removeprefix("/console"))

    boxed = {f["name"]: f["box"] for f in data["fields"] if f["box"]}
    drawn = {box.get("data-box"): box for box in page.tree.xpath("//figure//rect")}
    assert drawn.keys() == boxed.keys() != set()
    for name, (left, top, right, bottom) in boxed.items():
        edges = [float(drawn[name].get(edge)) for edge in ("x", "y", "width", "height")]
        expected = [left * 1000, top * 1000, (right - left) * 1000, (bottom - top) * 1000]
        assert edges == pytest.approx(expected, abs=0.02)
    assert (picture.status, picture.answer.headers["content-type"]) == (200, "image/png")
    assert picture.answer.content.startswith(b"\x89PNG")
    values = {f["name"]: f["value"] for f in data["fields"]}
    assert form["field.number"] == form["read.number"] == values["number"]
    assert page.names("//ul[@class='reasons']/li") == data["reasons"]


async def test_a_document_without_pages_shows_its_text(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples, "in plain words")

    async with signed_in(desk, "clerk") as person:
        page, _ = await shown(person, review)

    assert page.names("//pre")[0].endswith("in plain words")
    assert page.tree.xpath("//figure") == []


async def test_what_a_document_says_is_never_markup(desk: Desk, samples: Samples) -> None:
    spec = samples.small()
    seller = f">{spec.seller.name}<"
    text = off_by_one(spec).decode()
    assert seller in text
    hostile = text.replace(seller, f">&lt;b&gt;{spec.seller.name}&quot;&lt;script&gt;<").encode()
    invoice = await desk.review(await desk.submit(hostile, "<script>alert(1)<b>.xml"))
    other = await riddle(desk, samples, HOSTILE, "<img src=x onerror=alert(1)>.txt")

    async with signed_in(desk, "clerk") as person:
        pages = [
            (await shown(person, invoice))[0],
            (await shown(person, other))[0],
            await person.get("/reviews?type=other"),
            await person.get("/reviews?done=approve&ref=<script>alert(2)</script>"),
            await person.get("/reviews?reason=<script>alert(3)</script>"),
            await person.get("/reviews?cursor=<script>alert(4)</script>"),
        ]

    for page in pages:
        assert page.tree.xpath("//script[not(starts-with(@src, '/console/static/'))]") == []
        assert page.tree.xpath("//*[@onerror] | //main//b | //img[@src='x']") == []
    assert HOSTILE in pages[1].tree.xpath("//pre")[0].text_content()
    assert f'<b>{spec.seller.name}"<script>' in pages[0].value("field.supplier")
    assert pages[0].names("//h1") == ["<script>alert(1)<b>.xml"]


async def test_approving_leads_to_the_next_review_of_the_same_queue(
    desk: Desk, samples: Samples
) -> None:
    first, second = await riddle(desk, samples), await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        page = await person.get(f"/reviews/{first['id']}?type=other")
        form = page.form(decide(first))
        sent = await person.send(decide(first), {**form, "decision": "approve"})
        where = sent.answer.headers["location"].removeprefix("/console")
        following = await person.get(where)

    assert sent.status == 303
    assert re.match(r"/reviews/rev_\w+\?type=other&", where)
    assert following.told("status") == "Approved: riddle.txt"
    assert await state(desk, first) == ("decided", "approve", "clerk")
    assert (await state(desk, second))[0] == "open"


async def test_approving_changed_fields_corrects_them(desk: Desk, samples: Samples) -> None:
    spec = samples.small()
    review = await desk.review(await desk.submit(off_by_one(spec)))

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        assert form["field.total_gross"] == f"{spec.gross + 1}"
        form["field.total_gross"] = f" {spec.gross} "
        form["field.term"] = "none"  # one that was not read at all
        sent = await person.send(decide(review), {**form, "decision": "approve", "reason": "typo"})

    assert sent.status == 303
    assert await state(desk, review) == ("decided", "correct", "clerk")
    seen = await desk.ask("documents_get_review", review_id=review["id"])
    values = {f["name"]: f["value"] for f in seen["fields"] if f["place"] == "corrected in review"}
    assert values == {"total_gross": f"{spec.gross}", "term": "none"}


async def test_another_type_is_a_correction_too(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        assert form["type"] == "other"
        await person.send(decide(review), {**form, "type": "letter", "decision": "approve"})

    assert await state(desk, review) == ("decided", "correct", "clerk")


async def test_rejecting_needs_a_reason_and_keeps_what_was_typed(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        form["field.number"] = "typed already"
        asked = await person.send(decide(review), {**form, "decision": "reject", "reason": " "})
        assert (asked.status, asked.told("alert")) == (
            422,
            "Invalid request (Reason): say why it is rejected",
        )
        assert (await state(desk, review))[0] == "open"
        kept = asked.form(decide(review))
        assert kept["field.number"] == "typed already"
        sent = await person.send(decide(review), {**kept, "decision": "reject", "reason": "spam"})

    assert sent.status == 303
    assert await state(desk, review) == ("decided", "reject", "clerk")


async def test_a_form_that_is_sent_twice_decides_once(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        body = {**form, "decision": "approve"}
        at_once = await asyncio.gather(*(person.send(decide(review), body) for _ in range(4)))
        later = await person.send(decide(review), body)

    assert [page.status for page in (*at_once, later)] == [303] * 5
    kinds = [kind for kind, _, _ in await audited(desk, review)]
    assert (kinds.count("intent"), kinds.count("outcome")) == (1, 5)


async def test_a_form_that_was_changed_after_it_was_done_is_told_so(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        await person.send(decide(review), {**form, "decision": "approve"})
        other = await person.send(
            decide(review), {**form, "decision": "reject", "reason": "second thoughts"}
        )

    assert other.status == 409
    assert "this form was sent before and done as it was then" in other.told("alert")
    assert other.value("reason") == "second thoughts"
    assert await state(desk, review) == ("decided", "approve", "clerk")


async def test_who_comes_too_late_is_told_and_loses_no_typed_text(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        await desk.decide(review, "reject", reason="first")
        typed = {"field.number": "R-77 <typed>", "reason": "two\nlines", "type": "letter"}
        late = await person.send(decide(review), {**form, **typed, "decision": "approve"})

    assert late.status == 409
    assert f"review {review['id']} was decided by clerk: reject" in late.told("alert")
    assert late.value("field.number") == "R-77 <typed>"
    assert late.value("reason") == "two\nlines"
    assert late.tree.xpath("//select[@name='type']/option[@selected]/@value") == ["letter"]
    assert "what you typed still stands" in late.text
    assert late.tree.xpath("//button[@name='decision']") == []
    assert await state(desk, review) == ("decided", "reject", "clerk")


async def test_a_claim_is_taken_renewed_and_given_back_without_losing_typed_text(
    desk: Desk, samples: Samples
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        form["field.number"] = "half a num"
        mine = await person.send(claim(review), {**form, "claim": "claim"})
        assert (mine.status, mine.told("status")) == (200, "It is yours to decide.")
        assert mine.value("field.number") == "half a num"
        kept = mine.form(decide(review))
        assert kept["form_key"] != form["form_key"]
        seen = await desk.ask("documents_get_review", review_id=review["id"])
        assert seen["claimed_by"] == "clerk"
        free = await person.send(claim(review), {**kept, "claim": "release"})
        back = await person.get(f"/reviews/{review['id']}/claim")

    assert free.told("status") == "It is given back."
    assert free.value("field.number") == "half a num"
    seen = await desk.ask("documents_get_review", review_id=review["id"])
    assert seen["claimed_by"] is None
    assert back.answer.headers["location"] == f"/console/reviews/{review['id']}"


async def test_what_another_holds_cannot_be_decided_and_the_lease_is_named(
    desk: Desk, samples: Samples
) -> None:
    await desk.running.host.agents.ensure(
        [Agent("deputy", "person", ("clerk",), ("*.read", "registry.*", "documents.review.*"))]
    )
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as clerk, signed_in(desk, "deputy") as deputy:
        _, held = await shown(deputy, review)
        _, form = await shown(clerk, review)
        await deputy.send(claim(review), {**held, "claim": "claim"})
        refused = await clerk.send(
            decide(review), {**form, "decision": "approve", "reason": "kept"}
        )
        no_claim = await clerk.send(claim(review), {**form, "claim": "claim"})

    assert refused.status == no_claim.status == 409
    assert f"review {review['id']} is claimed by deputy until" in refused.told("alert")
    assert refused.value("reason") == "kept"
    assert "with deputy" in refused.text
    assert (await state(desk, review))[0] == "open"


async def test_work_is_handed_on_by_operators_with_a_reason(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples)
    to = {"to": "clerk", "claim": "hand_on"}

    async with signed_in(desk, "operator") as person, signed_in(desk, "clerk") as clerk:
        _, form = await shown(person, review)
        nobody = await person.send(claim(review), {**form, **to, "to": ""})
        why = await person.send(claim(review), {**form, **to})
        done = await person.send(claim(review), {**form, **to, "handing_reason": "knows them"})
        _, own = await shown(clerk, review)
        denied = await clerk.send(
            claim(review), {**own, **to, "to": "deputy", "handing_reason": "a lot to do"}
        )

    assert "say to whom" in nobody.told("alert")
    assert "say why another is to do it" in why.told("alert")
    assert why.value("to") == "clerk"
    assert done.told("status") == "It is handed to clerk."
    assert denied.status == 403
    seen = await desk.ask("documents_get_review", review_id=review["id"])
    assert seen["claimed_by"] == "clerk"


@pytest.mark.parametrize("party", ["assistant", "finance", "operator"])
async def test_who_may_only_read_is_shown_no_buttons_and_cannot_decide(
    desk: Desk, samples: Samples, party: str
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, party) as person:
        page, form = await shown(person, review)
        forged = await person.send(decide(review), {**form, "decision": "approve"})

    assert page.tree.xpath("//button[@name='decision']") == []
    assert forged.status == 403
    assert forged.told("alert").startswith("Policy denied:")
    assert (await state(desk, review))[0] == "open"


async def test_who_has_no_scope_for_reviews_sees_none(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples)
    async with visitor(desk) as person:
        token = await desk.running.token("clerk", scopes=["documents.document.read"])
        await person.sign_in(token)
        queue = await person.get("/reviews")
        page = await person.get(f"/reviews/{review['id']}")

    assert (queue.status, page.status) == (403, 403)
    assert "riddle" not in queue.text + page.text
    assert queue.names("//nav/a") == ["Overview", "Documents"]


@pytest.mark.parametrize("change", [{"form_token": ""}, {"form_token": "0" * 64}, None])
async def test_a_form_without_the_sessions_token_decides_nothing(
    desk: Desk, samples: Samples, change: dict[str, str] | None
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        body: dict[str, str] = {**form, "decision": "approve", "reason": "kept <b>"}
        if change is None:
            del body["form_token"]
        refused = await person.send(decide(review), {**body, **(change or {})})
        assert (refused.status, (await state(desk, review))[0]) == (403, "open")
        again = refused.form(decide(review))
        assert again["reason"] == "kept <b>"
        sent = await person.send(decide(review), again)

    assert sent.status == 303
    assert await state(desk, review) == ("decided", "approve", "clerk")


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with blank 123456789"])
async def test_a_form_without_a_key_of_ours_decides_nothing(
    desk: Desk, samples: Samples, key: str
) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        refused = await person.send(
            decide(review), {**form, "form_key": key, "decision": "approve"}
        )

    assert refused.status == 422
    assert "has lost its key" in refused.told("alert")
    assert (await state(desk, review))[0] == "open"


async def test_the_audit_trail_names_the_person_and_the_key(desk: Desk, samples: Samples) -> None:
    review = await riddle(desk, samples)

    async with signed_in(desk, "clerk") as person:
        _, form = await shown(person, review)
        await person.send(decide(review), {**form, "decision": "approve"})

    assert await audited(desk, review) == [("outcome", "clerk", True), ("intent", "clerk", True)]
