"""A process that was killed in a step and is then cancelled does none of that step any more."""

import pytest

from journeys.desk import Samples
from journeys.office import Faulty, KilledError, Office
from switchgear_documents.samples import to_ubl
from switchgear_shared.contracts.events import Event
from workflows.shop import receipt
from workflows.test_customer_onboarding import newcomer, parties

pytestmark = pytest.mark.asyncio(loop_scope="session")

before_and_after = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


async def killed_and_cancelled(office: Office, started: Event, tool: str, *, after: bool) -> None:
    """Kill a process around the first call of a tool, cancel it and let all of it be heard."""
    faulty = Faulty(office.host.switchboard, tool, KilledError(), after=after)
    with pytest.raises(KilledError):
        await office.manager(faulty).resume(started)
    await office.ask("workflows_cancel", by="operator", id=started.subject, reason="no")
    await office.deliver()
    assert (await office.process(started))["state"] == "cancelled"


@before_and_after
@pytest.mark.parametrize(
    ("tool", "step", "states"),
    [
        ("erp_create_invoice", "draft", ([], ["draft"])),
        ("erp_post_invoice", "post", (["draft"], ["posted"])),
    ],
)
async def test_an_invoice_is_drafted_and_posted_only_if_it_was_before(
    office: Office,
    invoices: Samples,
    tool: str,
    step: str,
    states: tuple[list[str], list[str]],
    after: bool,
) -> None:
    spec = invoices.small_below(285)
    started = await office.routed(to_ubl(spec))

    await killed_and_cancelled(office, started, tool, after=after)

    assert await office.booked(spec.number) == states[after]
    assert (await receipt(office, started))[step] == ("not_undone" if after else "not_reached")


@before_and_after
@pytest.mark.parametrize(
    ("tool", "step"),
    [
        ("crm_upsert_account", "account"),
        ("crm_upsert_contact", "contact"),
        ("crm_log_activity", "welcome"),
    ],
)
async def test_a_customer_is_entered_only_as_far_as_it_was_before(
    office: Office, tool: str, step: str, after: bool
) -> None:
    given = newcomer(f"Settle{step}{after}")
    started = await office.started("customer_onboarding", **given)

    await killed_and_cancelled(office, started, tool, after=after)

    steps = ["account", "contact", "welcome"]
    there = steps[: steps.index(step) + after]
    stands = await receipt(office, started)
    assert {name: stands[name] for name in steps} == {
        name: "not_undone" if name in there else "not_reached" for name in steps
    }
    found = await office.ask("crm_search", query=given["domain"], kind="account", limit=5)
    accounts = [] if found["approximate"] else found["items"]
    assert len(accounts) == ("account" in there)
    for account in accounts:
        shown = await office.ask(
            "crm_get_account",
            account_id=account["account_id"],
            include=["contacts", "activities"],
        )
        assert len(shown["contacts"]) == ("contact" in there)
        assert len(shown["activities"]) == ("welcome" in there)


@before_and_after
async def test_a_party_that_was_made_is_put_away_and_one_that_was_not_is_never_made(
    office: Office, after: bool
) -> None:
    given = newcomer(f"Partei{after}")
    started = await office.started("customer_onboarding", **given)

    await killed_and_cancelled(office, started, "erp_create_party", after=after)

    stands = await receipt(office, started)
    assert stands["party"] == ("undone" if after else "not_reached")
    assert await parties(office, given["name"]) == []
