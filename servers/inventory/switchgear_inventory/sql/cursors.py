"""The sort keys in a cursor, checked before they reach the database."""

from datetime import UTC, datetime
from typing import TypeVar

from switchgear_shared.contracts.pages import decode_cursor
from switchgear_shared.errors import InvalidRequestError

FirstT = TypeVar("FirstT", int, str)
_LARGEST = 2**63 - 1


def keys_of(
    listing: str, cursor: str, first: type[FirstT], second: type[str]
) -> tuple[FirstT, str]:
    """Return the two keys of a cursor of that listing; raises InvalidRequestError."""
    key, last = decode_cursor(listing, cursor, 2)
    if type(key) is not first or type(last) is not second:
        raise _not_ours()
    if "\0" in f"{key}{last}" or (isinstance(key, int) and abs(key) > _LARGEST):
        raise _not_ours()
    return key, last


def moment_and_id(listing: str, cursor: str) -> tuple[datetime, str]:
    """Return the moment and the id of a cursor of that listing; raises InvalidRequestError."""
    text, last_id = keys_of(listing, cursor, str, str)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise _not_ours()
        return moment.astimezone(UTC), last_id
    except (ValueError, OverflowError) as error:
        raise _not_ours() from error


def _not_ours() -> InvalidRequestError:
    return InvalidRequestError("the cursor is not one of ours", field="cursor")
