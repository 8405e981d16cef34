"""A person parts a file where the machine does not dare: all its pages, once, in order."""

import base64
from pathlib import Path
from typing import Any

import pytest

from documents.room import CALLER, Room, room
from documents.stacks import on_paper, stacked
from documents.test_attachments import (
    all_documents,
    assert_only_documents_are_stored,
    reasons,
)
from documents.test_reading_several import FIRST, SECOND, a_pdf, bound_to
from documents.test_review_details import http_as
from engines import ENGINES, Engine
from journeys.desk import Desk, Samples
from journeys.office import Answer, Office
from switchgear_documents import attachments
from switchgear_documents.reading.parts import MOST_PARTS
from switchgear_documents.reading.reading import DocumentType, Reading
from switchgear_documents.review_models import Decision
from switchgear_documents.reviews import Reviews
from switchgear_documents.rows import open_review_of
from switchgear_documents.samples import to_facturx
from switchgear_shared.errors import InvalidRequestError, UnreadableDocumentError

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOUBTFUL = a_pdf(FIRST, "Time sheet\nMonday 8 hours", SECOND)


async def decide(
    place: Room,
    document: str,
    decision: Decision,
    parts: str | None = None,
    document_type: DocumentType | None = None,
) -> None:
    async with place.database.reading() as session:
        review = await open_review_of(session, "acme", document)
    assert review is not None
    await Reviews(place.database).decide_review(
        CALLER,
        review.id,
        decision=decision,
        document_type=document_type,
        fields={},
        reason=None,
        parts=parts,
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_file_is_parted_as_a_person_says_and_once(
    engine: Engine, times: int, tmp_path: Path
) -> None:
    async with room(engine, tmp_path) as place:
        document = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        await decide(place, document, "part", "1-2, 3")
        seen = await place.deliver(times)

        bundle, *parts = await all_documents(place)
        assert (bundle.document_type, bundle.state, bundle.process) == ("bundle", "filed", None)
        assert (bundle.number, bundle.total_gross, bundle.classifier) == (
            None,
            None,
            "parts/review",
        )
        assert [(part.name, part.pages, part.number) for part in parts] == [
            ("stack (1 of 2).pdf", 2, "R-1"),
            ("stack (2 of 2).pdf", 1, "R-2"),
        ]
        assert {(part.parent_id, part.root_id) for part in parts} == {(document, document)}
        assert seen.count("documents.document.filed") == 1
        read = Reading.model_validate(bundle.reading)
        assert [(part.first, part.last, part.why) for part in read.parts] == [
            (1, 2, "a person's word"),
            (3, 3, "a person's word"),
        ]


async def test_a_file_that_is_one_document_goes_on_as_it_was_read(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        await decide(place, document, "approve")
        await place.deliver()

        (one,) = await all_documents(place)
    assert (one.document_type, one.state, one.number) == ("invoice", "routed", "R-1")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("1-2", "the last part ends at page 2, the file at page 3"),
        ("1-4", "the last part ends at page 4, the file at page 3"),
        ("1-3", "one part is the whole file: approve it"),
        ("1,3", "3 does not begin at page 2"),
        ("2-3", "2-3 does not begin at page 1"),
        ("1-2,2-3", "2-3 does not begin at page 3"),
        ("3,1-2", "3 does not begin at page 1"),
        ("1,2,3-1", "3-1 ends before it begins"),
        ("0-3", "0-3 does not begin at page 1"),
        ("1,two", "'two' is no page or range of pages, such as 1-2"),
        ("", "'' is no page or range of pages, such as 1-2"),
        ("1-2,", "'' is no page or range of pages, such as 1-2"),
    ],
)
async def test_ranges_that_are_not_every_page_once_are_refused_and_lose_nothing(
    tmp_path: Path, parts: str, message: str
) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        with pytest.raises(InvalidRequestError) as refused:
            await decide(place, document, "part", parts)

        assert (refused.value.message, refused.value.field) == (message, "parts")
        assert (await place.document(document)).state == "in_review"
        await decide(place, document, "part", "1,2,3")


@pytest.mark.parametrize("count", [MOST_PARTS - 1, MOST_PARTS, MOST_PARTS + 1])
async def test_a_person_makes_so_many_parts_and_no_more(tmp_path: Path, count: int) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(a_pdf(*[f"zxq {n}" for n in range(count)]), "stack.pdf")
        await place.deliver()
        named = ",".join(str(page) for page in range(1, count + 1))
        if count <= MOST_PARTS:
            await decide(place, document, "part", named)
            return
        with pytest.raises(InvalidRequestError, match=f"becomes at most {MOST_PARTS}"):
            await decide(place, document, "part", named)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"zxq zxq", "riddle.txt", "has no pages that can be parted"),
        (a_pdf(FIRST, SECOND)[:900], "cut.pdf", "has no pages that can be parted"),
    ],
)
async def test_what_has_no_pages_is_not_parted(
    tmp_path: Path, content: bytes, name: str, message: str
) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(content, name)
        await place.deliver()
        with pytest.raises(InvalidRequestError, match=message):
            await decide(place, document, "part", "1,2")


