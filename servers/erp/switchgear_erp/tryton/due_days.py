"""When an invoice is due by its payment term, as Tryton will reckon it on the day it is posted."""

from calendar import monthrange
from datetime import date, timedelta

from switchgear_shared.storage.tryton.client import Record

_MONTHS = 12
_WEEK = 7
_PARTS = ("days", "weeks", "months", "day", "month.index", "weekday.index")

TERM_FIELDS = tuple(f"payment_term.lines.relativedeltas.{part}" for part in _PARTS)
"""What is read of an invoice for `due_day`."""


def due_day(term: Record | None, start: date) -> date:
    """Return the day that the first part is due; without a term, `start` itself."""
    lines = (term or {}).get("lines") or []
    return min((_after(line["relativedeltas"] or [], start) for line in lines), default=start)


def _after(deltas: list[Record], day: date) -> date:
    for delta in deltas:
        day = _moved(delta, day)
    return day


def _moved(delta: Record, day: date) -> date:
    """Return what Tryton makes of a day: the fixed parts first, then the months, then the days."""
    month = int(delta["month"]["index"]) if delta["month"] else day.month
    months = day.year * _MONTHS + month - 1 + (delta["months"] or 0)
    year, month = months // _MONTHS, months % _MONTHS + 1
    last = monthrange(year, month)[1]
    moved = date(year, month, min(delta["day"] or day.day, last))
    moved += timedelta(days=(delta["days"] or 0), weeks=(delta["weeks"] or 0))
    if delta["weekday"]:
        moved += timedelta(days=(int(delta["weekday"]["index"]) - moved.weekday()) % _WEEK)
    return moved
