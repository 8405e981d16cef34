"""The sort keys in a cursor, checked before a database sees them: a cursor may be forged."""

from datetime import UTC, date, datetime
from typing import Any

from switchgear_shared.contracts.pages import decode_cursor
from switchgear_shared.errors import InvalidRequestError

_SMALL = 100
"""No number in a cursor of ours reaches this."""


def cursor_keys(listing: str, cursor: str, *kinds: type) -> list[Any]:
    """Return the keys, each of its kind: small int, str, date or aware datetime.

    Raises:
        InvalidRequestError: the cursor is not one of this listing.
    """
    keys = decode_cursor(listing, cursor, len(kinds))
    return [_key(key, kind) for key, kind in zip(keys, kinds, strict=True)]


def _key(key: Any, kind: type) -> Any:
    try:
        if kind is int and type(key) is int and 0 <= key < _SMALL:
            return key
        if kind is str and isinstance(key, str) and "\0" not in key:
            return key
        if kind is date and isinstance(key, str):
            return date.fromisoformat(key)
        if kind is datetime and isinstance(key, str):
            moment = datetime.fromisoformat(key)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _foreign() from error
    raise _foreign()


def _foreign() -> InvalidRequestError:
    return InvalidRequestError("the cursor is not one of ours", field="cursor")
