"""The ERP in Tryton over its port: the work of each call is next door."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

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
    Tolerance,
)
from switchgear_erp.parties import PartyDraft
from switchgear_erp.statements import Balances
from switchgear_erp.trade import Fulfilment, OrderDraft, Payment, Quote, WantedLine
from switchgear_erp.tryton import (
    balances,
    drafting,
    invoices,
    ordering,
    orders,
    parties,
    party_making,
    pricing,
    products,
)
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.advancing import advance
from switchgear_erp.tryton.bank_accounts import keeps_bank_accounts
from switchgear_erp.tryton.cancelling import cancel
from switchgear_erp.tryton.deactivating import deactivate
from switchgear_erp.tryton.fulfilling import fulfil
from switchgear_erp.tryton.invoice_matching import match_invoice
from switchgear_erp.tryton.paying import pay
from switchgear_erp.tryton.posting import post
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.storage.tryton.client import TrytonClient


class TrytonErp:
    """ErpBackend over one company in Tryton, which is one tenant's."""

    def __init__(
        self,
        client: TrytonClient,
        clock: Callable[[], datetime] = utc_now,
        tenant: TenantId = DEFAULT_TENANT,
        tolerance: Tolerance | None = None,
    ) -> None:
        self._tolerance = tolerance or Tolerance()
        self._client = client
        self._clock = clock
        self._tenant = tenant

    async def keeps_bank_accounts(self, tenant: TenantId) -> bool:
        """See ErpBackend."""
        return await keeps_bank_accounts(self._of(tenant))

    async def find_parties(
        self, tenant: TenantId, *, query: str, role: Role | None, limit: int
    ) -> PartyPage:
        """See ErpBackend."""
        return await parties.find_parties(self._of(tenant), query=query, role=role, limit=limit)

    async def create_party(
        self, tenant: TenantId, *, draft: PartyDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        return await party_making.create(self._act(tenant, caller), draft)

    async def deactivate_party(
        self, tenant: TenantId, *, party_id: PartyId, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        return await deactivate(self._act(tenant, caller), party_id)

    async def find_products(self, tenant: TenantId, *, query: str, limit: int) -> ProductPage:
        """See ErpBackend."""
        return await products.find_products(self._of(tenant), query=query, limit=limit)

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
        """See ErpBackend."""
        search = orders.OrderSearch(kind, state, party_id, since, query)
        return await orders.list_orders(self._of(tenant), search, limit=limit, cursor=cursor)

    async def get_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId | None = None,
        ref: str | None = None,
        include: Sequence[OrderPart] = (),
    ) -> Order:
        """See ErpBackend."""
        return await orders.get_order(self._of(tenant), order_id=order_id, ref=ref, include=include)

    async def price_order(
        self,
        tenant: TenantId,
        *,
        kind: OrderKind | None,
        party_id: PartyId,
        lines: Sequence[WantedLine],
    ) -> Quote:
        """See ErpBackend."""
        return await pricing.price(self._of(tenant), party_id, kind, lines, self._now.date())

    async def create_order(
        self, tenant: TenantId, *, draft: OrderDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        return await ordering.create(self._act(tenant, caller), draft)

    async def advance_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId,
        to: OrderState,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See ErpBackend."""
        return await advance(self._act(tenant, caller), order_id, to, expected_version)

    async def fulfil_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId,
        fulfilment: Fulfilment,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See ErpBackend."""
        return await fulfil(self._act(tenant, caller), order_id, fulfilment, expected_version)

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
        """See ErpBackend."""
        search = invoices.InvoiceSearch(direction, state, overdue, party_id, query)
        return await invoices.list_invoices(
            self._of(tenant), search, self._now.date(), limit=limit, cursor=cursor
        )

    async def get_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, include: Sequence[InvoicePart] = ()
    ) -> Invoice:
        """See ErpBackend."""
        return await invoices.get_invoice(
            self._of(tenant), invoice_id, self._now.date(), include=include
        )

    async def create_invoice(
        self, tenant: TenantId, *, draft: InvoiceDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        return await drafting.create(self._act(tenant, caller), draft)

    async def cancel_draft(
        self, tenant: TenantId, *, document_id: str, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        return await cancel(self._act(tenant, caller), document_id)

    async def post_invoice(
        self,
        tenant: TenantId,
        *,
        invoice_id: InvoiceId,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See ErpBackend."""
        return await post(
            self._act(tenant, caller),
            invoice_id,
            expected_version=expected_version,
            tolerance=self._tolerance,
        )

    async def record_payment(
        self,
        tenant: TenantId,
        *,
        invoice_id: InvoiceId,
        payment: Payment,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See ErpBackend."""
        act = self._act(tenant, caller)
        return await pay(act, invoice_id, payment, expected_version=expected_version)

    async def match_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, receipts: Sequence[Received] | None
    ) -> Match:
        """See ErpBackend."""
        return await match_invoice(
            self._of(tenant), invoice_id, receipts, self._tolerance, self._now.date()
        )

    async def get_balances(
        self, tenant: TenantId, *, party_id: PartyId | None, as_of: date | None
    ) -> Balances:
        """See ErpBackend."""
        return await balances.get_balances(
            self._of(tenant), party_id=party_id, as_of=as_of or self._now.date()
        )

    def _of(self, tenant: TenantId) -> TrytonClient:
        if tenant != self._tenant:
            raise PolicyDeniedError("the company in Tryton is another tenant's")
        return self._client

    def _act(self, tenant: TenantId, caller: Caller) -> Act:
        return Act(self._of(tenant), current_write(), caller, self._now)

    @property
    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)
