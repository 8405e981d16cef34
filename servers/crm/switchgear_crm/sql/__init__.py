"""The embedded CRM, in SQLite or PostgreSQL."""

from switchgear_crm.sql.crm import SqlCrm

__all__ = ["SqlCrm"]
