"""Texts as Tryton keeps them."""

import pytest

from switchgear_shared.storage.tryton.texts import literal, marked, number_of, unit_code, unmarked

NAME = "sg-0123456789abcdef01234567"


@pytest.mark.parametrize("text", ["PO-2026-0001", "two words", "ends in [brackets]", "", "a\nb"])
def test_a_text_is_the_same_without_our_name_for_the_write(text: str) -> None:
    assert unmarked(marked(text, NAME)) == text


def test_a_text_without_our_name_is_as_it_was() -> None:
    assert [unmarked(text) for text in ("", "PO 1 [x]", f"{NAME}")] == ["", "PO 1 [x]", NAME]


def test_a_pattern_matches_nothing_but_its_text() -> None:
    assert literal("50%_\\") == "50\\%\\_\\\\"


def test_units_have_their_codes_and_unknown_ones_stay() -> None:
    assert [unit_code(symbol) for symbol in ("u", "m", "bag")] == ["C62", "MTR", "bag"]


def test_a_number_is_one_that_tryton_may_have() -> None:
    assert [number_of(text) for text in ("0", "12", "999999999")] == [0, 12, 999_999_999]
    assert [number_of(text) for text in ("", "-1", "1.0", "\u0661", "9" * 10)] == [None] * 5
