"""The days that the ERP takes: what is far off is a mistake, and closed books stay closed."""

from datetime import date, timedelta

from switchgear_shared.errors import InvalidRequestError

YEARS = (2000, 2099)
MOST_DAYS_AHEAD = 366
"""How far ahead of today an invoice may be dated or an order promised."""


def check_year(field: str, day: date) -> None:
    """Raise InvalidRequestError for a day outside of 2000 to 2099."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise InvalidRequestError(f"{field} {day} is out of range", field=field)


def check_ahead(field: str, day: date, today: date) -> None:
    """Raise InvalidRequestError for a day more than a year ahead of today."""
    check_year(field, day)
    if day > today + timedelta(days=MOST_DAYS_AHEAD):
        raise InvalidRequestError(
            f"{field} {day} is more than a year ahead of today, {today}", field=field
        )


def check_past(field: str, day: date, today: date, *, earliest: date | None = None) -> None:
    """Raise InvalidRequestError for a day that is not here yet or before `earliest`.

    Tomorrow passes: somewhere it is tomorrow already.
    """
    check_year(field, day)
    if day > today + timedelta(days=1):
        raise InvalidRequestError(f"{field} {day} is ahead of today, {today}", field=field)
    if earliest is not None and day < earliest:
        raise InvalidRequestError(
            f"{field} {day} is before the day of the order, {earliest}", field=field
        )
