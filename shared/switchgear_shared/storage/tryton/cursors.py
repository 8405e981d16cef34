"""The sort keys in a cursor, checked before they reach Tryton."""

from typing import Any

from switchgear_shared.contracts.pages import decode_cursor
from switchgear_shared.errors import InvalidRequestError

_LARGEST = 2**31


def keys_of(listing: str, cursor: str, *types: type, is_signed: bool = False) -> list[Any]:
    """Return the keys of a cursor of that listing; raises InvalidRequestError.

    A number below zero is none of ours unless the listing sorts by one that `is_signed`.
    """
    keys = decode_cursor(listing, cursor, *types)
    least = 1 - _LARGEST if is_signed else 0
    if any(isinstance(key, int) and not least <= key < _LARGEST for key in keys):
        raise not_ours()
    return keys


def not_ours() -> InvalidRequestError:
    """Return the refusal of a cursor that no listing of ours gave."""
    return InvalidRequestError("the cursor is not one of ours", field="cursor")
