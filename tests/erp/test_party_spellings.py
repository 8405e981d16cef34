"""How a party to be may be written, and by which spellings it is known."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from erp.test_backend_parties import IBAN
from switchgear_erp.models import PartyId
from switchgear_erp.parties import Known, PartyDraft, check_unknown
from switchgear_erp.tryton.party_making import close_pattern, loose_pattern
from switchgear_shared.errors import ConflictError


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


SAME = [
    ("Müller GmbH", "Mueller GmbH"),
    ("MUELLER GmbH", "mu\u0308ller gmbh"),
    ("Muller GmbH", "Müller GmbH"),
    ("Weiss AG", "Weiß AG"),
    ("Strauß & Co", "STRAUSS & CO"),
    ("E2 GmbH", "E² GmbH"),
    ("Griffin Ltd", "Gri\ufb03n Ltd"),
    ("Dvorak s.r.o.", "Dvořák s. r. o."),
    ("Dogan AS", "Doğan AŞ"),
]
OTHERS = [("Bauer AG", "Baur AG"), ("Weis AG", "Weiss AG"), ("Mueller AG", "Muller AG")]


def is_known(new: str, old: str) -> bool:
    """Return whether a vendor of that name is the one that is there."""
    known = Known(id=PartyId("party-1"), ref="1", name=old)
    try:
        check_unknown(draft(name=new), [known])
    except ConflictError:
        return True
    return False


def fits(pattern: str, name: str) -> bool:
    """Return whether a name is like a pattern, as a database without `unaccent` has it."""
    like = re.escape(pattern).replace("_", ".").replace("%", ".*")
    return re.fullmatch(like, name, re.DOTALL | re.IGNORECASE) is not None


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_name_in_another_spelling_is_known_and_looked_for(one: str, other: str) -> None:
    for new, old in ((one, other), (other, one)):
        assert is_known(new, old)
        assert fits(loose_pattern(new), old)


@pytest.mark.parametrize(("one", "other"), [*SAME[:1], *SAME[2:7]])
def test_usual_spellings_are_looked_for_among_very_many_names(one: str, other: str) -> None:
    assert fits(close_pattern(one), other)
    assert fits(close_pattern(other), one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_a_name_that_only_looks_alike_is_another(one: str, other: str) -> None:
    assert not is_known(one, other)
    assert not is_known(other, one)


def test_a_city_in_another_spelling_is_the_same_city() -> None:
    known = Known(id=PartyId("party-1"), ref="1", name="Neu AG", city="Köln")

    with pytest.raises(ConflictError):
        check_unknown(draft(address={"city": "Koeln"}), [known])
    check_unknown(draft(address={"city": "Kaln"}), [known])


def test_an_account_has_one_party() -> None:
    known = Known(id=PartyId("party-1"), ref="1", name="Alt AG", account_ids=("acc_7",))

    with pytest.raises(ConflictError) as refusal:
        check_unknown(draft(account_id="acc_7"), [known])

    assert refusal.value.field == "account_id"
    check_unknown(draft(account_id="acc_8"), [known])
