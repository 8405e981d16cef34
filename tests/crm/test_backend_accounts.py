"""What every CRM promises of writing accounts under their natural key."""

import asyncio
from typing import Any

import pytest

from crm.world import GLOBEX, NOW, caller_of, events_in
from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import AccountChanges
from switchgear_crm.models import Account, AccountId, Address
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database

MUELLER = "mueller.example.com"
NEW = {"name": "Kranbau Süd GmbH", "domain": "kranbau.example.com", "currency": "EUR"}


async def upsert(
    crm: CrmBackend,
    caller: Caller,
    *,
    account_id: str | None = None,
    expected_version: str | None = None,
    **fields: Any,
) -> WriteResult:
    return await crm.upsert_account(
        caller.tenant,
        account_id=AccountId(account_id) if account_id else None,
        changes=AccountChanges(**fields),
        expected_version=expected_version,
        caller=caller,
    )


async def read(crm: CrmBackend, caller: Caller, account_id: str) -> Account:
    return await crm.get_account(caller.tenant, account_id=AccountId(account_id))


async def test_a_new_account_has_what_was_given_and_is_found(
    crm: CrmBackend, caller: Caller
) -> None:
    address = Address(street="Kai 1", postal_code="27568", city="Bremerhaven", country="DE")

    written = await upsert(
        crm, caller, **NEW, roles=("customer",), owner_email="MARA@example.com", address=address
    )

    account = await read(crm, caller, written.id)
    assert (written.state, written.version, written.changed) == ("created", "1", True)
    assert written.ref == account.ref
    assert account == Account(
        id=AccountId(written.id),
        ref=account.ref,
        version="1",
        name="Kranbau Süd GmbH",
        roles=("customer",),
        industry="",
        domain="kranbau.example.com",
        email="",
        phone="",
        tax_id="",
        address=address,
        owner_email="mara@example.com",
        currency="EUR",
        since=NOW.date(),
        contact_count=0,
        opportunity_count=0,
        activity_count=0,
        contacts=None,
        opportunities=None,
        activities=None,
    )
    for query in ("sud kranbau", account.ref, "kranbau.example.com", "Bremerhaven", "Krannbau"):
        page = await crm.search(caller.tenant, query=query, kind="account", limit=10, cursor=None)
        assert [match.id for match in page.items] == [written.id], query


@pytest.mark.parametrize(
    "key",
    [
        {"domain": MUELLER},
        {"domain": "MUELLER.Example.com"},
        {"name": "Müller & Söhne AG"},
        {"name": "  MULLER &  SOHNE ag "},
        {"name": "Müller & Söhne AG", "domain": MUELLER},
        {"account_id": "acc_mueller"},
    ],
)
async def test_a_known_account_is_found_by_its_key_and_only_what_is_given_changes(
    crm: CrmBackend, caller: Caller, key: dict[str, str]
) -> None:
    before = await read(crm, caller, "acc_mueller")

    written = await upsert(crm, caller, **key, phone="+49 3641 1", industry="")

    after = await read(crm, caller, "acc_mueller")
    spelled = before.name if key.get("name", "M").startswith("M") else "MULLER & SOHNE ag"
    assert (written.id, written.state, written.version) == ("acc_mueller", "updated", "2")
    assert after == before.model_copy(
        update={"phone": "+49 3641 1", "industry": "", "version": "2", "name": spelled}
    )


