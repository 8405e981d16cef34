"""The embedded ERP's tables; money is in minor units, every key starts with the tenant."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.storage.columns import ExactNumber, UtcDateTime


class Base(DeclarativeBase):
    """The ERP's own metadata."""


class PartyRow(Base):
    """A customer, a vendor, or both."""

    __tablename__ = "parties"
    __table_args__ = (UniqueConstraint("tenant", "ref"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    is_customer: Mapped[bool]
    is_vendor: Mapped[bool]
    vat_id: Mapped[str | None] = mapped_column(String(32))
    iban: Mapped[str | None] = mapped_column(String(34))
    email: Mapped[str | None] = mapped_column(String(120))
    city: Mapped[str | None] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    credit_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    payment_days: Mapped[int] = mapped_column(Integer)


class ProductRow(Base):
    """Something sold or bought."""

    __tablename__ = "products"
    __table_args__ = (UniqueConstraint("tenant", "sku"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    cost_minor: Mapped[int] = mapped_column(BigInteger)
    tax_percent: Mapped[Decimal] = mapped_column(ExactNumber)


class OrderRow(Base):
    """A sales or purchase order."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("tenant", "ref"),
        ForeignKeyConstraint(["tenant", "party_id"], ["parties.tenant", "parties.id"]),
        Index("ix_orders_newest", "tenant", "ordered_on", "id"),
        Index("ix_orders_party", "tenant", "party_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    party_id: Mapped[str] = mapped_column(String(64))
    external_ref: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    ordered_on: Mapped[date] = mapped_column(Date)
    promised_on: Mapped[date | None] = mapped_column(Date)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)


class OrderLineRow(Base):
    """One line of an order; `invoiced` is the quantity on posted invoices."""

    __tablename__ = "order_lines"
    __table_args__ = (ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    sku: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(500))
    quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    unit: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[Decimal] = mapped_column(ExactNumber)
    tax_percent: Mapped[Decimal] = mapped_column(ExactNumber)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    invoiced: Mapped[Decimal] = mapped_column(ExactNumber)


class InvoiceRow(Base):
    """An invoice; triggers keep what is posted as it is.

    `vendor_number` is the vendor's own number without case and spacing, and null for receivables:
    it is what must be unique.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("tenant", "ref"),
        UniqueConstraint("tenant", "party_id", "vendor_number"),
        ForeignKeyConstraint(["tenant", "party_id"], ["parties.tenant", "parties.id"]),
        ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),
        Index("ix_invoices_newest", "tenant", "issued_on", "id"),
        Index("ix_invoices_order", "tenant", "order_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    direction: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    party_id: Mapped[str] = mapped_column(String(64))
    external_ref: Mapped[str | None] = mapped_column(String(64))
    vendor_number: Mapped[str | None] = mapped_column(String(192))
    order_id: Mapped[str | None] = mapped_column(String(64))
    document_id: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    company_gross_minor: Mapped[int] = mapped_column(BigInteger)
    company_tax_minor: Mapped[int] = mapped_column(BigInteger)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date | None] = mapped_column(Date)
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[str | None] = mapped_column(String(128))
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correlation_id: Mapped[str | None] = mapped_column(String(64))


class InvoiceLineRow(Base):
    """One line of an invoice."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    sku: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    unit: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[Decimal] = mapped_column(ExactNumber)
    tax_percent: Mapped[Decimal] = mapped_column(ExactNumber)
    net_minor: Mapped[int] = mapped_column(BigInteger)


class AccountRow(Base):
    """An account of the chart."""

    __tablename__ = "accounts"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class EntryRow(Base):
    """A journal entry: why and when its lines were booked."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
        Index("ix_journal_entries_day", "tenant", "booked_on"),
        Index("ix_journal_entries_invoice", "tenant", "invoice_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    booked_on: Mapped[date] = mapped_column(Date)
    invoice_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EntryLineRow(Base):
    """One side of a journal entry in the company's currency; debit is positive."""

    __tablename__ = "journal_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant", "entry_id"], ["journal_entries.tenant", "journal_entries.id"]
        ),
        ForeignKeyConstraint(["tenant", "account"], ["accounts.tenant", "accounts.code"]),
        Index("ix_journal_lines_account", "tenant", "account"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    account: Mapped[str] = mapped_column(String(16))
    minor: Mapped[int] = mapped_column(BigInteger)


class ExchangeRateRow(Base):
    """How many of `currency` buy one of the company's currency, from a day on."""

    __tablename__ = "exchange_rates"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    rate: Mapped[Decimal] = mapped_column(ExactNumber)


class SeriesRow(Base):
    """The last number given in a series without gaps, such as INV-2026."""

    __tablename__ = "number_series"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    series: Mapped[str] = mapped_column(String(32), primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer)
