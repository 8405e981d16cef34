"""Invoices, their lines and payments."""

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
from sqlalchemy.orm import Mapped, mapped_column

from switchgear_erp.tables.directory import Base
from switchgear_shared.storage.columns import ExactNumber, UtcDateTime


class InvoiceRow(Base):
    """An invoice; triggers keep what is posted as it is.

    `vendor_number` is the vendor's own number without case and spacing, and null for receivables
    and what was cancelled: it is what must be unique.
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


class PaymentRow(Base):
    """Money received or paid for an invoice, in its currency; a trigger keeps it as it is.

    `reference_key` is the bank's reference without case and spacing, unique for the invoice.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("tenant", "invoice_id", "reference_key"),
        ForeignKeyConstraint(["tenant", "invoice_id"], ["invoices.tenant", "invoices.id"]),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(String(64))
    paid_on: Mapped[date] = mapped_column(Date)
    minor: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str | None] = mapped_column(String(140))
    reference_key: Mapped[str | None] = mapped_column(String(420))
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
