"""Cancelling a document's drafts in Tryton: what is asked of it, and what is left alone."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from switchgear_erp.tryton import TrytonErp
from switchgear_erp.tryton.marks import Mark
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.remote_write import NotThereError, RemoteWrite, writing_remotely
from switchgear_shared.storage.tryton.client import TrytonClient

CALLER = Caller(
    principal_id="workflows",
    requested_by="clerk",
    tenant=DEFAULT_TENANT,
    roles=(),
    correlation_id=CorrelationId("cor_1"),
)


@dataclass
class Books:
    """A Tryton with a few invoices, that cancels them."""

    invoices: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cancelled: list[Any] = field(default_factory=list[Any])

    def add(self, number: int, state: str, document: str, order: str | None = None) -> None:
        mark = Mark(reference="sg-00", document=document, work="0123abcd", order=order)
        self.invoices.append(
            {
                "id": number,
                "_timestamp": f"{number}.5",
                "type": "in",
                "state": state,
                "number": "7" if state == "posted" else None,
                "reference": "R-1",
                "description": mark.text(),
                "invoice_date": None,
                "payment_term_date": None,
                "party": {"id": 9, "name": "Weidner"},
                "currency": {"id": 1, "code": "EUR"},
                "total_amount": {"__class__": "Decimal", "decimal": "10.00"},
                "amount_to_pay": {"__class__": "Decimal", "decimal": "0.00"},
                "reconciled": False,
                "lines_to_pay": [],
                "payment_term": None,
            }
        )

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json=self.invoices)
        asked = json.loads(request.content)
        if asked["method"] == "common.db.login":
            return httpx2.Response(200, json={"id": 0, "result": [4, "token", None]})
        assert asked["method"] == "model.account.invoice.cancel"
        numbers, context = asked["params"]
        self.cancelled.append((numbers, context["_timestamp"]))
        for invoice in self.invoices:
            if invoice["id"] in numbers:
                invoice["state"] = "cancelled"
        return httpx2.Response(200, json={"id": 0, "result": None})


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def erp(books: Books) -> TrytonErp:
    client = TrytonClient(
        JsonApi("Tryton", "http://127.0.0.1:1/erp", transport=httpx2.MockTransport(books.answer)),
        user="u",
        password=SecretStr("p"),
        key=SecretStr("k"),
        company=1,
    )
    return TrytonErp(client, clock=lambda: datetime(2026, 11, 2, tzinfo=UTC))


async def cancel(erp: TrytonErp, **known: Any) -> tuple[Any, RemoteWrite]:
    with writing_remotely(RemoteWrite(reference="sg-01", **known)) as write:
        answer = await erp.cancel_draft(DEFAULT_TENANT, document_id="doc_1", caller=CALLER)
        return answer, write


async def test_the_drafts_of_a_document_are_cancelled_as_they_were_read(
    books: Books, erp: TrytonErp
) -> None:
    books.add(5, "draft", "doc_1")
    books.add(6, "draft", "doc_10")

    gone, write = await cancel(erp)
    again, silent = await cancel(erp)

    assert books.cancelled == [([5], {"account.invoice,5": "5.5"})]
    assert (gone.id, gone.state, gone.changed) == ("invoice-5", "cancelled", True)
    assert (again.id, again.state, again.changed) == ("invoice-5", "cancelled", False)
    assert [event.data for event in write.events] == [
        {"invoice_id": "invoice-5", "document_id": "doc_1"}
    ]
    assert silent.events == []


async def test_what_an_earlier_attempt_cancelled_is_told_and_not_sent_again(
    books: Books, erp: TrytonErp
) -> None:
    books.add(5, "cancelled", "doc_1")

    gone, write = await cancel(erp, may_be_done=True, is_look=True)

    assert (gone.changed, len(write.events), books.cancelled) == (True, 1, [])


async def test_a_look_cancels_nothing(books: Books, erp: TrytonErp) -> None:
    books.add(5, "draft", "doc_1")

    with pytest.raises(NotThereError):
        await cancel(erp, may_be_done=True, is_look=True)

    assert books.cancelled == []


async def test_a_rehearsal_names_what_would_go(books: Books, erp: TrytonErp) -> None:
    books.add(5, "draft", "doc_1")

    _, write = await cancel(erp, is_rehearsal=True)

    assert [(note.key, note.after) for note in write.notes] == [
        ("invoice-5", {"state": "cancelled"})
    ]
    assert books.cancelled == []


@pytest.mark.parametrize(
    ("state", "order", "message"),
    [
        ("posted", None, "invoice 7 is posted: it stays"),
        ("draft", "purchase-3", "draft invoice-5 bills purchase-3: it stays"),
    ],
)
async def test_what_is_posted_or_bills_an_order_stays(
    books: Books, erp: TrytonErp, state: str, order: str | None, message: str
) -> None:
    books.add(4, "draft", "doc_1")
    books.add(5, state, "doc_1", order)

    with pytest.raises(ConflictError, match=message):
        await cancel(erp)

    assert books.cancelled == []


async def test_a_document_without_a_draft_is_not_found(books: Books, erp: TrytonErp) -> None:
    books.add(6, "draft", "doc_10")

    with pytest.raises(NotFoundError, match="no payable is of document doc_1"):
        await cancel(erp)
