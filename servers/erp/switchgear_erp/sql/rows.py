"""Rows turned into the records that leave the ERP."""

from collections.abc import Iterable
from decimal import Decimal

from switchgear_erp.ledger import CHART
from switchgear_erp.models import (
    COMPANY_CURRENCY,
    InvoiceId,
    InvoiceLine,
    InvoiceRef,
    InvoiceSummary,
    JournalLine,
    OrderId,
    OrderLine,
    OrderSummary,
    Party,
    PartyId,
    Product,
    Shipment,
    ShipmentLine,
)
from switchgear_erp.tables import (
    EntryLineRow,
    FulfilmentLineRow,
    FulfilmentRow,
    InvoiceLineRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
    ProductRow,
)
from switchgear_shared.contracts.values import Money
from switchgear_shared.storage.columns import plain


def party(row: PartyRow) -> Party:
    """Return the party in `row`."""
    limit = row.credit_limit_minor
    return Party(
        id=PartyId(row.id),
        ref=row.ref,
        name=row.name,
        roles=(
            *(("customer",) if row.is_customer else ()),
            *(("vendor",) if row.is_vendor else ()),
        ),
        vat_id=row.vat_id,
        iban=row.iban,
        email=row.email,
        city=row.city,
        country=row.country,
        currency=row.currency,
        credit_limit=None if limit is None else Money.from_minor(limit, row.currency),
        payment_days=row.payment_days,
    )


def product(row: ProductRow) -> Product:
    """Return the product in `row`."""
    return Product(
        id=row.id,
        sku=row.sku,
        name=row.name,
        unit=row.unit,
        price=Money.from_minor(row.price_minor, row.currency),
        cost=Money.from_minor(row.cost_minor, row.currency),
        tax_percent=plain(row.tax_percent),
    )


def order_summary(row: OrderRow, party_name: str) -> OrderSummary:
    """Return the order in `row` as lists show it."""
    return OrderSummary.model_validate(
        {
            "id": OrderId(row.id),
            "ref": row.ref,
            "version": str(row.version),
            "kind": row.kind,
            "state": row.state,
            "party_id": row.party_id,
            "party_name": party_name,
            "external_ref": row.external_ref,
            "ordered_on": row.ordered_on,
            "promised_on": row.promised_on,
            "gross": Money.from_minor(row.net_minor + row.tax_minor, row.currency),
        }
    )


def order_line(row: OrderLineRow, currency: str) -> OrderLine:
    """Return the order's line in `row`."""
    return OrderLine(
        number=row.number,
        sku=row.sku,
        description=row.description,
        quantity=plain(row.quantity),
        unit=row.unit,
        unit_price=plain(row.unit_price),
        tax_percent=plain(row.tax_percent),
        net=Money.from_minor(row.net_minor, currency).amount,
        fulfilled=plain(row.fulfilled),
        invoiced=plain(row.invoiced),
    )


def shipment(row: FulfilmentRow, lines: Iterable[FulfilmentLineRow]) -> Shipment:
    """Return the shipment or receipt in `row`."""
    return Shipment(
        id=row.id,
        fulfilled_on=row.fulfilled_on,
        location=row.location,
        lines=tuple(
            ShipmentLine(
                number=line.number,
                sku=line.sku,
                quantity=plain(line.quantity),
                lot=line.lot,
                expires_on=line.expires_on,
            )
            for line in lines
        ),
    )


def invoice_ref(row: InvoiceRow) -> InvoiceRef:
    """Return the invoice in `row` as its order shows it."""
    return InvoiceRef.model_validate(
        {
            "id": InvoiceId(row.id),
            "ref": row.ref,
            "state": row.state,
            "gross": Money.from_minor(row.net_minor + row.tax_minor, row.currency),
        }
    )


def invoice_summary(row: InvoiceRow, party_name: str) -> InvoiceSummary:
    """Return the invoice in `row` as lists show it."""
    gross_minor = row.net_minor + row.tax_minor
    is_open = row.state == "posted"
    return InvoiceSummary.model_validate(
        {
            "id": InvoiceId(row.id),
            "ref": row.ref,
            "version": str(row.version),
            "external_ref": row.external_ref,
            "direction": row.direction,
            "state": row.state,
            "party_id": row.party_id,
            "party_name": party_name,
            "issued_on": row.issued_on,
            "due_on": row.due_on,
            "gross": Money.from_minor(gross_minor, row.currency),
            "open": Money.from_minor(gross_minor - row.paid_minor if is_open else 0, row.currency),
        }
    )


def invoice_line(row: InvoiceLineRow, currency: str) -> InvoiceLine:
    """Return the invoice's line in `row`."""
    return InvoiceLine(
        number=row.number,
        sku=row.sku,
        description=row.description,
        quantity=plain(row.quantity),
        unit=row.unit,
        unit_price=plain(row.unit_price),
        tax_percent=plain(row.tax_percent),
        net=Money.from_minor(row.net_minor, currency).amount,
    )


def journal(rows: Iterable[EntryLineRow]) -> tuple[JournalLine, ...]:
    """Return the sides of an entry."""
    return tuple(
        JournalLine(
            account=row.account,
            name=CHART[row.account],
            debit=company(max(row.minor, 0)),
            credit=company(max(-row.minor, 0)),
        )
        for row in rows
    )


def company(minor: int) -> Decimal:
    """Return minor units of the company's currency as an amount."""
    return Money.from_minor(minor, COMPANY_CURRENCY).amount


def ledger_amount(minor: int) -> Decimal:
    """Return a sum in minor units of the company's currency, however large."""
    return Decimal(minor).scaleb(-2)
