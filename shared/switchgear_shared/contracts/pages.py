"""Keyset pages: the shape every list answers with, and the cursor that leads on."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import InvalidRequestError


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


def decode_cursor(kind: str, cursor: str, count: int) -> list[Any]:
    """Return the `count` sort keys of a cursor made by `encode_cursor` for the same listing.

    Raises:
        InvalidRequestError: the cursor is damaged or belongs to another listing.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError, UnicodeError, ValueError) as error:
        raise InvalidRequestError("the cursor is not one of ours", field="cursor") from error
    if not isinstance(keys, list) or len(keys) != count + 1 or keys[0] != kind:
        raise InvalidRequestError("the cursor belongs to another listing", field="cursor")
    if not all(isinstance(key, str | int) for key in keys):
        raise InvalidRequestError("the cursor is not one of ours", field="cursor")
    return keys[1:]
