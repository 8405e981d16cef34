"""What of the CRM over Tryton needs no Tryton."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm.world import GLOBEX, caller_of
from switchgear_crm.models import AccountId
from switchgear_crm.tryton import CAVEATS, TrytonCrm
from switchgear_crm.tryton.activities import message_of
from switchgear_crm.tryton.names import (
    Kind,
    beginning,
    compact,
    id_of,
    number_of,
    unmarked,
)
from switchgear_crm.tryton.parties import host_of
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.errors import InvalidRequestError, PolicyDeniedError
from switchgear_shared.runtime import new_host
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of
from switchgear_shared.storage.tryton.texts import literal, marked
from switchgear_shared.testing import settings_for


@pytest.fixture
async def crm() -> AsyncIterator[TrytonCrm]:
    """A CRM whose Tryton is nowhere."""
    client = TrytonClient(
        JsonApi("Tryton", "http://127.0.0.1:1/erp"),
        user="nobody",
        password=SecretStr("secret"),
        key=SecretStr("key"),
        company=1,
    )
    yield TrytonCrm(client)
    await client.close()


async def test_another_tenants_calls_are_refused_before_tryton_is_asked(crm: TrytonCrm) -> None:
    caller = caller_of(GLOBEX)

    with pytest.raises(PolicyDeniedError, match="another tenant's"):
        await crm.get_account(GLOBEX, account_id=AccountId("party-2"))
    with pytest.raises(PolicyDeniedError, match="another tenant's"):
        await crm.log_activity(
            GLOBEX, about_id="party-2", kind="call", subject="x", note="", caller=caller
        )


async def test_a_tryton_without_its_settings_is_refused_by_their_names(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path / "data", crm_backend="tryton", tryton_url="http://127.0.0.1:1/erp"
    )
    host, _ = new_host(settings)

    with pytest.raises(InvalidRequestError, match="tryton_user, tryton_password, tryton_key"):
        await host.open(["crm"])
    await host.close()


async def test_its_caveats_are_shown_with_its_settings(tmp_path: Path) -> None:
    """Opening asks Tryton nothing."""
    settings = settings_for(
        tmp_path / "data",
        crm_backend="tryton",
        tryton_url="http://127.0.0.1:1/erp",
        tryton_user="nobody",
        tryton_password=SecretStr("secret"),
        tryton_key=SecretStr("key"),
    )
    host, _ = new_host(settings)
    await host.open(["crm"])
    part = host.servers["crm"].part
    await host.close()

    assert (part.backend_name, part.is_remote, part.caveats) == ("tryton", True, CAVEATS)
    assert isinstance(part.backend, TrytonCrm)


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("party", "party-1", 1),
        ("party", "party-2147483647", None),
        ("party", "party-999999999", 999999999),
        ("party", "party-0", None),
        ("party", "party-01", None),
        ("party", "party-", None),
        ("party", "party-1 ", None),
        ("party", "party-\u0661", None),
        ("party", "contact-1", None),
        ("party", "1", None),
        ("opportunity", "opportunity-12", 12),
        ("contact", "contact--1", None),
    ],
)
def test_an_id_is_a_kind_and_a_number(kind: Kind, text: str, number: int | None) -> None:
    assert number_of(kind, text) == number
    if number is not None:
        assert id_of(kind, number) == text


def test_what_begins_an_id_is_ranges_of_numbers() -> None:
    ranges = beginning("party", "party-12")

    assert ranges[:3] == [
        "OR",
        [["id", ">=", 12], ["id", "<=", 12]],
        [["id", ">=", 120], ["id", "<=", 129]],
    ]
    assert ranges[-1] == [["id", ">=", 1200000000], ["id", "<=", 1299999999]]
    assert beginning("party", "par") == [["id", ">", 0]]
    assert beginning("party", "party-x") == []
    assert beginning("party", "parties") == []


def test_a_mark_is_taken_off_whatever_it_stands_after() -> None:
    texts = ["", "Boss", "Boss [of all]", "two\nlines", "[x] y"]

    for text in texts:
        for mark in ("sg-0af", "write_0af", "sg-0af?", "sg-0af from lost"):
            assert unmarked(marked(text, mark)) == text
    assert [unmarked(text) for text in texts] == texts


def test_a_pattern_matches_its_text_alone_and_numbers_compare_without_blanks() -> None:
    assert literal("100%_\\") == "100\\%\\_\\\\"
    assert compact("+49 (0)30-12") == compact("+4903012")
    assert compact("DE 136 695 976") == "DE136695976"


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Acme.com/shop?x=1", "acme.com"),
        ("acme.com:8080", "acme.com"),
        ("www.acme.com", "acme.com"),
        ("http://wwwacme.com", "wwwacme.com"),
        ("nonsense", ""),
        ("", ""),
        ("https://acme..com", ""),
    ],
)
def test_a_websites_domain_is_its_host(website: str, domain: str) -> None:
    assert host_of(website) == domain


@pytest.mark.parametrize("number", [-1, 2**31])
def test_a_cursor_with_a_number_that_no_record_has_is_refused(number: int) -> None:
    with pytest.raises(InvalidRequestError):
        keys_of("x", encode_cursor("x", [number]), int)


def test_a_cursor_keeps_the_numbers_that_records_have() -> None:
    assert keys_of("x", encode_cursor("x", [0, 2**31 - 1]), int, int) == [0, 2**31 - 1]


def test_a_note_says_first_what_it_was_and_last_who_did_it() -> None:
    assert message_of("email", "Price\nlist", "Sent.\n", "lee", "sg-1") == (
        "E-mail: Price list\n\nSent.\n\n\nby lee [sg-1]"
    )
    assert message_of("note", "x", "", "lee", "sg-1") == "Note: x\n\nby lee [sg-1]"
