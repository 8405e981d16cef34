"""The embedded ERP: orders, invoices and double entry books in SQLite or PostgreSQL."""

from switchgear_erp.sql.erp import SqlErp

__all__ = ["SqlErp"]
