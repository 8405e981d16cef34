"""A new customer is made once, and not at all where it is known already."""

from typing import Any

import pytest

from journeys.office import KilledError, Office
from workflows.shop import Struck

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = [
    "crm_search",
    "crm_search",
    "crm_upsert_account",
    "crm_upsert_contact",
    "erp_find_party",
    "crm_log_activity",
]


def newcomer(word: str) -> dict[str, Any]:
    """Return the input for a company that nobody knows."""
    return {
        "name": f"{word} Qzwertz AG",
        "domain": f"{word.lower()}-qzwertz.example.com",
        "currency": "EUR",
        "contact": {"email": f"kim@{word.lower()}-qzwertz.example.com", "last_name": "Adler"},
    }


async def test_a_new_customer_gets_account_contact_and_welcome(office: Office) -> None:
    given = newcomer("Vulkan")
    started = await office.started("customer_onboarding", **given)
    watched = Struck(office.host.switchboard)

    await office.manager(watched).resume(started)

    assert watched.calls == CALLS
    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    account = await office.ask(
        "crm_get_account",
        account_id=process["result"]["account_id"],
        include=["contacts", "activities"],
    )
    assert (account["name"], account["roles"]) == (given["name"], ["customer"])
    assert [one["email"] for one in account["contacts"]] == [given["contact"]["email"]]
    assert [one["subject"] for one in account["activities"]] == [f"Welcome {given['name']}"]
    assert process["result"]["party_id"] is None
    assert process["result"]["left_to_do"] == ["enter the customer in the ERP"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", [3, 4, 6])
async def test_killed_around_any_write_a_customer_is_made_once(
    office: Office, place: int, after: bool
) -> None:
    given = newcomer(f"Brix{place}{after}")
    started = await office.started("customer_onboarding", **given)

    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, place, after)).resume(started)
    await office.manager().resume(started)

    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    account = await office.ask(
        "crm_get_account",
        account_id=process["result"]["account_id"],
        include=["contacts", "activities"],
    )
    assert (len(account["contacts"]), len(account["activities"])) == (1, 1)


async def test_a_customer_that_is_known_is_named_and_nothing_is_made(office: Office) -> None:
    given = newcomer("Dorfen")
    first = await office.started("customer_onboarding", **given)
    await office.manager().resume(first)
    account_id = (await office.process(first))["result"]["account_id"]
    again = await office.started("customer_onboarding", **given)
    watched = Struck(office.host.switchboard)

    await office.manager(watched).resume(again)

    process = await office.process(again)
    assert (process["state"], process["reason"]) == (
        "failed",
        f"known by its domain: {account_id} {given['name']}",
    )
    assert watched.calls == ["crm_search"]
