"""The embedded ERP: the port over one database."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

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
from switchgear_erp.parties import NEW_CREDIT, PartyDraft
from switchgear_erp.sql import balances, directory, drafts, invoices, ordering, orders, parties
from switchgear_erp.sql.advancing import advance
from switchgear_erp.sql.fulfilling import fulfil
from switchgear_erp.sql.matching import match_invoice
from switchgear_erp.sql.paying import pay
from switchgear_erp.sql.posting import post
from switchgear_erp.statements import Balances
from switchgear_erp.trade import Fulfilment, OrderDraft, Payment, Quote, WantedLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId, utc_now
from switchgear_shared.storage.database import Database


class SqlErp:
    """ErpBackend over SQLite or PostgreSQL."""

    def __init__(
        self,
        database: Database,
        *,
        tolerance: Tolerance | None = None,
        new_credit: Money = NEW_CREDIT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._tolerance = tolerance or Tolerance()
        self._new_credit = new_credit
        self._now = clock

    async def keeps_bank_accounts(self, tenant: TenantId) -> bool:  # noqa: ARG002 - the port's
        """See ErpBackend."""
        return True

    async def find_parties(
        self, tenant: TenantId, *, query: str, role: Role | None, limit: int
    ) -> PartyPage:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await directory.find_parties(
                session, tenant, query=query, role=role, limit=limit
            )

    async def create_party(
        self, tenant: TenantId, *, draft: PartyDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await parties.create(
                session, tenant, draft, caller, self._now(), usual_credit=self._new_credit
            )

    async def deactivate_party(
        self, tenant: TenantId, *, party_id: PartyId, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await parties.deactivate(session, tenant, party_id, caller, self._now())

    async def find_products(self, tenant: TenantId, *, query: str, limit: int) -> ProductPage:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await directory.find_products(session, tenant, query=query, limit=limit)

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
        async with self._database.reading() as session:
            return await orders.list_orders(
                session,
                tenant,
                kind=kind,
                state=state,
                party_id=party_id,
                since=since,
                query=query,
                limit=limit,
                cursor=cursor,
            )

    async def get_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId | None = None,
        ref: str | None = None,
        include: Sequence[OrderPart] = (),
    ) -> Order:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await orders.get_order(
                session, tenant, order_id=order_id, ref=ref, include=include
            )

    async def price_order(
        self,
        tenant: TenantId,
        *,
        kind: OrderKind | None,
        party_id: PartyId,
        lines: Sequence[WantedLine],
    ) -> Quote:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await ordering.price(session, tenant, party_id, kind, lines, self._now().date())

    async def create_order(
        self, tenant: TenantId, *, draft: OrderDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await ordering.create(session, tenant, draft, caller, self._now())

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
        async with self._database.writing() as session:
            return await advance(
                session,
                tenant,
                order_id,
                to,
                expected_version=expected_version,
                caller=caller,
                now=self._now(),
            )

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
        async with self._database.writing() as session:
            return await fulfil(
                session,
                tenant,
                order_id,
                fulfilment,
                expected_version=expected_version,
                caller=caller,
                now=self._now(),
            )

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
        async with self._database.reading() as session:
            return await invoices.list_invoices(
                session,
                tenant,
                direction=direction,
                state=state,
                overdue_on=self._now().date() if overdue else None,
                party_id=party_id,
                query=query,
                limit=limit,
                cursor=cursor,
            )

    async def get_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, include: Sequence[InvoicePart] = ()
    ) -> Invoice:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await invoices.get_invoice(session, tenant, invoice_id, include=include)

    async def create_invoice(
        self, tenant: TenantId, *, draft: InvoiceDraft, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await drafts.create(session, tenant, draft, caller, self._now())

    async def cancel_draft(
        self, tenant: TenantId, *, document_id: str, caller: Caller
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await drafts.cancel(session, tenant, document_id, caller, self._now())

    async def post_invoice(
        self,
        tenant: TenantId,
        *,
        invoice_id: InvoiceId,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See ErpBackend."""
        async with self._database.writing() as session:
            return await post(
                session,
                tenant,
                invoice_id,
                expected_version=expected_version,
                caller=caller,
                now=self._now(),
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
        async with self._database.writing() as session:
            return await pay(
                session,
                tenant,
                invoice_id,
                payment,
                expected_version=expected_version,
                caller=caller,
                now=self._now(),
            )

    async def match_invoice(
        self, tenant: TenantId, *, invoice_id: InvoiceId, receipts: Sequence[Received] | None
    ) -> Match:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await match_invoice(session, tenant, invoice_id, receipts, self._tolerance)

    async def get_balances(
        self, tenant: TenantId, *, party_id: PartyId | None, as_of: date | None
    ) -> Balances:
        """See ErpBackend."""
        async with self._database.reading() as session:
            return await balances.get_balances(
                session, tenant, party_id=party_id, as_of=as_of or self._now().date()
            )
