"""A person decides on what is in doubt, once, and the document goes on with their word."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from documents.room import CALLER, room
from engines import ENGINES, Engine
from journeys.desk import Answer, Desk, Samples, gross_of, off_by_one
from switchgear_documents.review_models import Decision
from switchgear_documents.review_queue import ReviewQueue
from switchgear_documents.reviews import Reviews
from switchgear_documents.rows import open_review_of
from switchgear_documents.samples import InvoiceSpec, to_facturx, to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")


def riddle(samples: Samples) -> bytes:
    """Return a text of no known type that nobody handed in before."""
    return f"zxq {samples.small().number} zxq".encode()


async def asked(desk: Desk, content: bytes, name: str = "riddle.txt") -> tuple[Answer, Answer]:
    """Hand a document in and wait until a person is asked; return receipt and review."""
    receipt = await desk.submit(content, name)
    return receipt, await desk.review(receipt)


def fields_of(spec: InvoiceSpec) -> dict[str, str]:
    """Return what a person types who has the paper before them."""
    return {
        "number": spec.number,
        "date": spec.date.isoformat(),
        "supplier": spec.seller.name,
        "supplier_vat": spec.seller.vat or "",
        "currency": spec.currency,
        "total_gross": str(spec.gross),
        "order_ref": spec.order_ref or "",
    }


async def test_a_review_says_which_document_why_and_since_when(
    desk: Desk, samples: Samples
) -> None:
    receipt, review = await asked(desk, riddle(samples))

    requested, due = (datetime.fromisoformat(review.pop(f"{at}_at")) for at in ("requested", "due"))
    assert due - requested == timedelta(hours=24)
    assert review == {
        "id": review["id"],
        "document_id": receipt["id"],
        "name": "riddle.txt",
        "state": "open",
        "document_type": "other",
        "asked_by": "documents",
        "escalation": 0,
        "claimed_by": None,
        "claimed_until": None,
        "reasons": ["no known document type was recognised"],
        "decision": None,
        "decided_by": None,
        "correlation_id": receipt["correlation_id"],
    }


@pytest.mark.parametrize(
    ("decision", "more", "state", "document_type"),
    [
        ("approve", {}, "filed", "other"),
        ("reject", {}, "rejected", "other"),
        ("correct", {"type": "contract"}, "filed", "contract"),
    ],
)
async def test_a_document_goes_where_its_reviewer_says(
    desk: Desk,
    samples: Samples,
    decision: str,
    more: dict[str, Any],
    state: str,
    document_type: str,
) -> None:
    receipt, review = await asked(desk, riddle(samples))

    decided = await desk.decide(review, decision, reason="seen", **more)

    assert (decided["id"], decided["state"], decided["changed"]) == (review["id"], state, True)
    status = await desk.until(receipt)
    assert (status["state"], status["document_type"], status["open_review_id"]) == (
        state,
        document_type,
        None,
    )
    page = await desk.ask("documents_list_reviews", state="decided", limit=50)
    (mine,) = [item for item in page["items"] if item["id"] == review["id"]]
    assert (mine["decision"], mine["decided_by"]) == (decision, "clerk")


async def test_a_review_is_decided_once(desk: Desk, samples: Samples) -> None:
    receipt, review = await asked(desk, riddle(samples))
    await desk.decide(review, "reject")

    assert await desk.refusal(
        "documents_decide_review", by="clerk", review_id=review["id"], decision="approve"
    ) == {
        "code": "conflict",
        "message": f"review {review['id']} was decided by clerk: reject",
        "field": None,
    }
    assert (await desk.status(receipt))["state"] == "rejected"


async def test_of_two_decisions_at_once_one_holds(desk: Desk, samples: Samples) -> None:
    receipt, review = await asked(desk, riddle(samples))

    async def decide(decision: str) -> str | None:
        result = await desk.clients["clerk"].call_tool(
            "documents_decide_review", {"review_id": review["id"], "decision": decision}
        )
        return None if result.is_error else decision

    held = {d for d in await asyncio.gather(*map(decide, ("approve", "reject") * 3)) if d}

    (decision,) = held
    assert (await desk.until(receipt))["state"] == {"approve": "filed", "reject": "rejected"}[
        decision
    ]


@pytest.mark.parametrize("engine", ENGINES)
async def test_on_every_engine_a_race_of_decisions_has_one_winner(
    engine: Engine, tmp_path: Path
) -> None:
    async with room(engine, tmp_path) as place:
        await place.submit(b"zxq zxq", "riddle.txt")
        await place.deliver()
        reviews = Reviews(place.database)
        (review,) = (
            await ReviewQueue(place.database).list_reviews(
                CALLER,
                state="open",
                claim=None,
                document_type=None,
                is_overdue=False,
                cursor=None,
                limit=9,
            )
        ).items

        async def decide(decision: Decision) -> object:
            return await reviews.decide_review(
                CALLER, review.id, decision=decision, document_type=None, fields={}, reason=None
            )

        answers = await asyncio.gather(
            *(decide(d) for d in ("approve", "reject") * 3), return_exceptions=True
        )
        announced = await place.deliver()

    assert sorted(type(answer).__name__ for answer in answers) == [
        *["ConflictError"] * 5,
        "WriteResult",
    ]
    assert announced.count("documents.review.decided") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"review_id": "rev_0", "decision": "approve"}, "not_found", "review_id"),
        ({"review_id": "rev_0", "decision": "perhaps"}, "invalid_request", "decision"),
        ({"review_id": "rev_0", "decision": "correct"}, "invalid_request", "fields"),
        (
            {"review_id": "rev_0", "decision": "approve", "fields": {"number": "1"}},
            "invalid_request",
            "fields",
        ),
        (
            {"review_id": "rev_0", "decision": "reject", "type": "letter"},
            "invalid_request",
            "fields",
        ),
        (
            {"review_id": "rev_0", "decision": "correct", "fields": {"colour": "red"}},
            "invalid_request",
            "fields",
        ),
        (
            {"review_id": "rev_0", "decision": "correct", "fields": {"number": "x" * 501}},
            "invalid_request",
            "fields.number",
        ),
    ],
)
async def test_a_decision_that_makes_no_sense_is_refused(
    desk: Desk, arguments: dict[str, Any], code: str, field: str
) -> None:
    refused = await desk.refusal("documents_decide_review", by="clerk", **arguments)

    assert (refused["code"], refused["field"]) == (code, field)


@pytest.mark.parametrize("agent", ["assistant", "finance", "operator"])
async def test_only_clerks_see_the_tool_that_decides(desk: Desk, agent: str) -> None:
    refused = await desk.refusal(
        "documents_decide_review", by=agent, review_id="rev_0", decision="approve"
    )

    assert refused["message"] == "no tool 'documents_decide_review'"


async def test_pages_of_reviews_are_longest_waiting_first_and_stable(
    desk: Desk, samples: Samples
) -> None:
    for _ in range(3):
        await asked(desk, riddle(samples))
    whole = [r["id"] for r in (await desk.ask("documents_list_reviews", limit=50))["items"]]
    first = await desk.ask("documents_list_reviews", limit=2)
    await asked(desk, riddle(samples))
    second = await desk.ask("documents_list_reviews", limit=50, cursor=first["next_cursor"])

    assert [review["id"] for review in first["items"]] == whole[:2]
    assert [review["id"] for review in second["items"]][: len(whole) - 2] == whole[2:]
    assert len(second["items"]) == len(whole) - 2 + 1


async def test_a_damaged_paper_is_posted_with_what_a_person_reads_off_it(
    desk: Desk, samples: Samples
) -> None:
    """Its lines are what is left of the order; order and receipts are matched all the same."""
    spec = samples.small()
    receipt, review = await asked(desk, to_facturx(spec)[:2000], "scan.pdf")
    assert review["reasons"] == [
        "the document cannot be read: the PDF is cut short: its end marker is missing"
    ]

    await desk.decide(review, "correct", type="invoice", fields=fields_of(spec))

    assert (await desk.until(receipt, "filed"))["document_type"] == "invoice"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
    extraction = await desk.ask("documents_get_extraction", document_id=receipt["id"])
    assert {field["name"]: field["value"] for field in extraction["fields"]} == fields_of(spec)
    assert {field["place"] for field in extraction["fields"]} == {"corrected in review"}
    (row,) = (await desk.ask("documents_search", query=spec.number))["items"]
    assert (row["party"], row["total_gross"]) == (spec.seller.name, str(spec.gross))


async def test_a_wrong_total_that_a_person_corrects_is_posted_as_the_lines_make_it(
    desk: Desk, samples: Samples
) -> None:
    spec = samples.small()
    receipt, review = await asked(desk, off_by_one(spec), "invoice.xml")
    assert review["reasons"] == [f"net_plus_tax_is_gross: {spec.gross} is not {spec.gross + 1}"]

    await desk.decide(review, "correct", fields={"total_gross": str(spec.gross)})

    await desk.until(receipt, "filed")
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]


async def test_a_wrong_total_that_a_person_lets_pass_is_still_refused_by_the_books(
    desk: Desk, samples: Samples
) -> None:
    spec = samples.small()
    receipt, first = await asked(desk, off_by_one(spec), "invoice.xml")

    await desk.decide(first, "approve")
    await desk.process(receipt, "waiting_review")
    second = await desk.review(receipt)

    assert (second["id"] == first["id"], second["asked_by"]) == (False, "workflows")
    assert second["reasons"] == [
        f"the ERP refuses: gross is stated as {spec.gross + 1} EUR, the lines make {spec.gross}"
    ]
    await desk.decide(second, "reject", reason="the vendor sends a new one")
    assert (await desk.until(receipt))["state"] == "rejected"
    assert await desk.booked(spec.number) == []


async def test_an_invoice_of_one_number_from_two_vendors_is_two_invoices(
    desk: Desk, samples: Samples
) -> None:
    one, other = samples.small(), samples.small()
    renumbered = replace(other, number=one.number)
    receipts = [await desk.submit(to_ubl(spec), "a.xml") for spec in (one, renumbered)]

    assert [(await desk.until(r))["state"] for r in receipts] == ["filed", "filed"]
    assert sorted(await desk.booked(one.number)) == sorted(
        [("posted", gross_of(one)), ("posted", gross_of(renumbered))]
    )


@pytest.mark.parametrize("engine", ENGINES)
async def test_on_every_engine_reviews_are_found_by_part_of_a_reason(
    engine: Engine, tmp_path: Path
) -> None:
    async with room(engine, tmp_path) as place:
        said = {}
        for reasons in (["no type", "unknown supplier: Müller"], ["100% off"], ["1000 off"]):
            document = await place.submit(f"zxq {reasons}".encode(), "riddle.txt")
            await place.deliver()
            async with place.database.writing() as session:
                review = await open_review_of(session, "acme", document)
                assert review is not None
                review.reasons = reasons
                said[review.id] = reasons[-1]

        async def found(part: str) -> list[str]:
            page = await ReviewQueue(place.database).list_reviews(
                CALLER,
                state="open",
                claim=None,
                document_type=None,
                is_overdue=False,
                reason=part,
                cursor=None,
                limit=9,
            )
            return sorted(said[item.id] for item in page.items)

        assert await found("SUPPLIER: Mü") == ["unknown supplier: Müller"]
        assert await found("0% O") == ["100% off"]
        assert await found("off") == ["100% off", "1000 off"]
        assert await found('", "') == []
