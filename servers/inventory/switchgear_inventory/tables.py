"""The embedded inventory's tables; every key starts with the tenant.

`search_text` is folded by `spelling.fold`.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    CheckConstraint,
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
    """The inventory's own metadata."""


class ItemRow(Base):
    """What we keep."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("tenant", "sku"), UniqueConstraint("tenant", "barcode"))

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(8))
    barcode: Mapped[str] = mapped_column(String(14))
    is_lot_tracked: Mapped[bool] = mapped_column(Boolean)
    reorder_point: Mapped[Decimal] = mapped_column(ExactNumber)
    reorder_quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    vendor_id: Mapped[str] = mapped_column(String(64))
    search_text: Mapped[str] = mapped_column(Text)


class LocationRow(Base):
    """One of our warehouses."""

    __tablename__ = "locations"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class LevelRow(Base):
    """The stock of one item in one warehouse: the sum of its movements, and what is held of it."""

    __tablename__ = "levels"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "item_id"], ["items.tenant", "items.id"]),
        ForeignKeyConstraint(["tenant", "location"], ["locations.tenant", "locations.code"]),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="ck_levels_available"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    on_hand: Mapped[Decimal] = mapped_column(ExactNumber)
    reserved: Mapped[Decimal] = mapped_column(ExactNumber)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it


class LotRow(Base):
    """What a warehouse has of one lot: the sum of the lot's movements there."""

    __tablename__ = "lots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant", "item_id", "location"],
            ["levels.tenant", "levels.item_id", "levels.location"],
        ),
        CheckConstraint("on_hand >= 0", name="ck_lots_on_hand"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str] = mapped_column(String(16), primary_key=True)
    lot: Mapped[str] = mapped_column(String(64), primary_key=True)
    on_hand: Mapped[Decimal] = mapped_column(ExactNumber)
    expires_on: Mapped[date | None] = mapped_column(Date)


class MovementRow(Base):
    """Goods that went from one place to another; never changed afterwards."""

    __tablename__ = "movements"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "item_id"], ["items.tenant", "items.id"]),
        CheckConstraint("quantity > 0", name="ck_movements_quantity"),
        CheckConstraint("from_location <> to_location", name="ck_movements_places"),
        Index("ix_movements_newest", "tenant", "moved_at", "id"),
        Index("ix_movements_item", "tenant", "item_id", "moved_at", "id"),
        Index("ix_movements_source", "tenant", "source_ref"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    from_location: Mapped[str] = mapped_column(String(16))
    to_location: Mapped[str] = mapped_column(String(16))
    source_ref: Mapped[str] = mapped_column(String(80))
    line_number: Mapped[int | None] = mapped_column(Integer)
    lot: Mapped[str | None] = mapped_column(String(64))
    expires_on: Mapped[date | None] = mapped_column(Date)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(String(254))


class ReservationRow(Base):
    """Stock held for a reference, such as a sales order.

    `held` is what is still held of `quantity`: it shrinks as goods are shipped and is zero in
    every state but `held`.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant", "item_id", "location"],
            ["levels.tenant", "levels.item_id", "levels.location"],
        ),
        CheckConstraint("quantity > 0", name="ck_reservations_quantity"),
        CheckConstraint("held >= 0 AND held <= quantity", name="ck_reservations_held"),
        Index("ix_reservations_for", "tenant", "for_ref"),
        Index("ix_reservations_level", "tenant", "item_id", "location"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[Decimal] = mapped_column(ExactNumber)
    held: Mapped[Decimal] = mapped_column(ExactNumber)
    state: Mapped[str] = mapped_column(String(16))
    for_ref: Mapped[str] = mapped_column(String(64))
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ArrivalRow(Base):
    """What a line of a purchase order brings, and how much of it has come."""

    __tablename__ = "arrivals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "item_id"], ["items.tenant", "items.id"]),
        ForeignKeyConstraint(["tenant", "location"], ["locations.tenant", "locations.code"]),
        CheckConstraint("received >= 0 AND received <= expected", name="ck_arrivals_received"),
        Index("ix_arrivals_item", "tenant", "item_id", "location"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    source_ref: Mapped[str] = mapped_column(String(64), primary_key=True)
    line_number: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[str] = mapped_column(String(64))
    location: Mapped[str] = mapped_column(String(16))
    expected: Mapped[Decimal] = mapped_column(ExactNumber)
    received: Mapped[Decimal] = mapped_column(ExactNumber)
    due_on: Mapped[date] = mapped_column(Date)


class CancelledOrderRow(Base):
    """A purchase that was cancelled: its confirmation may arrive later and brings nothing."""

    __tablename__ = "cancelled_orders"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    source_ref: Mapped[str] = mapped_column(String(64), primary_key=True)
