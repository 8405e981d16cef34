"""A small company with books of its own, over every adapter of the ERP's port."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

import switchgear_erp
from engines import ENGINES
from ready_databases import migrated
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import (
    Invoice,
    InvoiceDraft,
    InvoiceId,
    InvoicePart,
    Order,
    OrderId,
    OrderState,
)
from switchgear_erp.sql import SqlErp
from switchgear_erp.tables import (
    Base,
    ClosedPeriodRow,
    ExchangeRateRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
    ProductRow,
)
from switchgear_erp.trade import Fulfilment, OrderDraft, Payment
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.storage.database import Database

ERP_MIGRATIONS = Path(switchgear_erp.__file__).parent / "migrations"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ACME = TenantId("acme")
GLOBEX = TenantId("globex")

Named = tuple[str, str, str, str, str, str, str, int | None]
PARTIES: tuple[Named, ...] = (
    ("weidner", "V-001", "Weidner Metallbau GmbH", "V", "DE123456788", "post@w.test", "EUR", None),
    ("pacific", "V-002", "Pacific Parts Inc.", "V", "26-1234567", "ar@pacific.test", "USD", None),
    ("kumo", "V-003", "Kumo Seiki K.K.", "V", "T1234567890123", "bill@kumo.test", "JPY", None),
    ("mueller", "C-001", "Müller & Söhne AG", "C", "DE987654321", "buy@mueller.test", "EUR", 10**6),
    ("sauber", "C-002", "100%_Sauber KG", "CV", "DE555555555", "info@sauber.test", "EUR", None),
)  # fmt: skip
PRODUCTS = (
    ("BOLT-M8", "Hexagon bolt M8", 12, 9),
    ("PUMP-1", "Gear pump", 25_000, 18_000),
    ("HOSE-2", "Hydraulic hose 2 m", 2_400, 1_150),
)
PUMP = {"sku": "PUMP-1", "quantity": "1"}
Lines = tuple[tuple[str, str, str, int], ...]
ORDERS: tuple[tuple[str, str, str, str, str, str, Lines], ...] = (
    ("PO-2026-00001", "purchase", "confirmed", "weidner", "EUR", "2026-10-01",
     (("BOLT-M8", "1000", "0.085", 19), ("PUMP-1", "4", "180", 19))),
    ("PO-2026-00002", "purchase", "confirmed", "pacific", "USD", "2026-10-05",
     (("HOSE-2", "10", "12.50", 0),)),
    ("PO-2026-00003", "purchase", "draft", "weidner", "EUR", "2026-10-06",
     (("PUMP-1", "1", "180", 19),)),
    ("SO-2026-00001", "sale", "confirmed", "mueller", "EUR", "2026-10-06",
     (("PUMP-1", "2", "250", 19),)),
    ("PO-2026-00004", "purchase", "confirmed", "kumo", "JPY", "2026-10-07",
     (("HOSE-2", "3", "1840", 10),)),
)  # fmt: skip
RATES = (
    ("USD", date(2026, 1, 1), "1.10"),
    ("USD", date(2026, 10, 1), "1.20"),
    ("JPY", date(2026, 1, 1), "160"),
)


@dataclass(frozen=True)
class World:
    """The small company: its ERP, and the ids that this ERP gave to its records."""

    erp: ErpBackend
    party: dict[str, str]
    order: dict[str, str]
    close: Callable[[TenantId, date], Awaitable[None]]

    async def take(self, caller: Caller, **draft: Any) -> WriteResult:
        """Create an order for a party named as in PARTIES: by default a pump for a customer."""
        draft = {"kind": "sale", "party": "mueller", "lines": [PUMP], **draft}
        draft["party_id"] = self.party[draft.pop("party")]
        return await self.erp.create_order(
            caller.tenant, draft=OrderDraft.model_validate(draft), caller=caller
        )

    async def advance(
        self, caller: Caller, order_id: str, *states: OrderState, version: str | None = None
    ) -> WriteResult:
        """Take an order through states; the answer is the last one's."""
        for state in states[:-1]:
            await self.advance(caller, order_id, state)
        return await self.erp.advance_order(
            caller.tenant,
            order_id=OrderId(order_id),
            to=states[-1],
            expected_version=version,
            caller=caller,
        )

    async def confirmed(self, caller: Caller, **draft: Any) -> WriteResult:
        """Create an order and confirm it."""
        made = await self.take(caller, **draft)
        return await self.advance(caller, made.id, "quoted", "confirmed")

    async def fulfil(
        self, caller: Caller, order_id: str, *, version: str | None = None, **fulfilment: Any
    ) -> WriteResult:
        """Ship or receive goods of an order."""
        return await self.erp.fulfil_order(
            caller.tenant,
            order_id=OrderId(order_id),
            fulfilment=Fulfilment.model_validate(fulfilment),
            expected_version=version,
            caller=caller,
        )

    async def pay(
        self, caller: Caller, invoice_id: str, *, version: str | None = None, **payment: Any
    ) -> WriteResult:
        """Record a payment."""
        return await self.erp.record_payment(
            caller.tenant,
            invoice_id=InvoiceId(invoice_id),
            payment=Payment.model_validate(payment),
            expected_version=version,
            caller=caller,
        )

    async def posted(self, caller: Caller, **draft: Any) -> WriteResult:
        """Create an invoice and post it."""
        return await self.post(caller, (await self.create(caller, **draft)).id)

    async def read(self, caller: Caller, order_id: str) -> Order:
        """Read an order with all its parts."""
        return await self.erp.get_order(
            caller.tenant, order_id=OrderId(order_id), include=("lines", "shipments", "invoices")
        )

    async def create(self, caller: Caller, **draft: Any) -> WriteResult:
        """Create an invoice for a party and an order named as in PARTIES and ORDERS."""
        draft["party_id"] = self.party[draft.pop("party")]
        if "order" in draft:
            draft["order_id"] = self.order[draft.pop("order")]
        return await self.erp.create_invoice(
            caller.tenant, draft=InvoiceDraft.model_validate(draft), caller=caller
        )

    async def post(
        self, caller: Caller, invoice_id: str, version: str | None = None
    ) -> WriteResult:
        """Post an invoice."""
        return await self.erp.post_invoice(
            caller.tenant,
            invoice_id=InvoiceId(invoice_id),
            expected_version=version,
            caller=caller,
        )

    async def invoice(self, caller: Caller, written: WriteResult, *include: InvoicePart) -> Invoice:
        """Read an invoice that was written."""
        return await self.erp.get_invoice(
            caller.tenant, invoice_id=InvoiceId(written.id), include=include
        )

    async def invoice_count(self, caller: Caller) -> int | None:
        """Count the tenant's invoices."""
        page = await self.erp.list_invoices(
            caller.tenant,
            direction=None,
            state=None,
            overdue=False,
            party_id=None,
            query=None,
            limit=1,
            cursor=None,
        )
        return page.total


