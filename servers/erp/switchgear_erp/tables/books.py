"""The books: accounts, entries, rates, number series and closed periods."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from switchgear_erp.tables.directory import Base
from switchgear_shared.storage.columns import ExactNumber, UtcDateTime


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


class ClosedPeriodRow(Base):
    """A closing: nothing is booked on its day or before; the latest day counts."""

    __tablename__ = "closed_periods"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    closed_until: Mapped[date] = mapped_column(Date, primary_key=True)
    closed_by: Mapped[str] = mapped_column(String(128))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
