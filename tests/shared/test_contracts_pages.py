"""Cursors: what leads on, and what is refused before any database sees it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.errors import InvalidRequestError

MOMENT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
LARGEST = 2**63 - 1


@pytest.mark.parametrize(
    ("keys", "types"),
    [
        (["a", 7], (str, int)),
        ([-LARGEST], (int,)),
        ([LARGEST], (int,)),
        ([date(2026, 11, 26)], (date,)),
        ([MOMENT], (datetime,)),
        ([], ()),
    ],
)
def test_a_cursor_gives_back_the_keys_that_made_it(keys: list[Any], types: tuple[type]) -> None:
    assert decode_cursor("orders", encode_cursor("orders", keys), *types) == keys


@pytest.mark.parametrize(
    ("keys", "type_"),
    [
        (["7"], int),
        ([True], int),
        ([LARGEST + 1], int),
        ([-LARGEST - 1], int),
        ([7], str),
        ([None], str),
        (["a\0b"], str),
        (["2026-13-01"], date),
        (["2026-11-26T09:30:00"], datetime),
        (["0001-01-01T00:00:00+14:00"], datetime),
        ([5], datetime),
    ],
)
def test_a_key_of_another_type_is_refused(keys: list[Any], type_: type) -> None:
    with pytest.raises(InvalidRequestError, match="not one of ours"):
        decode_cursor("orders", encode_cursor("orders", keys), type_)


@pytest.mark.parametrize("cursor", ["!!", "abc", "bnVsbA", "e30", "é", "\ud800", "W10"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        decode_cursor("orders", cursor, str)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("cursor", [("parties", ["a"]), ("orders", ["a", "b"]), ("orders", [])])
def test_a_cursor_of_another_listing_is_refused(cursor: tuple[str, list[str]]) -> None:
    with pytest.raises(InvalidRequestError, match="another listing"):
        decode_cursor("orders", encode_cursor(*cursor), str)
