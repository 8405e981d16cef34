"""Parties and products, and the metadata that all tables of the ERP are in."""

from decimal import Decimal

from sqlalchemy import BigInteger, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.storage.columns import ExactNumber


class Base(DeclarativeBase):
    """The ERP's own metadata."""


class PartyRow(Base):
    """A customer, a vendor, or both; its `tax_percent` goes before that of products.

    One that is not active is as good as gone: nothing refers to it, and nothing finds it.
    """

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
    street: Mapped[str | None] = mapped_column(String(120))
    postal_code: Mapped[str | None] = mapped_column(String(16))
    city: Mapped[str | None] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(2))
    currency: Mapped[str] = mapped_column(String(3))
    credit_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    payment_days: Mapped[int] = mapped_column(Integer)
    tax_percent: Mapped[Decimal | None] = mapped_column(ExactNumber)
    version: Mapped[int] = mapped_column(Integer, default=1)
    is_active: Mapped[bool] = mapped_column(default=True)


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
