"""The port: what every ERP behind this server promises."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from switchgear_erp.models import (
    Direction,
    Invoice,
    InvoiceDraft,
    InvoiceId,
    InvoicePage,
    InvoicePart,
    InvoiceState,
    Match,
    Order,
    OrderId,
    OrderKind,
    OrderPage,
    OrderPart,
    OrderState,
    PartyId,
    PartyPage,
    ProductPage,
    Received,
    Role,
)
from switchgear_erp.parties import PartyDraft
from switchgear_erp.statements import Balances
from switchgear_erp.trade import Fulfilment, OrderDraft, Payment, Quote, WantedLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId


class ErpBackend(Protocol):
    """Parties, products, orders, invoices and the books of one tenant at a time.

    A record of another tenant is not found. Lists are newest first and stable under inserts;
    queries are plain text, without wildcards.
    """

    async def keeps_bank_accounts(self, tenant: TenantId) -> bool:
        """Say whether a party's IBAN is kept; where not, it is refused before anybody is asked."""
        ...

    async def find_parties(
        self, tenant: TenantId, *, query: str, role: Role | None, limit: int
    ) -> PartyPage:
        """Return parties by part of a name, number, VAT id, IBAN or e-mail, best match first.

        Names may be mistyped; spacing and punctuation of the other fields do not count.
        """
        ...

    async def create_party(
        self, tenant: TenantId, *, draft: PartyDraft, caller: Caller
    ) -> WriteResult:
        """Create a party; no second one is made, however many try at once.

        Its account's id finds it from then on too.

        Raises:
            ConflictError: it is there (`check_unknown`), or another party has that account's id.
            InvalidRequestError: a value is none that this system can keep.
        """
        ...

    async def deactivate_party(
        self, tenant: TenantId, *, party_id: PartyId, caller: Caller
    ) -> WriteResult:
        """Put a party away: it is not found from then on. Again, `changed` is false.

        Raises:
            NotFoundError: there never was one.
            ConflictError: an order or an invoice is of it.
        """
        ...

    async def find_products(self, tenant: TenantId, *, query: str, limit: int) -> ProductPage:
        """Return products by SKU or part of the name, best match first."""
        ...

    async def list_orders(
        self,
        tenant: TenantId,
        *,
        kind: OrderKind | None,
        state: OrderState | None,
        party_id: PartyId | None,
        since: date | None,
        query: str | None,
        limit: int,
        cursor: str | None,
    ) -> OrderPage:
        """Return orders; `query` is any part of a number, own or external, or an id's beginning."""
        ...

    async def get_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId | None = None,
        ref: str | None = None,
        include: Sequence[OrderPart] = (),
    ) -> Order:
        """Return one order, by id or by number.

        Raises:
            NotFoundError: there is none.
        """
        ...

    async def price_order(
        self,
        tenant: TenantId,
        *,
        kind: OrderKind | None,
        party_id: PartyId,
        lines: Sequence[WantedLine],
    ) -> Quote:
        """Return what an order would cost now; a customer is sold to unless `kind` says otherwise.

        Raises:
            NotFoundError: the party or a product does not exist.
            InvalidRequestError: a line is out of bounds, or the party has no such role.
        """
        ...

    async def create_order(
        self, tenant: TenantId, *, draft: OrderDraft, caller: Caller
    ) -> WriteResult:
        """Create an order in state draft, priced as `price_order` does, dated today.

        Raises:
            NotFoundError: the party or a product does not exist.
            ConflictError: the party's number is on another order of its kind already.
            InvalidRequestError: a business rule is broken; the message says which.
        """
        ...

    async def advance_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId,
        to: OrderState,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Take an order to another state; to the one it has, `changed` is false.

        Raises:
            NotFoundError: there is no such order.
            ConflictError: it is not at `expected_version`.
            InvalidRequestError: the transition is not allowed, the customer's credit is exceeded,
                or something is left to fulfil or invoice.
        """
        ...

    async def fulfil_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId,
        fulfilment: Fulfilment,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Record what was shipped of a confirmed sale, or received of a purchase.

        Raises:
            NotFoundError: there is no such order.
            ConflictError: it is not at `expected_version`, or has less left.
            InvalidRequestError: it is not confirmed, or a line is not one of its.
        """
        ...

    async def list_invoices(
        self,
        tenant: TenantId,
        *,
        direction: Direction | None,
        state: InvoiceState | None,
        overdue: bool,
        party_id: PartyId | None,
        query: str | None,
        limit: int,
        cursor: str | None,
    ) -> InvoicePage:
        """Return invoices; `query` as for orders. Overdue is what was due before today, unpaid."""
        ...

    async def get_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, include: Sequence[InvoicePart] = ()
    ) -> Invoice:
        """Return one invoice.

        Raises:
            NotFoundError: there is none.
        """
        ...

    async def create_invoice(
        self, tenant: TenantId, *, draft: InvoiceDraft, caller: Caller
    ) -> WriteResult:
        """Create an invoice in state draft; nothing is booked yet.

        Tax is reckoned by rate over the rounded lines and rounded once for each rate.

        Raises:
            NotFoundError: the party, the order, or a product of a receivable does not exist.
            ConflictError: the vendor's number is on another invoice of that vendor already.
            InvalidRequestError: a business rule is broken; the message says which.
        """
        ...

    async def cancel_draft(
        self, tenant: TenantId, *, document_id: str, caller: Caller
    ) -> WriteResult:
        """Cancel the payable drafts of a document; their numbers are free from then on.

        Answers for the first of them. Where none is a draft any more, `changed` is false.

        Raises:
            NotFoundError: no payable is of the document.
            ConflictError: one was posted.
        """
        ...

    async def post_invoice(
        self,
        tenant: TenantId,
        *,
        invoice_id: InvoiceId,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Book a draft for good: number, journal entry and order in one transaction.

        Numbers have no gaps. An invoice that is posted or paid stays as it is: `changed` is
        false and `ref` the one it has.

        Raises:
            NotFoundError: there is no such invoice.
            ConflictError: it is not at `expected_version`.
            InvalidRequestError: it was cancelled, or its order does not cover it.
        """
        ...

    async def record_payment(
        self,
        tenant: TenantId,
        *,
        invoice_id: InvoiceId,
        payment: Payment,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Book money received or paid for a posted invoice; it is `paid` when nothing is open.

        Raises:
            NotFoundError: there is no such invoice.
            ConflictError: nothing is open, the reference is there, or it is not at that version.
            InvalidRequestError: it is not posted, less is open, or the books are closed.
        """
        ...

    async def match_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, receipts: Sequence[Received] | None
    ) -> Match:
        """Compare a payable with its order and all that was received for it.

        Without `receipts` those recorded on the order count; where there are none, only the order.

        Raises:
            NotFoundError: there is no such invoice.
            InvalidRequestError: the invoice is a receivable.
        """
        ...

    async def get_balances(
        self, tenant: TenantId, *, party_id: PartyId | None, as_of: date | None
    ) -> Balances:
        """Return what was open and booked at the end of `as_of`, today by default.

        Raises:
            NotFoundError: there is no such party.
        """
        ...
