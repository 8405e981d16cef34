"""A document is linked to records by people, each once, and shows it wherever it is shown."""

from typing import Any

import pytest

from documents.test_review_claims import asked, refusal
from journeys.desk import Samples
from journeys.office import Office
from switchgear_documents import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDER = "erp://orders/ord_1"


async def document(office: Office, samples: Samples) -> str:
    review = await asked(office, samples)
    found = await office.ask("documents_get_review", review_id=review)
    return str(found["document_id"])


async def test_a_link_is_made_once_and_shown_everywhere(office: Office, invoices: Samples) -> None:
    identifier = await document(office, invoices)
    linking = {"by": "clerk", "document_id": identifier, "record_uri": ORDER}
    first, again = [await office.ask("documents_link", **linking) for _ in "12"]
    await office.deliver()

    assert (first["changed"], again["changed"]) == (True, False)
    seen = await office.ask("documents_get", document_id=identifier)
    status = await office.ask("documents_get_status", document_id=identifier)
    trace = await office.ask("documents_trace", correlation_id=seen["correlation_id"])
    assert [shown["links"] for shown in (seen, status, trace)] == [[ORDER]] * 3
    steps = [s["by"] for s in trace["steps"] if s["what"] == "documents.document.linked"]
    assert steps == ["clerk"]


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"record_uri": "https://example.com/1"}, "invalid_request", "record_uri"),
        ({"record_uri": "erp://orders"}, "invalid_request", "record_uri"),
        ({"record_uri": "erp://orders/a/b"}, "invalid_request", "record_uri"),
        ({"record_uri": "erp://orders/" + "x" * 129}, "invalid_request", "record_uri"),
        ({"document_id": "doc_0"}, "not_found", "document_id"),
        ({"by": "assistant"}, "policy_denied", None),
    ],
)
async def test_a_link_that_makes_no_sense_is_refused(
    office: Office, invoices: Samples, arguments: dict[str, Any], code: str, field: str | None
) -> None:
    identifier = await document(office, invoices)
    whole = {"by": "clerk", "document_id": identifier, "record_uri": ORDER, **arguments}

    seen = await refusal(office, "documents_link", **whole)

    assert (seen[0], seen[2]) == (code, field)


@pytest.mark.parametrize(("most", "is_taken"), [(1, False), (2, True), (3, True)])
async def test_a_document_has_so_many_links_and_no_more(
    office: Office, invoices: Samples, monkeypatch: pytest.MonkeyPatch, most: int, is_taken: bool
) -> None:
    monkeypatch.setattr(links, "MOST_LINKS", most)
    identifier = await document(office, invoices)
    linking = {"by": "clerk", "document_id": identifier}
    await office.ask("documents_link", record_uri=ORDER, **linking)

    if is_taken:
        await office.ask("documents_link", record_uri=ORDER + "1", **linking)
    else:
        seen = await refusal(office, "documents_link", record_uri=ORDER + "1", **linking)
        assert seen[0] == "invalid_request"
