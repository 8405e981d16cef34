"""The ERP's part of the demo company: parties, products, orders, invoices and their entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.demo_invoices import DEMO, Values, bills_of, line_values, noon, series_of
from switchgear_erp.models import COMPANY_CURRENCY
from switchgear_erp.sql.books import chart, insert_missing
from switchgear_erp.tables import (
    AccountRow,
    Base,
    ClosedPeriodRow,
    EntryLineRow,
    EntryRow,
    ExchangeRateRow,
    FulfilmentLineRow,
    FulfilmentRow,
    InvoiceLineRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
    PaymentRow,
    ProductRow,
    SeriesRow,
)
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.demo_company import Company, demo_company
from switchgear_shared.demo_company.records import Movement
from switchgear_shared.storage.database import Database

_RATES_FROM = date(2020, 1, 1)
_DOMESTIC_TAX = Decimal(19)


async def load_demo(
    database: Database, *, tenant: TenantId = DEFAULT_TENANT, company: Company | None = None
) -> bool:
    """Load the company unless the tenant has parties already; return whether it was loaded."""
    company = company or demo_company()
    async with database.writing() as session:
        known = await session.scalar(
            select(func.count()).select_from(PartyRow).where(PartyRow.tenant == tenant)
        )
        if known:
            return False
        await _load(session, tenant, company)
    return True


async def _load(session: AsyncSession, tenant: TenantId, company: Company) -> None:
    bills = list(bills_of(company))
    shipments = _shipments(company)
    unposted = {bill.invoice.order_id for bill in bills if not bill.ref}
    await insert_missing(session, AccountRow, chart(tenant))
    tables: tuple[tuple[type[Base], Iterable[Values]], ...] = (
        (ExchangeRateRow, _rates(company)),
        (PartyRow, _parties(company)),
        (ProductRow, _products(company)),
        (OrderRow, _orders(company, unposted)),
        (OrderLineRow, _order_lines(company, unposted)),
        (FulfilmentRow, (shipment.row() for shipment in shipments)),
        (FulfilmentLineRow, (line for shipment in shipments for line in shipment.lines())),
        (InvoiceRow, (bill.row() for bill in bills)),
        (InvoiceLineRow, (line for bill in bills for line in bill.lines())),
        (PaymentRow, (payment for bill in bills for payment in bill.payments())),
        (EntryRow, (entry for bill in bills for entry, _ in bill.entries())),
        (EntryLineRow, (side for bill in bills for side in bill.sides())),
        (SeriesRow, (*series_of(bills), *_order_series(company))),
        (ClosedPeriodRow, _closed(company)),
    )
    for table, rows in tables:
        values = [{"tenant": tenant, **row} for row in rows]
        if values:
            await session.execute(insert(table), values)
    posted = update(InvoiceRow).where(InvoiceRow.tenant == tenant, InvoiceRow.ref.is_not(None))
    await session.execute(posted.values(state="posted"))
    await session.execute(posted.where(InvoiceRow.paid_on.is_not(None)).values(state="paid"))


def _rates(company: Company) -> Iterator[Values]:
    for currency, rate in company.exchange_rates.items():
        if currency != COMPANY_CURRENCY:
            yield {"currency": currency, "valid_from": _RATES_FROM, "rate": rate}


def _parties(company: Company) -> Iterator[Values]:
    for party in company.accounts:
        limit = party.credit_limit
        yield {
            "id": party.id,
            "ref": party.ref,
            "name": party.name,
            "is_customer": "customer" in party.roles,
            "is_vendor": "vendor" in party.roles,
            "vat_id": party.tax_id,
            "iban": party.iban,
            "email": party.email,
            "city": party.address.city,
            "country": party.address.country,
            "currency": party.currency,
            "credit_limit_minor": None if limit is None else limit.to_minor(),
            "payment_days": party.payment_days,
            "tax_percent": None if party.address.country == company.self.address.country else 0,
        }


def _products(company: Company) -> Iterator[Values]:
    for item in company.items:
        yield {
            "id": item.id,
            "sku": item.sku,
            "name": item.name,
            "unit": item.unit,
            "currency": item.price.currency,
            "price_minor": item.price.to_minor(),
            "cost_minor": item.cost.to_minor(),
            "tax_percent": _DOMESTIC_TAX,
        }


def _orders(company: Company, unposted: set[str]) -> Iterator[Values]:
    """Yield the orders; one whose invoice is still a draft is not processed yet."""
    for order in company.orders:
        yield {
            "id": order.id,
            "ref": order.ref,
            "version": 1,
            "kind": order.kind,
            "state": "confirmed" if order.id in unposted else order.state,
            "party_id": order.party_id,
            "external_ref": order.external_ref,
            "external_key": order.external_ref and order.external_ref.casefold(),
            "currency": order.currency,
            "ordered_on": order.ordered_on,
            "promised_on": order.promised_on,
            "location": order.location,
            "net_minor": order.net.to_minor(),
            "tax_minor": order.tax.to_minor(),
        }


def _order_lines(company: Company, unposted: set[str]) -> Iterator[Values]:
    for order in company.orders:
        for line in order.lines:
            yield {
                "order_id": order.id,
                "fulfilled": line.fulfilled,
                "invoiced": Decimal(0) if order.id in unposted else line.invoiced,
                **line_values(line, order.currency),
            }


@dataclass(frozen=True, slots=True)
class _Shipment:
    """Goods of one order that moved on one day, from or to one warehouse."""

    moves: Sequence[Movement]

    def row(self) -> Values:
        """Return the shipment."""
        first = self.moves[0]
        inside = first.to_location if first.kind == "receipt" else first.from_location
        return {
            "id": f"ful_{first.id}",
            "order_id": first.order_id,
            "fulfilled_on": first.moved_at.date(),
            "location": inside,
            "created_by": DEMO,
            "created_at": first.moved_at,
        }

    def lines(self) -> Iterator[Values]:
        """Return the rows of the shipment's lines."""
        for position, move in enumerate(self.moves, start=1):
            yield {
                "fulfilment_id": f"ful_{self.moves[0].id}",
                "position": position,
                "number": move.line_number,
                "sku": move.sku,
                "quantity": move.quantity,
                "lot": move.lot,
                "expires_on": move.expires_on,
            }


def _shipments(company: Company) -> list[_Shipment]:
    moved: dict[tuple[str, date], list[Movement]] = {}
    for move in company.movements:
        if move.order_id is not None:
            moved.setdefault((move.order_id, move.moved_at.date()), []).append(move)
    return [_Shipment(moves) for moves in moved.values()]


def _order_series(company: Company) -> Iterator[Values]:
    """Yield the series of order numbers, so that new orders go on after the last."""
    last: dict[str, int] = {}
    for order in company.orders:
        series, number = order.ref.rsplit("-", 1)
        last[series] = max(last.get(series, 0), int(number))
    for series, number in last.items():
        yield {"series": series, "last_number": number}


def _closed(company: Company) -> Iterator[Values]:
    """Yield the closing of all years before the last full one."""
    yield {
        "closed_until": date(company.today.year - 2, 12, 31),
        "closed_by": DEMO,
        "closed_at": noon(date(company.today.year - 1, 3, 31)),
    }
