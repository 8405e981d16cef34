"""What every ERP adapter must do about new parties: each is made once, and undone if unused."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import update

from switchgear_erp.models import Party, PartyId
from switchgear_erp.parties import PartyDraft
from switchgear_erp.tables import PartyRow
from switchgear_erp.trade import OrderDraft
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database

MANY = 8
IBAN = "DE89370400440532013000"
NEW: dict[str, Any] = {
    "name": "Ölmühle  Nord KG",
    "roles": ["vendor"],
    "address": {"street": "Am Deich 1", "postal_code": "26721", "city": "Emden", "country": "DE"},
    "vat_id": "DE 136 695 976",
}


async def make(world: Any, caller: Caller, **changes: Any) -> WriteResult:
    """Make the party that nobody knows, or one that differs from it."""
    draft = PartyDraft.model_validate({**NEW, **changes})
    return await world.erp.create_party(caller.tenant, draft=draft, caller=caller)


async def found(world: Any, caller: Caller, query: str) -> list[Party]:
    """Return the parties that a query finds."""
    page = await world.erp.find_parties(caller.tenant, query=query, role=None, limit=10)
    return list(page.items)


async def put_away(world: Any, caller: Caller, party_id: str) -> WriteResult:
    return await world.erp.deactivate_party(
        caller.tenant, party_id=PartyId(party_id), caller=caller
    )


async def test_a_new_party_is_found_as_it_was_made(world: Any, caller: Caller) -> None:
    made = await make(
        world,
        caller,
        roles=["customer", "vendor"],
        iban="de89 3704 0044 0532 0130 00",
        email="Post@Oel.Test",
        currency="USD",
        payment_days=14,
        account_id="acc_77",
    )

    assert (made.state, made.changed) == ("active", True)
    expected = Party(
        id=PartyId(made.id),
        ref=str(made.ref),
        name="Ölmühle Nord KG",
        roles=("customer", "vendor"),
        vat_id="DE 136 695 976",
        iban=IBAN,
        email="post@oel.test",
        city="Emden",
        country="DE",
        currency="USD",
        credit_limit=None,
        payment_days=14,
    )
    for query in ("ölmühle nord", "DE136695976", IBAN, "post@oel.test", "acc_77"):
        assert await found(world, caller, query) == [expected], query


async def test_what_is_left_out_is_as_usual(world: Any, caller: Caller) -> None:
    made = await make(world, caller, address={}, vat_id=None)

    [party] = await found(world, caller, "Ölmühle")
    assert (party.id, party.city, party.country, party.currency, party.payment_days) == (
        made.id,
        None,
        "DE",
        "EUR",
        30,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": "Another GmbH", "vat_id": "de123456788"}, "vat_id", id="VAT number"),
        pytest.param({"name": "WEIDNER Metallbau, GmbH"}, "name", id="name, no city known"),
        pytest.param(
            {"name": "Weidner Metallbau GmbH", "vat_id": None, "address": {"city": "JENA"}},
            "name",
            id="name and city",
        ),
    ],
)
async def test_a_party_that_is_there_is_named_and_not_made_again(
    world: Any, caller: Caller, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConflictError) as refusal:
        await make(world, caller, **{"address": {}, **changes})

    assert refusal.value.field == field
    assert refusal.value.details == {
        "party_id": world.party["weidner"],
        "ref": "V-001",
        "name": "Weidner Metallbau GmbH",
    }
    assert len(await found(world, caller, "weidner")) == 1
    assert await found(world, caller, "Another GmbH") == []


async def test_the_same_name_in_another_city_is_another_party(world: Any, caller: Caller) -> None:
    changes = {"name": "Weidner Metallbau GmbH", "address": {"city": "Ulm", "country": "DE"}}

    made = await make(world, caller, **changes)

    assert {party.id for party in await found(world, caller, "weidner")} == {
        made.id,
        world.party["weidner"],
    }


async def test_another_tenants_party_is_no_hindrance(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    await make(world, stranger)

    made = await make(world, caller)

    assert [party.id for party in await found(world, caller, "Ölmühle")] == [made.id]


async def test_of_many_made_at_once_one_is_there(world: Any, caller: Caller) -> None:
    answers: Sequence[Any] = await asyncio.gather(
        *(make(world, caller) for _ in range(MANY)), return_exceptions=True
    )

    made = [answer for answer in answers if isinstance(answer, WriteResult)]
    assert len(made) == 1
    assert all(isinstance(one, ConflictError) for one in answers if one is not made[0])
    assert [party.id for party in await found(world, caller, "Ölmühle")] == [made[0].id]


async def test_numbers_of_parties_that_were_not_made_are_not_used_up(
    world: Any, caller: Caller
) -> None:
    first = await make(world, caller)
    with pytest.raises(ConflictError):
        await make(world, caller)
    second = await make(world, caller, name="Zwei AG", vat_id=None)

    assert (first.ref, second.ref) == ("P-00001", "P-00002")


async def test_a_number_that_a_party_from_elsewhere_came_with_is_passed_over(
    world: Any, caller: Caller, database: Database
) -> None:
    first = await make(world, caller)
    async with database.writing() as session:
        taken = update(PartyRow).where(PartyRow.tenant == caller.tenant)
        await session.execute(taken.where(PartyRow.id == "pty_weidner").values(ref="P-00002"))

    second = await make(world, caller, name="Zwei AG", vat_id=None)

    assert (first.ref, second.ref) == ("P-00001", "P-00003")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"currency": "CHF"}, "currency"), ({"account_id": "pty_weidner"}, "account_id")],
)
async def test_what_the_books_cannot_keep_is_refused(
    world: Any, caller: Caller, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises((InvalidRequestError, ConflictError)) as refusal:
        await make(world, caller, **changes)

    assert refusal.value.field == field
    assert await found(world, caller, "Ölmühle") == []


async def test_a_new_customer_abroad_is_billed_without_tax(world: Any, caller: Caller) -> None:
    world.party["abroad"] = (await make(world, caller, roles=["customer"], vat_id=None,
                                        address={"city": "Lyon", "country": "FR"})).id  # fmt: skip
    world.party["home"] = (await make(world, caller, roles=["customer"], name="Daheim")).id

    abroad = await world.read(caller, (await world.take(caller, party="abroad")).id)
    home = await world.read(caller, (await world.take(caller, party="home")).id)

    assert (abroad.tax.amount, home.tax.amount) == (0, abroad.net.amount * 19 / 100)


async def test_an_unused_party_is_put_away_once_and_can_be_made_again(
    world: Any, caller: Caller
) -> None:
    made = await make(world, caller, account_id="acc_77")

    gone = await put_away(world, caller, made.id)
    again = await put_away(world, caller, made.id)

    assert (gone.state, gone.changed, again.changed) == ("inactive", True, False)
    assert await found(world, caller, "Ölmühle") == []
    with pytest.raises(NotFoundError):
        await world.erp.get_balances(caller.tenant, party_id=PartyId(made.id), as_of=None)
    with pytest.raises(NotFoundError):
        await world.erp.create_order(
            caller.tenant,
            draft=_order_of(made.id),
            caller=caller,
        )
    remade = await make(world, caller, account_id="acc_77", name="Ölmühle Süd KG")
    assert [party.id for party in await found(world, caller, "acc_77")] == [remade.id]


@pytest.mark.parametrize("kind", ["order", "invoice"])
async def test_a_party_that_something_is_of_stays(world: Any, caller: Caller, kind: str) -> None:
    made = await make(world, caller)
    world.party["new"] = made.id
    if kind == "order":
        lines = [{"sku": "PUMP-1", "quantity": "1"}]
        written = await world.take(caller, kind="purchase", party="new", lines=lines)
    else:
        line = {"description": "Oil", "quantity": "1", "unit_price": "5", "tax_percent": "19"}
        bill = {"direction": "payable", "external_ref": "R-1", "lines": [line]}
        written = await world.create(caller, party="new", **bill)

    with pytest.raises(ConflictError) as refusal:
        await put_away(world, caller, made.id)

    assert refusal.value.details == {f"{kind}_id": written.id}
    assert [party.id for party in await found(world, caller, "Ölmühle")] == [made.id]


async def test_only_ones_own_party_is_put_away(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    made = await make(world, caller)

    for who, party_id in ((stranger, made.id), (caller, "party_none")):
        with pytest.raises(NotFoundError):
            await put_away(world, who, party_id)

    assert [party.id for party in await found(world, caller, "Ölmühle")] == [made.id]


@pytest.mark.parametrize("kind", ["order", "invoice"])
async def test_of_a_paper_and_a_putting_away_at_once_one_wins(
    world: Any, caller: Caller, kind: str
) -> None:
    made = await make(world, caller, roles=["customer"])
    world.party["new"] = made.id
    line = {"description": "Oil", "quantity": "1", "unit_price": "5", "tax_percent": "19"}
    bill = {"direction": "receivable", "party": "new", "lines": [line]}

    answers: Sequence[Any] = await asyncio.gather(
        *(
            put_away(world, caller, made.id)
            if turn % 2
            else world.take(caller, party="new")
            if kind == "order"
            else world.create(caller, **bill)
            for turn in range(MANY)
        ),
        return_exceptions=True,
    )

    done = [one for one in answers if isinstance(one, WriteResult) and one.changed]
    is_there = bool(await found(world, caller, "Ölmühle"))
    assert {one.state for one in done} == ({"draft"} if is_there else {"inactive"})
    assert all(isinstance(one, WriteResult | ConflictError | NotFoundError) for one in answers), (
        answers
    )


def _order_of(party_id: str) -> OrderDraft:
    return OrderDraft.model_validate(
        {
            "kind": "sale",
            "party_id": party_id,
            "lines": ({"sku": "PUMP-1", "quantity": "1"},),
        }
    )
