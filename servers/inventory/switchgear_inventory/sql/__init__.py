"""The embedded inventory: items, stock and movements in SQLite or PostgreSQL."""

from switchgear_inventory.sql.inventory import SqlInventory

__all__ = ["SqlInventory"]