async def test_writing_what_is_so_already_changes_and_announces_nothing(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    written = await upsert(crm, caller, domain=MUELLER, roles=("customer",), currency="EUR")

    assert written == WriteResult(
        id="acc_mueller", ref="C-0001", state="unchanged", version="1", changed=False
    )
    assert await events_in(database) == []


async def test_a_change_is_announced(crm: CrmBackend, caller: Caller, database: Database) -> None:
    made = await upsert(crm, caller, **NEW)
    await upsert(crm, caller, domain=MUELLER, phone="1")

    assert await events_in(database) == [
        ("crm.account.changed", made.id, {"account_id": made.id}),
        ("crm.account.changed", "acc_mueller", {"account_id": "acc_mueller"}),
    ]


async def test_a_known_domain_with_another_name_renames_and_the_new_name_finds(
    crm: CrmBackend, caller: Caller
) -> None:
    await upsert(crm, caller, domain=MUELLER, name="Mueller Holding SE")

    page = await crm.search(caller.tenant, query="holding", kind="account", limit=10, cursor=None)
    assert [(match.id, match.name) for match in page.items] == [
        ("acc_mueller", "Mueller Holding SE")
    ]


@pytest.mark.parametrize(
    ("fields", "candidates"),
    [
        (
            {"name": "Müller & Söhne AG", "domain": "metall.example.com"},
            ["acc_metall", "acc_mueller"],
        ),
        ({"name": "Müller & Söhne AG", "domain": "mueller.example.org"}, ["acc_mueller"]),
        ({"account_id": "acc_metall", "domain": MUELLER}, ["acc_mueller"]),
    ],
)
async def test_an_ambiguous_key_is_a_conflict_that_lists_the_candidates(
    crm: CrmBackend, caller: Caller, fields: dict[str, str], candidates: list[str]
) -> None:
    before = [await read(crm, caller, one) for one in ("acc_metall", "acc_mueller")]

    with pytest.raises(ConflictError) as refused:
        await upsert(crm, caller, **fields, phone="1")

    assert [one["id"] for one in refused.value.details["candidates"]] == candidates
    assert [await read(crm, caller, one) for one in ("acc_metall", "acc_mueller")] == before


async def test_two_accounts_of_one_name_are_told_apart_by_domain_or_id(
    crm: CrmBackend, caller: Caller
) -> None:
    await upsert(crm, caller, account_id="acc_metall", name="Müller & Söhne AG")

    with pytest.raises(ConflictError) as refused:
        await upsert(crm, caller, name="Müller & Söhne AG", phone="1")
    by_both = await upsert(crm, caller, name="Müller & Söhne AG", domain=MUELLER, phone="1")
    by_id = await upsert(crm, caller, account_id="acc_metall", phone="2")

    assert len(refused.value.details["candidates"]) == 2
    assert (by_both.id, by_id.id) == ("acc_mueller", "acc_metall")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "name"),
        ({"phone": "1"}, "name"),
        ({"domain": "nobody.example.com"}, "name"),
        ({"name": "Nobody Ltd"}, "currency"),
    ],
)
async def test_a_new_account_lacks_neither_key_nor_name_nor_currency(
    crm: CrmBackend, caller: Caller, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await upsert(crm, caller, **fields)

    assert refused.value.field == field


async def test_a_version_that_moved_on_is_a_conflict_that_says_where_it_is(
    crm: CrmBackend, caller: Caller
) -> None:
    await upsert(crm, caller, domain=MUELLER, phone="1", expected_version="1")

    with pytest.raises(ConflictError, match="account acc_mueller is at version 2"):
        await upsert(crm, caller, domain=MUELLER, phone="2", expected_version="1")
    with pytest.raises(ConflictError):
        await upsert(crm, caller, **NEW, expected_version="1")

    assert (await read(crm, caller, "acc_mueller")).phone == "1"


async def test_an_unknown_id_is_not_found(crm: CrmBackend, caller: Caller) -> None:
    with pytest.raises(NotFoundError):
        await upsert(crm, caller, account_id="acc_none", phone="1")


async def test_a_tenant_writes_its_own_accounts_only(crm: CrmBackend, caller: Caller) -> None:
    await upsert(crm, caller_of(GLOBEX), domain=MUELLER, phone="1")

    assert (await read(crm, caller, "acc_mueller")).version == "1"


async def test_twenty_at_once_make_one_account(crm: CrmBackend, caller: Caller) -> None:
    written = await asyncio.gather(*(upsert(crm, caller, **NEW) for _ in range(20)))

    assert len({one.id for one in written}) == 1
    assert sorted(one.state for one in written) == ["created"] + ["unchanged"] * 19


@pytest.mark.parametrize("name", ["100%_Sauber KG", "%", "_", "O'Neill \\ Sons", "ﷺ" * 120])
async def test_a_name_is_taken_as_it_is_written(crm: CrmBackend, caller: Caller, name: str) -> None:
    first = await upsert(crm, caller, name=name, currency="EUR")
    second = await upsert(crm, caller, name=name)

    assert (second.id, second.changed) == (first.id, False)
    assert (await read(crm, caller, first.id)).name == name
