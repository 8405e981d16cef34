"""How a party to be may be written, and by which spellings it is known."""

from typing import Any

import pytest
from pydantic import ValidationError

from erp.test_backend_parties import IBAN
from switchgear_erp.parties import PartyDraft


def draft(**changes: Any) -> PartyDraft:
    """Return a vendor to be."""
    return PartyDraft.model_validate({"name": "Neu AG", "roles": ("vendor",), **changes})


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("DE\uff1136695976", "DE136695976"),
        (" de 136 695 976", "de 136 695 976"),
        ("26-1234567", "26-1234567"),
        ("DE\u00a0136695976", "DE 136695976"),
    ],
)
def test_a_vat_number_in_other_digits_is_the_same_number(said: str, kept: str) -> None:
    assert draft(vat_id=said).vat_id == kept


@pytest.mark.parametrize(
    "said",
    [
        "DE٨36695976",
        "ДE136695976",
        "Dé136695976",
        "DE\u2011136695976",
        "DE1\x1b[31m",
        "--",
        "\uff11 Ⅷ€",
    ],
)
def test_a_vat_number_in_foreign_signs_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        draft(vat_id=said)


def test_an_iban_in_wide_digits_is_the_same_account() -> None:
    assert draft(iban="\uff24\uff2589 3704 0044 0532 0130 \uff10\uff10").iban == IBAN


@pytest.mark.parametrize(
    "said", ["DE٨٩370400440532013000", "DE89370400440532013001", "DE89370400440532013000é"]
)
def test_an_iban_in_foreign_signs_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        draft(iban=said)


@pytest.mark.parametrize("given", ["acc_0f9c", "party-3", "A.b:1", "x" * 64])
def test_an_accounts_id_is_kept_as_it_is(given: str) -> None:
    assert draft(account_id=given).account_id == given


@pytest.mark.parametrize("given", ["", "a b", "a/b", "a\nb", "a\n", "x\x1b[31m", "é", "x" * 65])
def test_what_is_no_accounts_id_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        draft(account_id=given)