async def test_a_hybrid_invoice_is_not_parted_by_a_person_either(
    tmp_path: Path, invoices: Samples
) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(
            bound_to(to_facturx(invoices.small()), a_pdf(SECOND)), "hybrid.docx"
        )
        await place.deliver()
        with pytest.raises(InvalidRequestError, match="is an e-invoice with its page"):
            await decide(place, document, "part", "1,2")


async def test_what_cannot_be_cut_goes_back_to_a_person_who_may_decide_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> list[bytes]:
        raise UnreadableDocumentError("its parts have more than 9 bytes together")

    async with room("sqlite", tmp_path) as place:
        document = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        with monkeypatch.context() as patched:
            patched.setattr(place.reader, "cut", broken)
            await decide(place, document, "part", "1-2,3")
            await place.deliver()

        assert (await place.document(document)).state == "in_review"
        told = "the file cannot be parted: its parts have more than 9 bytes together"
        assert told in await reasons(place)
        with pytest.raises(InvalidRequestError, match="could not be parted"):
            await decide(place, document, "approve")
        await decide(place, document, "part", "1-2,3")
        await place.deliver()
        assert len(await all_documents(place)) == 3


async def asked(office: Office, content: bytes) -> tuple[Answer, str]:
    """Hand a file in; return its receipt and the open review."""
    encoded = base64.b64encode(content).decode()
    receipt = await office.ask("documents_submit", name="stack.pdf", content=encoded)
    await office.deliver()
    status = await office.ask("documents_get_status", document_id=receipt["id"])
    return receipt, status["open_review_id"]


async def test_a_file_whose_process_asks_is_parted_and_never_posted_itself(
    office: Office, invoices: Samples
) -> None:
    specs = [invoices.small_below(285) for _ in range(2)]
    one, other = map(on_paper, specs)
    receipt, first = await asked(office, stacked(one, a_pdf("Time sheet\nMonday 8 hours"), other))
    await office.ask(
        "documents_decide_review",
        by="clerk",
        review_id=first,
        decision="correct",
        fields={"order_ref": "PO-0"},
    )
    await office.deliver()
    status = await office.ask("documents_get_status", document_id=receipt["id"])
    second = status["open_review_id"]
    review = await office.ask("documents_get_review", review_id=second)
    assert review["asked_by"] == "workflows"
    assert [(part["first"], part["last"]) for part in review["parts"]] == [(1, 2), (3, 3)]

    await office.ask(
        "documents_decide_review", by="clerk", review_id=second, decision="part", parts="1-2,3"
    )
    await office.deliver()

    particulars = await office.ask("documents_get", document_id=receipt["id"])
    assert (particulars["document_type"], particulars["state"]) == ("bundle", "filed")
    found = [
        await office.ask("documents_get_status", document_id=part["id"])
        for part in particulars["attachments"]
    ]
    assert {(part["parent_id"], part["state"]) for part in found} == {(receipt["id"], "filed")}
    assert [await office.booked(spec.number) for spec in specs] == [["posted"], ["posted"]]
    trace = await office.ask("documents_trace", correlation_id=receipt["correlation_id"])
    ends = [
        step
        for step in trace["steps"]
        if step["what"] == "documents.document.filed" and step["subject"] == receipt["id"]
    ]
    assert (len(ends), trace["document_id"]) == (1, receipt["id"])


@pytest.mark.parametrize(
    ("decision", "first_part", "second_part", "draft"),
    [
        ("part", ["cancelled", "posted"], ["posted"], "undone"),
        ("reject", ["draft"], [], "not_undone"),
    ],
)
async def test_what_was_drafted_of_the_whole_file_gives_way_to_its_first_part(
    office: Office,
    invoices: Samples,
    decision: str,
    first_part: list[str],
    second_part: list[str],
    draft: str,
) -> None:
    """Read as one invoice it is drafted, and then somebody is asked at the match."""
    one, other = (invoices.small_below(285) for _ in range(2))
    stack = stacked(on_paper(one), a_pdf("Time sheet\nMonday 8 hours"), on_paper(other))
    receipt, first = await asked(office, stack)
    given = {"order_ref": "", "total_net": "", "total_tax": "", "total_gross": ""}
    await office.ask(
        "documents_decide_review", by="clerk", review_id=first, decision="correct", fields=given
    )
    await office.deliver()
    status = await office.ask("documents_get_status", document_id=receipt["id"])
    second = status["open_review_id"]
    review = await office.ask("documents_get_review", review_id=second)
    assert review["reasons"] == ["the document names no purchase order"]
    assert await office.booked(one.number) == ["draft"]

    parts = {"parts": "1-2,3"} if decision == "part" else {}
    await office.ask(
        "documents_decide_review", by="clerk", review_id=second, decision=decision, **parts
    )
    await office.deliver(times=2)

    assert sorted(await office.booked(one.number)) == first_part
    assert await office.booked(other.number) == second_part
    page = await office.ask("workflows_list", limit=50)
    (found,) = [row for row in page["items"] if row["document_id"] == receipt["id"]]
    process = await office.ask("workflows_get", id=found["id"])
    assert process["state"] == "rejected"
    assert [s["outcome"] for s in process["steps"] if s["name"] == "draft"] == ["done", draft]


