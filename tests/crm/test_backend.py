"""What every CRM behind the port promises."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from switchgear_crm.backend import CrmBackend
from switchgear_crm.models import (
    Account,
    AccountDeal,
    AccountId,
    Activity,
    Address,
    Contact,
    Match,
    Opportunity,
    OpportunityEntry,
    OpportunityId,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError

Add = Callable[[int, str], Awaitable[None]]

EVERYWHERE: dict[str, Any] = {"kind": None, "limit": 10, "cursor": None}
ANKE = Contact(
    id="con_anke",
    version="1",
    name="Anke Brandt",
    job_title="Buyer",
    email="anke.brandt@mueller.example.com",
    phone="+49 30 5552000",
)
NEW_LINE = OpportunityEntry(
    id=OpportunityId("opp_1"),
    ref="OPP-1",
    version="3",
    name="New line",
    account_id=AccountId("acc_mueller"),
    account_name="Müller & Söhne AG",
    stage="proposal",
    amount=Money(amount=Decimal("12500.00"), currency="EUR"),
    probability_percent=50,
    owner_email="mara@example.com",
    close_on=date(2026, 12, 1),
)


def deals(**criteria: Any) -> dict[str, Any]:
    every = ("query", "stage", "owner_email", "account_id", "closing_before", "at_least", "cursor")
    return {**dict.fromkeys(every), "limit": 10, **criteria}


def done(**criteria: Any) -> dict[str, Any]:
    every = ("kind", "since", "cursor")
    return {**dict.fromkeys(every), "full_notes": False, "limit": 10, **criteria}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("müller", ["acc_mueller", "con_anke", "con_zoe", "opp_1", "opp_2"]),
        ("MULLER söhne", ["acc_mueller", "con_anke", "con_zoe", "opp_1", "opp_2"]),
        ("C-0001", ["acc_mueller"]),
        ("anke.brandt@mueller.example.com", ["con_anke"]),
        ("zoe", ["con_zoe"]),
        ("Ehlers Zoë", ["con_zoe"]),
        ("metall", ["acc_metall", "acc_weidner", "con_uta", "opp_3", "opp_4"]),
        ("opp-3", ["opp_3"]),
        ("100%", ["acc_sauber"]),
        ("%_sau", ["acc_sauber"]),
        ("_", ["acc_sauber"]),
        ("%", ["acc_sauber"]),
        ("retrofit", ["opp_2", "opp_4"]),
        ("   ", []),
        ("zzzz", []),
    ],
)
async def test_search_finds_by_parts_of_names_and_whole_codes_best_first(
    crm: CrmBackend, caller: Caller, query: str, found: list[str]
) -> None:
    page = await crm.search(caller.tenant, query=query, **EVERYWHERE)

    assert [match.id for match in page.items] == found
    assert (page.total, page.approximate, page.truncated) == (len(found), False, False)


async def test_a_match_says_what_it_is_and_whose(crm: CrmBackend, caller: Caller) -> None:
    page = await crm.search(caller.tenant, query="anke", **EVERYWHERE)

    assert page.items == (
        Match(
            kind="contact",
            id="con_anke",
            ref=None,
            name="Anke Brandt",
            detail="Buyer",
            email="anke.brandt@mueller.example.com",
            account_id=AccountId("acc_mueller"),
            account_name="Müller & Söhne AG",
        ),
    )


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Mueller", "acc_mueller"),
        ("Weidnr Metallbau", "acc_weidner"),
        ("Ehlrs", "con_zoe"),
        ("Retroffit", "opp_2"),
    ],
)
async def test_what_matches_nothing_is_answered_with_what_is_spelled_alike(
    crm: CrmBackend, caller: Caller, query: str, first: str
) -> None:
    kind: Any = {"a": "account", "c": "contact", "o": "opportunity"}[first[0]]

    page = await crm.search(caller.tenant, query=query, kind=kind, limit=10, cursor=None)

    if query != "Mueller":  # it stands in the e-mail address as written
        assert page.approximate
    assert page.items[0].id == first


@pytest.mark.parametrize("kind", ["account", "contact", "opportunity"])
async def test_search_keeps_to_one_kind(crm: CrmBackend, caller: Caller, kind: Any) -> None:
    page = await crm.search(caller.tenant, query="m", kind=kind, limit=50, cursor=None)

    assert {match.kind for match in page.items} == {kind}


async def test_search_pages_neither_repeat_nor_skip_while_accounts_are_added(
    crm: CrmBackend, caller: Caller, add_account: Add
) -> None:
    for number in range(20, 60, 2):
        await add_account(number, f"Kessel {number}")
    seen: list[str] = []
    cursor: str | None = None
    added = 21
    for _ in range(40):
        page = await crm.search(
            caller.tenant, query="kessel", kind="account", limit=3, cursor=cursor
        )
        seen += [match.id for match in page.items]
        await add_account(added, "Kessel 10")
        added += 2
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [f"acc_{number:04d}" for number in range(20, 60, 2)]


@pytest.mark.parametrize("cursor", ["nonsense", "WyJjcm0uc2VhcmNoIiwiYSIsImIiLCJjIiwiZCJd"])
async def test_a_cursor_that_is_not_ours_is_refused(
    crm: CrmBackend, caller: Caller, cursor: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await crm.search(caller.tenant, query="müller", kind=None, limit=10, cursor=cursor)

    assert refused.value.field == "cursor"


FORGED: list[list[Any]] = [
    ["crm.search", 1, 1, "a\0", "b"],
    ["crm.search", 2**40, 1, "a", "b"],
    ["crm.search", -1, 1, "a", "b"],
    ["crm.search", "1", 1, "a", "b"],
    ["crm.opportunities", "2026-01-01", "a\0"],
    ["crm.opportunities", "2026-13-01", "a"],
    ["crm.opportunities", 7, "a"],
    ["crm.opportunities", "2026-01-01", 7],
    ["crm.activities", "2026-01-01T00:00:00", "a"],
    ["crm.activities", "0001-01-01T00:00:00+14:00", "a"],
    ["crm.activities", "soon", "a"],
]


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_cursor_is_refused_before_a_database_sees_it(
    crm: CrmBackend, caller: Caller, forged: list[Any]
) -> None:
    kind, *keys = forged
    cursor = encode_cursor(kind, keys)

    with pytest.raises(InvalidRequestError) as search:
        await crm.search(caller.tenant, query="müller", kind=None, limit=10, cursor=cursor)
    with pytest.raises(InvalidRequestError) as opportunities:
        await crm.list_opportunities(caller.tenant, **deals(cursor=cursor))
    with pytest.raises(InvalidRequestError) as activities:
        await crm.list_activities(caller.tenant, about_id="acc_mueller", **done(cursor=cursor))

    assert [one.value.field for one in (search, opportunities, activities)] == ["cursor"] * 3


async def test_a_tenant_sees_nothing_of_another(crm: CrmBackend, caller: Caller) -> None:
    nobody = TenantId("nobody")

    page = await crm.search(nobody, query="müller", **EVERYWHERE)
    none = await crm.list_opportunities(nobody, **deals())

    assert (page.items, none.items, none.total) == ((), (), 0)
    with pytest.raises(NotFoundError):
        await crm.get_account(nobody, account_id=AccountId("acc_mueller"))
    with pytest.raises(NotFoundError):
        await crm.list_activities(nobody, about_id="acc_mueller", **done())
    assert (await crm.list_opportunities(caller.tenant, **deals())).total == 4


async def test_an_account_comes_with_the_parts_asked_for_and_counts_of_all(
    crm: CrmBackend, caller: Caller
) -> None:
    account = await crm.get_account(
        caller.tenant, account_id=AccountId("acc_weidner"), include=("contacts",)
    )

    assert account == Account(
        id=AccountId("acc_weidner"),
        ref="V-0002",
        version="1",
        name="Weidner Metallbau GmbH",
        roles=("vendor",),
        industry="machinery",
        domain="weidner.example.com",
        email="mail@weidner.example.com",
        phone="+49 30 5551000",
        tax_id="DE136695976",
        address=Address(street="Am Werkhof 1", postal_code="07743", city="Graz", country="DE"),
        owner_email="mara@example.com",
        currency="EUR",
        since=date(2020, 1, 1),
        contact_count=1,
        opportunity_count=1,
        activity_count=1,
        contacts=(
            ANKE.model_copy(
                update={
                    "id": "con_uta",
                    "name": "Uta Thiele",
                    "email": "uta.thiele@weidner.example.com",
                }
            ),
        ),
        opportunities=None,
        activities=None,
    )


async def test_parts_of_an_account_are_its_own_newest_first(
    crm: CrmBackend, caller: Caller
) -> None:
    account = await crm.get_account(
        caller.tenant,
        account_id=AccountId("acc_mueller"),
        include=("opportunities", "activities"),
    )

    assert account.opportunities is not None
    assert account.opportunities[0] == AccountDeal(
        **{name: getattr(NEW_LINE, name) for name in AccountDeal.model_fields}
    )
    assert [deal.id for deal in account.opportunities] == ["opp_1", "opp_2"]
    assert account.activities is not None
    assert [one.id for one in account.activities] == ["act_3", "act_2", "act_1"]


@pytest.mark.parametrize(("count", "shown"), [(19, 19), (20, 20), (21, 20)])
async def test_a_part_is_cut_at_twenty_and_its_count_says_that_there_are_more(
    crm: CrmBackend, caller: Caller, add_opportunity: Add, count: int, shown: int
) -> None:
    for number in range(count - 1):
        await add_opportunity(number, "2026-01-01")

    account = await crm.get_account(
        caller.tenant, account_id=AccountId("acc_metall"), include=("opportunities",)
    )

    assert account.opportunities is not None
    assert (len(account.opportunities), account.opportunity_count) == (shown, count)


async def test_an_unknown_account_is_not_found(crm: CrmBackend, caller: Caller) -> None:
    with pytest.raises(NotFoundError) as missing:
        await crm.get_account(caller.tenant, account_id=AccountId("acc_none"))

    assert missing.value.message == "there is no account acc_none"


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, ["opp_4", "opp_2", "opp_1", "opp_3"]),
        ({"stage": "won"}, ["opp_2"]),
        ({"stage": "open"}, ["opp_1", "opp_3"]),
        ({"owner_email": "Jon@example.com"}, ["opp_3"]),
        ({"account_id": "acc_mueller"}, ["opp_2", "opp_1"]),
        ({"closing_before": date(2026, 12, 1)}, ["opp_4", "opp_2"]),
        ({"at_least": Money(amount=Decimal(8000), currency="EUR")}, ["opp_2", "opp_1"]),
        ({"at_least": Money(amount=Decimal("8000.01"), currency="EUR")}, ["opp_1"]),
        ({"at_least": Money(amount=Decimal("8000.000001"), currency="EUR")}, ["opp_1"]),
        ({"at_least": Money(amount=Decimal(1), currency="JPY")}, ["opp_4"]),
        ({"query": "retrofit metallwerk"}, ["opp_4"]),
        ({"query": "%"}, []),
        ({"stage": "open", "account_id": "acc_mueller"}, ["opp_1"]),
    ],
)
async def test_filters_of_opportunities_combine_and_the_soonest_comes_first(
    crm: CrmBackend, caller: Caller, criteria: dict[str, Any], found: list[str]
) -> None:
    page = await crm.list_opportunities(caller.tenant, **deals(**criteria))

    assert [deal.id for deal in page.items] == found
    assert page.total == len(found)


async def test_pages_of_opportunities_neither_repeat_nor_skip_while_some_are_added(
    crm: CrmBackend, caller: Caller, add_opportunity: Add
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for number in range(10):
        page = await crm.list_opportunities(caller.tenant, **deals(limit=1, cursor=cursor))
        seen += [deal.id for deal in page.items]
        await add_opportunity(number, "2026-01-01")
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == ["opp_4", "opp_2", "opp_1", "opp_3"]


async def test_an_opportunity_names_its_contact_and_when_it_was_last_worked_on(
    crm: CrmBackend, caller: Caller
) -> None:
    deal = await crm.get_opportunity(caller.tenant, opportunity_id=OpportunityId("opp_1"))

    assert deal == Opportunity(
        **dict(NEW_LINE),
        contact=ANKE,
        created_at=datetime(2026, 7, 1, tzinfo=UTC),
        reason=None,
        last_activity_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
    )
    with pytest.raises(NotFoundError):
        await crm.get_opportunity(caller.tenant, opportunity_id=OpportunityId("acc_mueller"))


@pytest.mark.parametrize(
    ("about_id", "criteria", "found"),
    [
        ("acc_mueller", {}, ["act_3", "act_2", "act_1"]),
        ("opp_1", {}, ["act_2"]),
        ("con_anke", {}, ["act_3"]),
        ("con_zoe", {}, []),
        ("acc_mueller", {"kind": "call"}, ["act_2"]),
        ("acc_mueller", {"since": datetime(2026, 10, 2, tzinfo=UTC)}, ["act_3", "act_2"]),
    ],
)
async def test_activities_of_an_account_include_those_of_its_records(
    crm: CrmBackend, caller: Caller, about_id: str, criteria: dict[str, Any], found: list[str]
) -> None:
    page = await crm.list_activities(caller.tenant, about_id=about_id, **done(**criteria))

    assert [one.id for one in page.items] == found
    assert page.total == len(found)


async def test_a_long_note_is_cut_and_says_so_unless_asked_for_whole(
    crm: CrmBackend, caller: Caller
) -> None:
    budget = Activity(
        id="act_1",
        account_id=AccountId("acc_mueller"),
        about_id="acc_mueller",
        kind="note",
        subject="Budget approved",
        note="x" * 200,
        is_note_cut=True,
        done_by="mara@example.com",
        happened_at=datetime(2026, 10, 1, 8, tzinfo=UTC),
    )
    whole = budget.model_copy(update={"note": "x" * 500, "is_note_cut": False})

    cut = await crm.list_activities(caller.tenant, about_id="acc_mueller", **done(kind="note"))
    full = await crm.list_activities(
        caller.tenant, about_id="acc_mueller", **done(kind="note", full_notes=True)
    )

    assert (cut.items, full.items) == ((budget,), (whole,))


async def test_a_logged_activity_stands_first_under_the_callers_origin(
    crm: CrmBackend, caller: Caller
) -> None:
    written = await crm.log_activity(
        caller.tenant,
        about_id="con_zoe",
        kind="call",
        subject="Wants a date",
        note="Call back.",
        caller=caller,
    )

    page = await crm.list_activities(caller.tenant, about_id="acc_mueller", **done())
    assert written == WriteResult(id=written.id, state="logged", version="1")
    assert page.items[0] == Activity(
        id=written.id,
        account_id=AccountId("acc_mueller"),
        about_id="con_zoe",
        kind="call",
        subject="Wants a date",
        note="Call back.",
        is_note_cut=False,
        done_by="person:lee",
        happened_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    )


async def test_pages_of_activities_neither_repeat_nor_skip_while_some_are_logged(
    crm: CrmBackend, caller: Caller
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(40):
        page = await crm.list_activities(
            caller.tenant, about_id="acc_mueller", **done(limit=1, cursor=cursor)
        )
        seen += [one.id for one in page.items]
        await crm.log_activity(
            caller.tenant,
            about_id="acc_mueller",
            kind="note",
            subject="Meanwhile",
            note="",
            caller=caller,
        )
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == ["act_3", "act_2", "act_1"]


async def test_logging_about_an_unknown_record_is_not_found_and_leaves_nothing(
    crm: CrmBackend, caller: Caller
) -> None:
    with pytest.raises(NotFoundError):
        await crm.log_activity(
            caller.tenant, about_id="acc_none", kind="call", subject="Hi", note="", caller=caller
        )


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["acc_sauber", "acc_metall", "acc_mueller", "acc_weidner"]),
        ("Mü", ["acc_mueller"]),
        ("acc_m", ["acc_metall", "acc_mueller"]),
        ("%", []),
    ],
)
async def test_account_ids_are_completed_from_the_id_or_the_name(
    crm: CrmBackend, caller: Caller, prefix: str, found: list[str]
) -> None:
    assert await crm.account_ids(caller.tenant, prefix=prefix, limit=20) == found
