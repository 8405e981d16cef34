"""The embedded ERP's tables; money is in minor units, every key starts with the tenant."""

from switchgear_erp.tables.books import (
    AccountRow,
    ClosedPeriodRow,
    EntryLineRow,
    EntryRow,
    ExchangeRateRow,
    SeriesRow,
)
from switchgear_erp.tables.directory import Base, PartyRow, ProductRow
from switchgear_erp.tables.invoices import InvoiceLineRow, InvoiceRow, PaymentRow
from switchgear_erp.tables.orders import FulfilmentLineRow, FulfilmentRow, OrderLineRow, OrderRow

__all__ = [
    "AccountRow",
    "Base",
    "ClosedPeriodRow",
    "EntryLineRow",
    "EntryRow",
    "ExchangeRateRow",
    "FulfilmentLineRow",
    "FulfilmentRow",
    "InvoiceLineRow",
    "InvoiceRow",
    "OrderLineRow",
    "OrderRow",
    "PartyRow",
    "PaymentRow",
    "ProductRow",
    "SeriesRow",
]
