"""The embedded CRM's tables; money is in minor units, every key starts with the tenant.

`search_name` and `search_text` are folded by `spelling.fold`: names to sort by, words to find by.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.storage.columns import UtcDateTime


class Base(DeclarativeBase):
    """The CRM's own metadata."""


class AccountRow(Base):
    """A company we deal with."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("tenant", "ref"),
        Index("ix_accounts_name", "tenant", "search_name", "id"),
        Index("ix_accounts_domain", "tenant", "domain"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    is_customer: Mapped[bool] = mapped_column(Boolean)
    is_vendor: Mapped[bool] = mapped_column(Boolean)
    industry: Mapped[str] = mapped_column(String(60))
    domain: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40))
    tax_id: Mapped[str] = mapped_column(String(32))
    street: Mapped[str] = mapped_column(String(120))
    postal_code: Mapped[str] = mapped_column(String(16))
    city: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(2))
    owner_email: Mapped[str] = mapped_column(String(254))
    currency: Mapped[str] = mapped_column(String(3))
    since: Mapped[date] = mapped_column(Date)
    search_name: Mapped[str] = mapped_column(String(240))
    search_text: Mapped[str] = mapped_column(Text)


class ContactRow(Base):
    """A person at an account."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("tenant", "email"),
        ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
        Index("ix_contacts_account", "tenant", "account_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    first_name: Mapped[str] = mapped_column(String(60))
    last_name: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40))
    job_title: Mapped[str] = mapped_column(String(60))
    search_name: Mapped[str] = mapped_column(String(240))
    search_text: Mapped[str] = mapped_column(Text)


class OpportunityRow(Base):
    """A sale that may come about."""

    __tablename__ = "opportunities"
    __table_args__ = (
        UniqueConstraint("tenant", "ref"),
        ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
        ForeignKeyConstraint(["tenant", "contact_id"], ["contacts.tenant", "contacts.id"]),
        Index("ix_opportunities_closing", "tenant", "close_on", "id"),
        Index("ix_opportunities_account", "tenant", "account_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(16))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    probability_percent: Mapped[int] = mapped_column(Integer)
    owner_email: Mapped[str] = mapped_column(String(254))
    close_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))
    search_name: Mapped[str] = mapped_column(String(240))
    search_text: Mapped[str] = mapped_column(Text)


class ActivityRow(Base):
    """Something that was done; never changed afterwards."""

    __tablename__ = "activities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "account_id"], ["accounts.tenant", "accounts.id"]),
        Index("ix_activities_account", "tenant", "account_id", "happened_at", "id"),
        Index("ix_activities_about", "tenant", "about_id", "happened_at", "id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    about_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text)
    done_by: Mapped[str] = mapped_column(String(254))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SeriesRow(Base):
    """The last number given; its lock lets one writer at a time make a record of the kind."""

    __tablename__ = "number_series"
    __previewed__ = False

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    series: Mapped[str] = mapped_column(String(32), primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer)
