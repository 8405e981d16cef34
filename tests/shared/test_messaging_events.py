"""Events: what may be said, how it is written, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from switchgear_shared.contracts.asyncapi import asyncapi
from switchgear_shared.contracts.business_event_data import InvoicePosted
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.event_data import EVENT_DATA
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import CorrelationId, Money, TenantId
from switchgear_shared.errors import InvalidRequestError

CALLER = Caller(
    tenant=TenantId("acme"),
    principal_id="agent-1",
    requested_by="kim",
    correlation_id=CorrelationId("cor-1"),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
POSTED = InvoicePosted(
    invoice_id="inv_1",
    ref="INV-2026-0042",
    party_id="par_1",
    gross=Money.from_minor(1250, "EUR"),
    document_id=None,
)


def posted() -> Event:
    return new_event(
        "erp.invoice.posted",
        source="erp",
        subject="inv_1",
        caller=CALLER,
        data=POSTED,
        time=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    )


def written(**changes: Any) -> bytes:
    return orjson.dumps({**orjson.loads(posted().to_cloudevent()), **changes})


def test_an_event_is_written_as_a_cloudevent_of_structured_json() -> None:
    event = posted()

    assert orjson.loads(event.to_cloudevent()) == {
        "specversion": "1.0",
        "id": event.id,
        "type": "erp.invoice.posted",
        "source": "erp",
        "subject": "inv_1",
        "time": "2026-11-23T09:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:switchgear:events:erp.invoice.posted:v1",
        "correlationid": "cor-1",
        "tenant": "acme",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {
            "invoice_id": "inv_1",
            "ref": "INV-2026-0042",
            "party_id": "par_1",
            "gross": {"amount": "12.50", "currency": "EUR"},
            "document_id": None,
        },
    }


def test_what_is_written_is_read_back_the_same() -> None:
    event = posted()

    assert Event.from_cloudevent(event.to_cloudevent()) == event


def test_an_event_caused_by_another_carries_on_its_chain() -> None:
    cause = posted()

    event = new_event(
        "documents.document.filed",
        source="documents",
        subject="doc_1",
        cause=cause,
        data={"document_id": "doc_1"},
    )

    assert (event.tenant, event.correlation_id, event.causation_id, event.traceparent) == (
        cause.tenant,
        cause.correlation_id,
        cause.id,
        cause.traceparent,
    )


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("documents.document.lost", {"document_id": "doc_1"}),
        ("documents.document.filed", {}),
        ("documents.document.filed", {"document_id": 7}),
        ("documents.document.filed", {"document_id": "doc_1", "page": 3}),
        ("documents.review.decided", {"review_id": "r", "document_id": "d", "decision": "maybe"}),
        ("workflows.process.completed", {"process_id": "p" * 70_000}),
    ],
)
def test_a_new_event_of_an_unknown_type_or_with_wrong_data_is_refused(
    event_type: str, data: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError):
        new_event(event_type, source="documents", subject="doc_1", data=data)


def test_an_event_larger_than_the_bus_carries_is_refused() -> None:
    data = {"document_id": "d" * 70_000}

    with pytest.raises(InvalidRequestError, match="more than 65536"):
        new_event("documents.document.filed", source="documents", subject="doc_1", data=data)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"[]",
        written(specversion="0.3"),
        written(type="erp.invoice.lost"),
        written(type=7),
        written(dataschema="urn:switchgear:events:erp.invoice.posted:v2"),
        written(data={"invoice_id": "inv_1"}),
        written(data=None),
        written(tenant=""),
        written(time="yesterday"),
        written(id="with a space"),
    ],
)
def test_a_body_that_is_no_event_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        Event.from_cloudevent(body)


def test_extensions_of_others_are_passed_over() -> None:
    event = posted()
    body = orjson.dumps({**orjson.loads(event.to_cloudevent()), "partitionkey": "7"})

    assert Event.from_cloudevent(body) == event


def test_asyncapi_describes_every_type_and_refers_only_to_what_it_holds() -> None:
    document = asyncapi()

    assert list(document["channels"]) == [*sorted(EVENT_DATA), "rpc.request", "rpc.reply"]
    assert document["components"]["messages"]["documents.document.filed"]["payload"]["properties"][
        "data"
    ] == {
        "type": "object",
        "properties": {"document_id": {"type": "string"}},
        "required": ["document_id"],
    }
    assert all(_resolves(document, ref) for ref in _references(document))


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [ref for item in node.values() for ref in _references(item)]


def _resolves(document: Any, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        document = document.get(part, {})
    return bool(document)
