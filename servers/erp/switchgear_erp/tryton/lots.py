"""Lots in Tryton: when they expire, and what lies of them."""

from datetime import date

from switchgear_shared.storage.tryton.client import Record


def expiry_of(record: Record) -> date | None:
    """Return a lot's last good day: the earlier of Tryton's two."""
    known = [record["expiration_date"], record["shelf_life_expiration_date"]]
    return min((day for day in known if day is not None), default=None)
