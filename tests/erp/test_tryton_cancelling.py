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
from switchgear_shared.errors import ConflictError, NotFoundError, SwitchgearError
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
    orders: dict[int, int] = field(default_factory=dict[int, int])
    """The purchase that an invoice bills."""
    anew: list[Any] = field(default_factory=list[Any])
    """What orders are billed anew for, as Tryton was told."""
    lets_nobody: bool = False
    """Whether our user may not have orders billed anew."""
    order: int = 0
    """The one whose wizard is open."""

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
        if self.lets_nobody and asked["method"].startswith("wizard"):
            return httpx2.Response(403)
        if asked["method"] == "common.db.login":
            return httpx2.Response(200, json={"id": 0, "result": [4, "token", None]})
        model, _, method = asked["method"].rpartition(".")
        if (result := self._of_orders(model, method, asked["params"])) is not None:
            return httpx2.Response(200, json={"id": 0, "result": result})
        assert asked["method"] == "model.account.invoice.cancel"
        numbers, context = asked["params"]
        self.cancelled.append((numbers, context["_timestamp"]))
        for invoice in self.invoices:
            if invoice["id"] in numbers:
                invoice["state"] = "cancelled"
        return httpx2.Response(200, json={"id": 0, "result": None})

    def _of_orders(self, model: str, method: str, params: list[Any]) -> Any:
        """Answer for purchases and their cancelled invoices; None for anything else."""
        if (model, method) == ("model.account.invoice", "read"):
            own = [(number, self.orders.get(number)) for number in params[0]]
            return [{"id": one, "purchases": [order] if order else []} for one, order in own]
        if model != "wizard.purchase.handle.invoice.exception":
            return None
        if method == "create":
            self.order = params[-1]["active_id"]
            return [7, "ask", "end"]
        if method == "delete":
            return False
        if params[2] == "handle":
            self.anew.append((self.order, params[1]["ask"]))
            return {}
        told = {number for _, form in self.anew for number in form["recreate_invoices"]}
        undecided = [
            one["id"]
            for one in self.invoices
            if one["state"] == "cancelled"
            and self.orders.get(one["id"]) == self.order
            and one["id"] not in told
        ]
        return {"view": {"defaults": {"domain_invoices": undecided}}}


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


async def test_what_is_posted_stays(books: Books, erp: TrytonErp) -> None:
    books.add(4, "draft", "doc_1")
    books.add(5, "posted", "doc_1")

    with pytest.raises(ConflictError, match="invoice 7 is posted: it stays"):
        await cancel(erp)

    assert books.cancelled == []


async def test_an_order_whose_draft_is_cancelled_is_billed_anew(
    books: Books, erp: TrytonErp
) -> None:
    """What somebody else cancelled of it is for people to decide."""
    books.add(4, "cancelled", "doc_9", "purchase-3")
    books.add(5, "draft", "doc_1", "purchase-3")
    books.orders = {4: 3, 5: 3}

    gone, _ = await cancel(erp)
    again, _ = await cancel(erp, may_be_done=True, is_look=True)

    assert (gone.state, again.changed, len(books.cancelled)) == ("cancelled", True, 1)
    assert books.anew == [(3, {"domain_invoices": [4, 5], "recreate_invoices": [5]})]


async def test_a_draft_stays_where_its_order_cannot_be_billed_anew(
    books: Books, erp: TrytonErp
) -> None:
    books.add(5, "draft", "doc_1", "purchase-3")
    books.orders, books.lets_nobody = {5: 3}, True

    with pytest.raises(SwitchgearError) as refusal:
        await cancel(erp)

    assert (refusal.value.outcome, books.cancelled) == ("not_done", [])


async def test_an_order_that_was_not_billed_anew_yet_is_by_who_repeats_it(
    books: Books, erp: TrytonErp
) -> None:
    """Whoever only looks sends nothing, and does not take it for done or for absent."""
    books.add(5, "cancelled", "doc_1", "purchase-3")
    books.orders = {5: 3}

    with pytest.raises(NotThereError):
        await cancel(erp, may_be_done=True, is_look=True)
    assert books.anew == []
    gone, write = await cancel(erp, may_be_done=True)

    assert (gone.changed, len(write.events), books.cancelled) == (True, 1, [])
    assert books.anew == [(3, {"domain_invoices": [5], "recreate_invoices": [5]})]


async def test_a_document_without_a_draft_is_not_found(books: Books, erp: TrytonErp) -> None:
    books.add(6, "draft", "doc_10")

    with pytest.raises(NotFoundError, match="no payable is of document doc_1"):
        await cancel(erp)
