"""The sort keys in a cursor, checked before they reach Tryton."""

from datetime import date
from typing import Any

from switchgear_shared.contracts.pages import decode_cursor
from switchgear_shared.errors import InvalidRequestError

_LARGEST = 2**31


def keys_of(listing: str, cursor: str, *kinds: type[int] | type[str]) -> list[Any]:
    """Return the keys of a cursor of that listing; raises InvalidRequestError."""
    keys = decode_cursor(listing, cursor, *kinds)
    if any(isinstance(key, int) and not -_LARGEST < key < _LARGEST for key in keys):
        raise not_ours()
    return keys


def day_of(text: str) -> date:
    """Return the day in a cursor; raises InvalidRequestError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise not_ours() from error


def not_ours() -> InvalidRequestError:
    """Return the refusal of a cursor that no listing of ours gave."""
    return InvalidRequestError("the cursor is not one of ours", field="cursor")