def caller_of(tenant: TenantId) -> Caller:
    """Return a caller of the tenant."""
    return Caller(
        tenant=tenant,
        principal_id="agent:test",
        requested_by="agent:test",
        correlation_id=CorrelationId("cor_test"),
    )


def rows_of(tenant: TenantId) -> list[tuple[type[Base], list[dict[str, Any]]]]:
    """Return the small company as rows of the embedded ERP."""
    orders, lines = [], []
    for ref, kind, state, party, currency, ordered_on, order_lines in ORDERS:
        net = tax = 0
        for number, (sku, quantity, price, tax_percent) in enumerate(order_lines, start=1):
            digits = 1 if currency == "JPY" else 100
            line_net = int(Decimal(quantity) * Decimal(price) * digits)
            net += line_net
            tax += line_net * tax_percent // 100
            lines.append(
                {
                    "order_id": f"ord_{ref}",
                    "number": number,
                    "sku": sku,
                    "description": next(name for code, name, *_ in PRODUCTS if code == sku),
                    "quantity": Decimal(quantity),
                    "unit": "C62",
                    "unit_price": Decimal(price),
                    "tax_percent": Decimal(tax_percent),
                    "net_minor": line_net,
                    "fulfilled": Decimal(0),
                    "invoiced": Decimal(0),
                }
            )
        orders.append(
            {
                "id": f"ord_{ref}",
                "ref": ref,
                "version": 1,
                "kind": kind,
                "state": state,
                "party_id": f"pty_{party}",
                "external_ref": None,
                "currency": currency,
                "ordered_on": date.fromisoformat(ordered_on),
                "promised_on": None,
                "net_minor": net,
                "tax_minor": tax,
            }
        )
    parties = [
        {
            "id": f"pty_{key}",
            "ref": ref,
            "name": name,
            "is_customer": "C" in roles,
            "is_vendor": "V" in roles,
            "vat_id": vat_id,
            "iban": None,
            "email": email,
            "city": "Jena",
            "country": "DE",
            "currency": currency,
            "credit_limit_minor": limit,
            "payment_days": 30,
        }
        for key, ref, name, roles, vat_id, email, currency, limit in PARTIES
    ]
    products = [
        {
            "id": f"prd_{sku}",
            "sku": sku,
            "name": name,
            "unit": "C62",
            "currency": "EUR",
            "price_minor": price,
            "cost_minor": cost,
            "tax_percent": Decimal(19),
        }
        for sku, name, price, cost in PRODUCTS
    ]
    rates = [
        {"currency": currency, "valid_from": day, "rate": Decimal(rate)}
        for currency, day, rate in RATES
    ]
    tables: tuple[tuple[type[Base], list[dict[str, Any]]], ...] = (
        (ExchangeRateRow, rates),
        (PartyRow, parties),
        (ProductRow, products),
        (OrderRow, orders),
        (OrderLineRow, lines),
    )
    return [(table, [{"tenant": tenant, **row} for row in rows]) for table, rows in tables]


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """Give an empty ERP database on every engine."""
    async with migrated(request.param, "erp", tmp_path, [ERP_MIGRATIONS]) as database:
        yield database


async def sql_world(database: Database) -> World:
    """Return the small company, of two tenants, in the embedded ERP."""
    async with database.writing() as session:
        for tenant in (ACME, GLOBEX):
            for table, rows in rows_of(tenant):
                await session.execute(insert(table), rows)

    async def close(tenant: TenantId, until: date) -> None:
        async with database.writing() as session:
            closing = {"closed_until": until, "closed_by": "test", "closed_at": NOW}
            session.add(ClosedPeriodRow(tenant=tenant, **closing))

    return World(
        close=close,
        erp=SqlErp(database, clock=lambda: NOW),
        party={key: f"pty_{key}" for key, *_ in PARTIES},
        order={ref: f"ord_{ref}" for ref, *_ in ORDERS},
    )


Build = Callable[[Database], Awaitable[World]]
BACKENDS = [pytest.param(sql_world, id="sql")]


@pytest.fixture(params=BACKENDS)
async def world(request: pytest.FixtureRequest, database: Database) -> World:
    """Give the small company over every adapter; another adapter joins by joining BACKENDS."""
    build: Build = request.param
    return await build(database)


@pytest.fixture
def caller() -> Caller:
    """Give a caller of the first tenant."""
    return caller_of(ACME)


@pytest.fixture
def stranger() -> Caller:
    """Give a caller of the other tenant."""
    return caller_of(GLOBEX)
