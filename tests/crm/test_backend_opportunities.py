"""What every CRM promises of a sale from its first day to won or lost."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crm.world import NOW, events_in
from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import OpportunityChanges, OpportunityDraft
from switchgear_crm.models import Opportunity, OpportunityId, StageTotal
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    SwitchgearError,
)
from switchgear_shared.storage.database import Database

TODAY = NOW.date()


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


DRAFT: dict[str, Any] = {
    "account_id": "acc_mueller",
    "name": "Second line",
    "amount": eur("48000.50"),
    "close_on": date(2027, 3, 1),
}


async def create(crm: CrmBackend, caller: Caller, **fields: Any) -> WriteResult:
    draft = OpportunityDraft(**{**DRAFT, **fields})
    return await crm.create_opportunity(caller.tenant, draft=draft, caller=caller)


async def update(
    crm: CrmBackend,
    caller: Caller,
    opportunity_id: str = "opp_1",
    *,
    expected_version: str | None = None,
    **fields: Any,
) -> WriteResult:
    return await crm.update_opportunity(
        caller.tenant,
        opportunity_id=OpportunityId(opportunity_id),
        changes=OpportunityChanges(**fields),
        expected_version=expected_version,
        caller=caller,
    )


async def move(
    crm: CrmBackend,
    caller: Caller,
    opportunity_id: str,
    to_stage: Any,
    reason: str | None = None,
    *,
    expected_version: str | None = None,
) -> WriteResult:
    return await crm.move_opportunity(
        caller.tenant,
        opportunity_id=OpportunityId(opportunity_id),
        to_stage=to_stage,
        reason=reason,
        expected_version=expected_version,
        caller=caller,
    )


async def read(crm: CrmBackend, caller: Caller, opportunity_id: str) -> Opportunity:
    return await crm.get_opportunity(caller.tenant, opportunity_id=OpportunityId(opportunity_id))


async def test_a_new_opportunity_begins_qualified_with_the_accounts_owner_and_is_found(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    written = await create(crm, caller, contact_id="con_anke")

    deal = await read(crm, caller, written.id)
    assert (written.state, written.version, written.ref) == ("qualified", "1", deal.ref)
    assert (deal.stage, deal.probability_percent, deal.owner_email, deal.amount) == (
        "qualified",
        20,
        "mara@example.com",
        eur("48000.50"),
    )
    assert deal.contact is not None
    assert (deal.contact.id, deal.created_at, deal.close_on) == ("con_anke", NOW, date(2027, 3, 1))
    for query in ("second line", deal.ref):
        page = await crm.search(
            caller.tenant, query=query, kind="opportunity", limit=10, cursor=None
        )
        assert [match.id for match in page.items] == [written.id]
    assert await events_in(database) == [
        (
            "crm.opportunity.created",
            written.id,
            {"opportunity_id": written.id, "account_id": "acc_mueller"},
        )
    ]


async def test_a_draft_may_name_stage_chance_and_owner(crm: CrmBackend, caller: Caller) -> None:
    written = await create(
        crm, caller, stage="proposal", probability_percent=0, owner_email="Jon@example.com"
    )
    usual = await create(crm, caller, stage="negotiation")

    deal = await read(crm, caller, written.id)
    assert (deal.stage, deal.probability_percent, deal.owner_email) == (
        "proposal",
        0,
        "jon@example.com",
    )
    assert (await read(crm, caller, usual.id)).probability_percent == 70


async def test_numbers_are_given_once_however_many_are_made(
    crm: CrmBackend, caller: Caller
) -> None:
    written = await asyncio.gather(*(create(crm, caller) for _ in range(8)))

    assert len({one.ref for one in written}) == 8


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"account_id": "acc_none"}, NotFoundError, "account_id"),
        ({"contact_id": "con_none"}, NotFoundError, "contact_id"),
        ({"contact_id": "con_uta"}, InvalidRequestError, "contact_id"),
        ({"amount": eur("-0.01")}, InvalidRequestError, "amount"),
        ({"amount": eur("0.001")}, InvalidRequestError, "amount"),
        (
            {"amount": Money(amount=Decimal("0.5"), currency="JPY")},
            InvalidRequestError,
            "amount",
        ),
        ({"close_on": date(2026, 11, 1)}, InvalidRequestError, "close_on"),
        ({"close_on": date(1, 1, 1)}, InvalidRequestError, "close_on"),
        ({"close_on": date(2036, 11, 3)}, InvalidRequestError, "close_on"),
        ({"close_on": date(9999, 12, 31)}, InvalidRequestError, "close_on"),
    ],
)
async def test_a_draft_that_makes_no_sense_is_refused_and_leaves_nothing(
    crm: CrmBackend,
    caller: Caller,
    fields: dict[str, Any],
    error: type[SwitchgearError],
    field: str,
) -> None:
    with pytest.raises(error) as refused:
        await create(crm, caller, **fields)

    assert refused.value.field == field
    page = await crm.describe_pipeline(caller.tenant, owner_email=None)
    assert sum(stage.opportunity_count for stage in page.stages) == 4


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": eur("0")},
        {"amount": eur("999999999999.99")},
        {"close_on": date(2026, 11, 2)},
        {"close_on": date(2036, 11, 2)},
    ],
)
async def test_a_draft_at_its_limits_is_taken(
    crm: CrmBackend, caller: Caller, fields: dict[str, Any]
) -> None:
    written = await create(crm, caller, **fields)

    deal = await read(crm, caller, written.id)
    assert {name: getattr(deal, name) for name in fields} == fields


async def test_only_the_fields_given_change(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    before = await read(crm, caller, "opp_1")

    written = await update(
        crm,
        caller,
        amount=eur("1"),
        name="Third line",
        probability_percent=60,
        contact_id="con_zoe",
    )

    after = await read(crm, caller, "opp_1")
    assert (written.state, written.version, written.changed) == ("proposal", "4", True)
    assert after.contact is not None
    assert (after.contact.id, after.name, after.amount, after.probability_percent) == (
        "con_zoe",
        "Third line",
        eur("1"),
        60,
    )
    kept = ("stage", "owner_email", "close_on", "ref", "created_at", "account_id")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    page = await crm.search(caller.tenant, query="third", kind=None, limit=10, cursor=None)
    assert [match.id for match in page.items] == ["opp_1"]
    assert await events_in(database) == [
        (
            "crm.opportunity.changed",
            "opp_1",
            {"opportunity_id": "opp_1", "account_id": "acc_mueller"},
        )
    ]


async def test_changing_nothing_changes_and_announces_nothing(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    same = await update(crm, caller, amount=eur("12500"), close_on=date(2026, 12, 1))
    lost = await update(crm, caller, "opp_4", close_on=date(2026, 8, 15))

    assert same == WriteResult(
        id="opp_1", ref="OPP-1", state="proposal", version="3", changed=False
    )
    assert not lost.changed
    assert await events_in(database) == []


@pytest.mark.parametrize(
    ("opportunity_id", "fields", "error", "field"),
    [
        ("opp_none", {}, NotFoundError, "opportunity_id"),
        ("opp_1", {"contact_id": "con_none"}, NotFoundError, "contact_id"),
        ("opp_1", {"contact_id": "con_uta"}, InvalidRequestError, "contact_id"),
        ("opp_1", {"amount": eur("-1")}, InvalidRequestError, "amount"),
        (
            "opp_1",
            {"amount": Money(amount=Decimal(12500), currency="USD")},
            InvalidRequestError,
            "amount.currency",
        ),
        ("opp_1", {"close_on": date(2026, 11, 1)}, InvalidRequestError, "close_on"),
        ("opp_2", {"amount": eur("1")}, ConflictError, None),
        ("opp_2", {"probability_percent": 10}, ConflictError, None),
        ("opp_4", {"close_on": date(2027, 1, 1)}, ConflictError, None),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    crm: CrmBackend,
    caller: Caller,
    opportunity_id: str,
    fields: dict[str, Any],
    error: type[SwitchgearError],
    field: str | None,
) -> None:
    with pytest.raises(error) as refused:
        await update(crm, caller, opportunity_id, **fields, name="Renamed")

    assert refused.value.field == field
    page = await crm.search(caller.tenant, query="Renamed", kind=None, limit=10, cursor=None)
    assert page.items == ()


async def test_a_closed_opportunity_may_change_hands(crm: CrmBackend, caller: Caller) -> None:
    await update(crm, caller, "opp_2", owner_email="jon@example.com")

    assert (await read(crm, caller, "opp_2")).owner_email == "jon@example.com"


async def test_a_version_that_moved_on_is_a_conflict_that_says_where_it_is(
    crm: CrmBackend, caller: Caller
) -> None:
    await update(crm, caller, probability_percent=60, expected_version="3")

    with pytest.raises(ConflictError, match="opportunity opp_1 is at version 4"):
        await update(crm, caller, probability_percent=70, expected_version="3")
    with pytest.raises(ConflictError, match="opportunity opp_1 is at version 4"):
        await move(crm, caller, "opp_1", "won", expected_version="3")

    assert (await read(crm, caller, "opp_1")).probability_percent == 60


@pytest.mark.parametrize(
    ("opportunity_id", "to_stage", "reason", "chance"),
    [
        ("opp_1", "negotiation", None, 70),
        ("opp_1", "qualified", "no budget yet", 20),
        ("opp_1", "won", None, 100),
        ("opp_1", "lost", "price", 0),
        ("opp_2", "negotiation", "contract was withdrawn", 70),
        ("opp_4", "qualified", "they came back", 20),
    ],
)
async def test_a_move_sets_the_stage_its_chance_and_the_reason(
    crm: CrmBackend,
    caller: Caller,
    database: Database,
    opportunity_id: str,
    to_stage: str,
    reason: str | None,
    chance: int,
) -> None:
    before = await read(crm, caller, opportunity_id)

    written = await move(crm, caller, opportunity_id, to_stage, reason)

    deal = await read(crm, caller, opportunity_id)
    closed_on = TODAY if to_stage in ("won", "lost") else before.close_on
    assert (written.state, written.version, written.changed) == (to_stage, "4", True)
    assert (deal.stage, deal.probability_percent, deal.reason) == (to_stage, chance, reason)
    assert deal.close_on == closed_on
    assert await events_in(database) == [
        (
            "crm.opportunity.moved",
            opportunity_id,
            {
                "opportunity_id": opportunity_id,
                "account_id": before.account_id,
                "from_stage": before.stage,
                "to_stage": to_stage,
            },
        )
    ]


async def test_moving_to_the_present_stage_changes_and_announces_nothing(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    same = [await move(crm, caller, *of) for of in (("opp_1", "proposal"), ("opp_4", "lost"))]

    assert [(one.changed, one.version) for one in same] == [(False, "3"), (False, "3")]
    assert await events_in(database) == []


@pytest.mark.parametrize(
    ("opportunity_id", "to_stage", "reason", "error", "field"),
    [
        ("opp_none", "won", None, NotFoundError, "opportunity_id"),
        ("opp_1", "lost", None, InvalidRequestError, "reason"),
        ("opp_2", "proposal", None, InvalidRequestError, "reason"),
        ("opp_4", "qualified", None, InvalidRequestError, "reason"),
        ("opp_2", "lost", "price", ConflictError, "to_stage"),
        ("opp_4", "won", "after all", ConflictError, "to_stage"),
    ],
)
async def test_a_move_that_the_pipeline_does_not_know_is_refused(
    crm: CrmBackend,
    caller: Caller,
    opportunity_id: str,
    to_stage: str,
    reason: str | None,
    error: type[SwitchgearError],
    field: str,
) -> None:
    before = await crm.describe_pipeline(caller.tenant, owner_email=None)

    with pytest.raises(error) as refused:
        await move(crm, caller, opportunity_id, to_stage, reason)

    assert refused.value.field == field
    assert await crm.describe_pipeline(caller.tenant, owner_email=None) == before


async def test_of_winning_and_losing_at_once_one_happens(crm: CrmBackend, caller: Caller) -> None:
    ends = await asyncio.gather(
        *(move(crm, caller, "opp_1", stage, "r") for stage in ("won", "lost") * 5),
        return_exceptions=True,
    )

    deal = await read(crm, caller, "opp_1")
    moved = [end for end in ends if isinstance(end, WriteResult)]
    assert sum(end.changed for end in moved) == 1
    assert {end.state for end in moved} == {deal.stage}
    assert sum(isinstance(end, ConflictError) for end in ends) == 5
    assert deal.version == "4"


async def test_the_pipeline_says_where_stages_lead_and_what_stands_at_them_by_currency(
    crm: CrmBackend, caller: Caller
) -> None:
    await create(crm, caller, amount=eur("999999999999.99"))
    await create(crm, caller, amount=eur("999999999999.99"))

    found = await crm.describe_pipeline(caller.tenant, owner_email=None)
    jons = await crm.describe_pipeline(caller.tenant, owner_email="JON@example.com")

    assert [
        (one.stage, one.probability_percent, one.opportunity_count) for one in found.stages
    ] == [
        ("qualified", 20, 3),
        ("proposal", 45, 1),
        ("negotiation", 70, 0),
        ("won", 100, 1),
        ("lost", 0, 1),
    ]
    assert found.stages[0].totals == (
        StageTotal(currency="EUR", amount=Decimal("1999999999999.98")),
        StageTotal(currency="USD", amount=Decimal("20000.00")),
    )
    assert found.stages[0].leads_to == ("proposal", "negotiation", "won", "lost")
    assert found.stages[3].leads_to == ("qualified", "proposal", "negotiation")
    assert [one.opportunity_count for one in jons.stages] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("prefix", "ids"),
    [("opp_1", ["opp_1"]), ("OPP-3", ["opp_3"]), ("retro", ["opp_2", "opp_4"]), ("%", [])],
)
async def test_opportunity_ids_are_completed_from_id_number_or_name(
    crm: CrmBackend, caller: Caller, prefix: str, ids: list[str]
) -> None:
    assert await crm.opportunity_ids(caller.tenant, prefix=prefix, limit=20) == ids


@pytest.mark.parametrize(
    ("prefix", "owners"),
    [("", ["jon@example.com", "mara@example.com"]), ("MA", ["mara@example.com"]), ("_", [])],
)
async def test_owners_are_completed_from_their_address(
    crm: CrmBackend, caller: Caller, prefix: str, owners: list[str]
) -> None:
    assert await crm.owner_emails(caller.tenant, prefix=prefix, limit=20) == owners
