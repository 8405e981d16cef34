"""Orders, their lines and what was shipped or received of them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from switchgear_erp.tables.directory import Base
from switchgear_shared.storage.columns import ExactNumber, UtcDateTime


class OrderRow(Base):
    """A sales or purchase order.

    `external_key` is the party's own number without case and spacing: it is what must be unique.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("tenant", "ref"),
        UniqueConstraint("tenant", "party_id", "kind", "external_key"),
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
    external_key: Mapped[str | None] = mapped_column(String(192))
    currency: Mapped[str] = mapped_column(String(3))
    ordered_on: Mapped[date] = mapped_column(Date)
    promised_on: Mapped[date | None] = mapped_column(Date)
    location: Mapped[str | None] = mapped_column(String(64))
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)


class OrderLineRow(Base):
    """One line of an order, and how much of it was fulfilled and is on posted invoices."""

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
    fulfilled: Mapped[Decimal] = mapped_column(ExactNumber)
    invoiced: Mapped[Decimal] = mapped_column(ExactNumber)


class FulfilmentRow(Base):
    """Goods of a sale that left us at once, or goods of a purchase that came in at once."""

    __tablename__ = "fulfilments"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"]),
        Index("ix_fulfilments_order", "tenant", "order_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64))
    fulfilled_on: Mapped[date] = mapped_column(Date)
    location: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FulfilmentLineRow(Base):
    """What was fulfilled of one line of the order, by lot."""

    __tablename__ = "fulfilment_lines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "fulfilment_id"], ["fulfilments.tenant", "fulfilments.id"]),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    fulfilment_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    sku: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    lot: Mapped[str | None] = mapped_column(String(64))
    expires_on: Mapped[date | None] = mapped_column(Date)
