"""What every CRM promises of writing contacts under their e-mail address."""

import asyncio
from typing import Any

import pytest

from crm.world import events_in
from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import AccountChanges, ContactChanges
from switchgear_crm.models import AccountId, Contact
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database

ANKE = "anke.brandt@mueller.example.com"
OTTO = "otto.lang@mueller.example.com"


async def upsert(
    crm: CrmBackend,
    caller: Caller,
    email: str,
    *,
    expected_version: str | None = None,
    **fields: Any,
) -> WriteResult:
    return await crm.upsert_contact(
        caller.tenant,
        email=email,
        changes=ContactChanges(**fields),
        expected_version=expected_version,
        caller=caller,
    )


async def people(crm: CrmBackend, caller: Caller, account_id: str) -> dict[str, Contact]:
    account = await crm.get_account(
        caller.tenant, account_id=AccountId(account_id), include=("contacts",)
    )
    return {person.id: person for person in account.contacts or ()}


async def test_a_new_contact_belongs_to_the_account_of_its_addresss_domain_and_is_found(
    crm: CrmBackend, caller: Caller
) -> None:
    written = await upsert(crm, caller, OTTO, first_name="Otto", last_name="Lang")

    assert (written.state, written.version, written.changed) == ("created", "1", True)
    assert (await people(crm, caller, "acc_mueller"))[written.id] == Contact(
        id=written.id, version="1", name="Otto Lang", job_title="", email=OTTO, phone=""
    )
    for query in ("Lang Otto", OTTO):
        page = await crm.search(caller.tenant, query=query, kind="contact", limit=10, cursor=None)
        assert [match.id for match in page.items] == [written.id]


async def test_the_address_finds_the_contact_whatever_its_case_and_only_the_given_changes(
    crm: CrmBackend, caller: Caller
) -> None:
    before = (await people(crm, caller, "acc_mueller"))["con_anke"]

    written = await upsert(crm, caller, ANKE.upper(), job_title="Head of Purchasing", phone="")

    assert (written.id, written.state, written.version) == ("con_anke", "updated", "2")
    assert (await people(crm, caller, "acc_mueller"))["con_anke"] == before.model_copy(
        update={"job_title": "Head of Purchasing", "phone": "", "version": "2"}
    )


async def test_a_new_employer_and_name_are_found_at_once(crm: CrmBackend, caller: Caller) -> None:
    await upsert(crm, caller, ANKE, account_id="acc_metall", last_name="Weber")

    page = await crm.search(caller.tenant, query="anke weber", kind=None, limit=10, cursor=None)
    assert [(match.id, match.account_id) for match in page.items] == [("con_anke", "acc_metall")]
    assert "con_anke" not in await people(crm, caller, "acc_mueller")


async def test_writing_what_is_so_already_changes_and_announces_nothing(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    same = await upsert(crm, caller, ANKE, first_name=" Anke ", account_id="acc_mueller")
    nothing = await upsert(crm, caller, ANKE)

    assert same == nothing
    assert same == WriteResult(id="con_anke", state="unchanged", version="1", changed=False)
    assert await events_in(database) == []


async def test_a_change_is_announced(crm: CrmBackend, caller: Caller, database: Database) -> None:
    made = await upsert(crm, caller, OTTO, last_name="Lang")
    await upsert(crm, caller, ANKE, phone="1")

    assert await events_in(database) == [
        (
            "crm.contact.changed",
            contact_id,
            {"contact_id": contact_id, "account_id": "acc_mueller"},
        )
        for contact_id in (made.id, "con_anke")
    ]


async def test_a_domain_of_several_accounts_is_a_conflict_that_lists_them(
    crm: CrmBackend, caller: Caller, share_domain: Any
) -> None:
    await share_domain("acc_metall", "mueller.example.com")

    with pytest.raises(ConflictError) as refused:
        await upsert(crm, caller, OTTO, last_name="Lang")
    told = await upsert(crm, caller, OTTO, last_name="Lang", account_id="acc_metall")

    assert [one["id"] for one in refused.value.details["candidates"]] == [
        "acc_metall",
        "acc_mueller",
    ]
    assert told.id in await people(crm, caller, "acc_metall")


@pytest.mark.parametrize(
    ("email", "fields", "field"),
    [
        (OTTO, {"first_name": "Otto"}, "last_name"),
        ("otto@nobody.example.com", {"last_name": "Lang"}, "account_id"),
    ],
)
async def test_a_new_contact_lacks_neither_name_nor_account(
    crm: CrmBackend, caller: Caller, email: str, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await upsert(crm, caller, email, **fields)

    assert refused.value.field == field


async def test_an_unknown_account_is_not_found(crm: CrmBackend, caller: Caller) -> None:
    for email in (ANKE, OTTO):
        with pytest.raises(NotFoundError) as missing:
            await upsert(crm, caller, email, last_name="Lang", account_id="acc_none")
        assert missing.value.field == "account_id"


async def test_a_version_that_moved_on_is_a_conflict_that_says_where_it_is(
    crm: CrmBackend, caller: Caller
) -> None:
    await upsert(crm, caller, ANKE, phone="1", expected_version="1")

    with pytest.raises(ConflictError, match="contact con_anke is at version 2"):
        await upsert(crm, caller, ANKE, phone="2", expected_version="1")
    with pytest.raises(ConflictError):
        await upsert(crm, caller, OTTO, last_name="Lang", expected_version="1")


async def test_twenty_at_once_make_one_contact(crm: CrmBackend, caller: Caller) -> None:
    written = await asyncio.gather(
        *(upsert(crm, caller, OTTO, last_name="Lang") for _ in range(20))
    )

    assert len({one.id for one in written}) == 1
    assert sorted(one.state for one in written) == ["created"] + ["unchanged"] * 19


async def test_an_accounts_own_domain_may_be_filled_in_by_its_name(
    crm: CrmBackend, caller: Caller
) -> None:
    """A contact then finds it by the domain."""
    made = await crm.upsert_account(
        caller.tenant,
        account_id=None,
        changes=AccountChanges(name="Lang & Co", currency="EUR"),
        expected_version=None,
        caller=caller,
    )
    filled = await crm.upsert_account(
        caller.tenant,
        account_id=None,
        changes=AccountChanges(name="Lang & Co", domain="lang.example.com"),
        expected_version=None,
        caller=caller,
    )

    written = await upsert(crm, caller, "otto@lang.example.com", last_name="Lang")

    assert filled.id == made.id
    assert written.id in await people(crm, caller, made.id)
