"""Keyset pages: the shape every list answers with, and the cursor that leads on."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson
from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import InvalidRequestError

_LARGEST = 2**63 - 1


class Page(Contract):
    """What every list has beside its `items`; a subclass adds `items`."""

    next_cursor: str | None = Field(
        default=None, description="Pass as `cursor` for the next page; null at the end."
    )
    total: int | None = Field(
        default=None, description="Matches over all pages, null where not counted."
    )
    truncated: bool = Field(default=False, description="True if more pages follow.")


def encode_cursor(kind: str, keys: Sequence[Any]) -> str:
    """Return an opaque cursor for the row with sort keys `keys`, in a listing called `kind`."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *keys])).decode().rstrip("=")


def decode_cursor(kind: str, cursor: str, *types: type) -> list[Any]:
    """Return the sort keys of a cursor made by `encode_cursor` for the same listing.

    Each key is of its type, checked before a database sees it, since a cursor may be forged: an
    int of 64 bits, a str without NUL, a date, or a datetime, which is aware and in UTC.

    Raises:
        InvalidRequestError: the cursor is damaged or belongs to another listing.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError, UnicodeError, ValueError) as error:
        raise InvalidRequestError("the cursor is not one of ours", field="cursor") from error
    if not isinstance(keys, list) or len(keys) != len(types) + 1 or keys[0] != kind:
        raise InvalidRequestError("the cursor belongs to another listing", field="cursor")
    try:
        return [_key(key, type_) for key, type_ in zip(keys[1:], types, strict=True)]
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError("the cursor is not one of ours", field="cursor") from error


def _key(key: Any, type_: type) -> Any:
    if type_ is int and type(key) is int and abs(key) <= _LARGEST:
        return key
    if isinstance(key, str) and "\0" not in key:
        if type_ is str:
            return key
        if type_ is date:
            return date.fromisoformat(key)
        if type_ is datetime and (moment := datetime.fromisoformat(key)).tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError(f"{key!r} is not a key of type {type_.__name__}")