async def test_the_tool_wants_parts_with_part_and_with_nothing_else(desk: Desk) -> None:
    for given in ({"decision": "part"}, {"decision": "approve", "parts": "1,2"}):
        refused = await desk.refusal(
            "documents_decide_review", by="clerk", review_id="rev_0", **given
        )
        assert (refused["code"], refused["field"]) == ("invalid_request", "parts")


async def test_a_file_is_parted_by_rest(desk: Desk, samples: Samples) -> None:
    content = stacked(
        on_paper(samples.small()), a_pdf(f"zxq {samples.small().number}"), a_pdf(FIRST)
    )
    review = await desk.review(await desk.submit(content, "stack.pdf"))
    receipt = {"id": review["document_id"], "correlation_id": review["correlation_id"]}

    async with await http_as(desk, "clerk") as http:
        path = f"/api/v1/reviews/{review['id']}/decide"
        wrong = await http.post(path, json={"decision": "part", "parts": "1,3"})
        answer = await http.post(path, json={"decision": "part", "parts": "1-2,3"})

    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "parts")
    assert answer.status_code == 200
    await desk.until(receipt, "filed")
    document = await desk.ask("documents_get", document_id=review["document_id"])
    assert len(document["attachments"]) == 2


async def test_nobody_can_say_of_a_document_that_it_is_a_bundle(desk: Desk) -> None:
    """It would be filed with nothing made of it."""
    given = {"name": "a.pdf", "content": base64.b64encode(DOUBTFUL).decode(), "type": "bundle"}
    refused = [
        await desk.refusal("documents_submit", **given),
        await desk.refusal(
            "documents_decide_review",
            by="clerk",
            review_id="rev_0",
            decision="correct",
            type="bundle",
        ),
    ]

    assert [(one["code"], one["field"]) for one in refused] == [("invalid_request", "type")] * 2


@pytest.mark.parametrize("decision", ["approve", "part"])
@pytest.mark.parametrize(("most", "is_parted"), [(1, False), (2, True), (3, True)])
async def test_of_a_bundle_all_parts_are_taken_in_or_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    is_parted: bool,
    decision: Decision,
) -> None:
    """None of them is lost: an approval is refused, another type takes the file as a whole."""
    monkeypatch.setattr(attachments, "MOST_OF_ONE", most)
    async with room("sqlite", tmp_path) as place:
        of_machine = decision == "approve"
        document = await place.submit(a_pdf(FIRST, SECOND) if of_machine else DOUBTFUL, "stack.pdf")
        await place.deliver()
        if not of_machine:
            await decide(place, document, "part", "1-2, 3")
            await place.deliver()

        bundle, *parts = await all_documents(place)
        assert len(parts) == 2 * is_parted
        assert (bundle.document_type, bundle.state) == (
            "bundle",
            "filed" if is_parted else "in_review",
        )
        assert_only_documents_are_stored(place, [bundle, *parts])
        if is_parted:
            return
        assert any("at most 1 documents" in reason for reason in await reasons(place))
        with pytest.raises(InvalidRequestError, match="could not be parted"):
            await decide(place, document, "approve")
        await decide(place, document, "correct", document_type="contract")
        assert (await place.document(document)).document_type == "contract"


async def test_a_part_that_the_store_refuses_leaves_no_other_part_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        sizes = [
            len(part)
            for part in await place.reader.cut(
                place.files.path((await place.document(document)).sha256), [(1, 1), (2, 3)]
            )
        ]
        monkeypatch.setattr(place.files, "_max_bytes", sizes[0])
        await decide(place, document, "part", "1, 2-3")
        await place.deliver()

        (bundle,) = await all_documents(place)
        assert sizes[0] < sizes[1]
        assert bundle.state == "in_review"
        assert_only_documents_are_stored(place, [bundle])


async def test_a_bundle_with_a_part_that_is_a_document_is_posted_by_no_other_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room("sqlite", tmp_path) as place:
        stack = await place.submit(DOUBTFUL, "stack.pdf")
        await place.deliver()
        _, second = await place.reader.cut(
            place.files.path((await place.document(stack)).sha256), [(1, 2), (3, 3)]
        )
        await place.submit(second, "second.pdf")
        await place.deliver()
        monkeypatch.setattr(attachments, "MOST_OF_ONE", 0)
        await decide(place, stack, "part", "1-2, 3")
        await place.deliver()

        with pytest.raises(InvalidRequestError, match=r"'stack \(2 of 2\)\.pdf' is a document"):
            await decide(place, stack, "correct", document_type="invoice")
        with pytest.raises(InvalidRequestError, match="could not be parted"):
            await decide(place, stack, "approve")
        assert (await place.document(stack)).state == "in_review"
        await decide(place, stack, "reject")
        assert (await place.document(stack)).state == "rejected"
