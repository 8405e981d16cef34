"""A new customer is made once, and not at all where it is known already."""

from typing import Any

import pytest
from sqlalchemy import update

from journeys.office import SERVICE, KilledError, Office
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.errors import InvalidRequestError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.customer_onboarding import CustomerOnboarding
from switchgear_workflows.tables import ProcessRecord
from workflows.shop import SKUS, Refusing, Struck

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = [
    "crm_search",
    "crm_search",
    "crm_upsert_account",
    "crm_upsert_contact",
    "erp_find_party",
    "erp_create_party",
    "crm_log_activity",
]
WRITES = [3, 4, 6, 7]
ADDRESS = {"street": "Am Deich 1", "postal_code": "26721", "city": "Emden", "country": "DE"}


async def parties(office: Office, name: str) -> list[dict[str, Any]]:
    """Return the parties of exactly this name."""
    page = await office.ask("erp_find_party", query=name, limit=50)
    return [party for party in page["items"] if party["name"] == name]


def newcomer(word: str) -> dict[str, Any]:
    """Return the input for a company that nobody knows."""
    return {
        "name": f"{word} Qzwertz AG",
        "domain": f"{word.lower()}-qzwertz.example.com",
        "currency": "EUR",
        "contact": {"email": f"kim@{word.lower()}-qzwertz.example.com", "last_name": "Adler"},
    }


async def test_a_new_customer_gets_account_contact_party_and_welcome(office: Office) -> None:
    given: dict[str, Any] = {**newcomer("Vulkan"), "address": ADDRESS}
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
    assert account["address"] == ADDRESS
    assert [one["email"] for one in account["contacts"]] == [given["contact"]["email"]]
    assert [one["subject"] for one in account["activities"]] == [f"Welcome {given['name']}"]
    [party] = await parties(office, given["name"])
    assert (party["roles"], party["city"], party["currency"]) == (["customer"], "Emden", "EUR")
    assert party["id"] == process["result"]["party_id"] == account["id"]
    assert process["result"]["left_to_do"] == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", WRITES)
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
    assert len(await parties(office, given["name"])) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_killed_around_its_undoing_a_party_is_put_away_once(
    office: Office, after: bool
) -> None:
    given = newcomer(f"Fehl{after}")
    started = await office.started("customer_onboarding", **given)
    failing = Refusing(
        office.host.switchboard, "crm_log_activity", InvalidRequestError("the CRM is full")
    )

    with pytest.raises(KilledError):
        await office.manager(Struck(failing, len(CALLS) + 1, after)).resume(started)
    await office.manager(failing).resume(started)

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "failed",
        "invalid_request: the CRM is full",
    )
    assert await parties(office, given["name"]) == []
    assert {one["step"]: one["state"] for one in process["receipt"]} == {
        "duplicates": "done",
        "account": "not_undone",
        "contact": "not_undone",
        "known_party": "done",
        "party": "undone",
        "welcome": "failed",
    }


async def test_what_failed_is_taken_up_again_with_the_account_it_made(office: Office) -> None:
    given = newcomer("Nochmal")
    started = await office.started("customer_onboarding", **given)
    refusal = InvalidRequestError("the CRM is full")
    await office.manager(Refusing(office.host.switchboard, "crm_log_activity", refusal)).resume(
        started
    )

    await office.ask("workflows_retry", by="back-office", id=started.subject)
    await office.deliver()

    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    found = await office.ask("crm_search", query=given["domain"], kind="account", limit=5)
    assert [one["account_id"] for one in found["items"]] == [process["result"]["account_id"]]
    assert [one["id"] for one in await parties(office, given["name"])] == [
        process["result"]["party_id"]
    ]


async def test_a_party_that_something_is_of_by_then_stays(office: Office) -> None:
    given = newcomer("Bestellt")
    started = await office.started("customer_onboarding", **given)
    manager = office.manager(Struck(office.host.switchboard, len(CALLS), after=False))
    with pytest.raises(KilledError):
        await manager.resume(started)
    [party] = await parties(office, given["name"])
    order = await office.ask(
        "erp_create_order",
        by="back-office",
        kind="sale",
        party_id=party["id"],
        lines=[{"sku": SKUS[0], "quantity": "1"}],
    )

    await office.ask("workflows_cancel", by="back-office", id=started.subject, reason="a mistake")
    await office.deliver()

    process = await office.process(started)
    stands = {one["step"]: (one["state"], one["reason"]) for one in process["receipt"]}
    assert stands["party"] == (
        "not_undone",
        f"conflict: order {order['id']} is of party {party['ref']}: it stays",
    )
    assert len(await parties(office, given["name"])) == 1


async def onboarded_after(
    office: Office, given: dict[str, Any], role: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Onboard somebody whom the ERP has in this role; return the party and the process."""
    party = await office.ask("erp_create_party", by="back-office", name=given["name"], roles=[role])
    started = await office.started("customer_onboarding", **given)
    await office.manager().resume(started)
    return party, await office.process(started)


async def test_a_customer_that_the_erp_knows_is_not_made_again(office: Office) -> None:
    given = newcomer("Altbekannt")
    known, process = await onboarded_after(office, given, "customer")

    assert (process["state"], process["result"]["party_id"]) == ("completed", known["id"])
    assert len(await parties(office, given["name"])) == 1


async def test_a_vendor_that_becomes_a_customer_is_left_to_people(office: Office) -> None:
    given = newcomer("Lieferant")
    vendor, process = await onboarded_after(office, given, "vendor")

    assert (process["state"], process["result"]["party_id"]) == ("completed", None)
    [left] = process["result"]["left_to_do"]
    assert left.startswith(f"make it a customer in the ERP: party {vendor['ref']}")
    account = await office.ask(
        "crm_list_activities", about_id=process["result"]["account_id"], full_notes=True
    )
    assert f"Left to do: {left}." in account["items"][0]["note"]


async def test_a_process_of_the_first_version_makes_no_party(office: Office) -> None:
    given = newcomer("Frueher")
    tools = ToolClient(office.host.switchboard, SERVICE, 10)
    first = CustomerOnboarding(ProcessTools(tools)).kinds()[0]
    started = await office.started("customer_onboarding", **given)
    async with office.database.writing() as session:
        version = update(ProcessRecord).where(ProcessRecord.id == started.subject)
        await session.execute(version.values(process_version=first.version))

    await office.manager().resume(started)

    process = await office.process(started)
    assert (process["state"], process["process_version"]) == ("completed", 1)
    assert process["result"]["left_to_do"] == ["enter the customer in the ERP"]
    assert await parties(office, given["name"]) == []


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
