"""What credit a new party has: a usual one, and never more than a person once gave it."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from erp.conftest import NOW, World
from erp.test_backend_parties import IBAN, found, make, put_away
from switchgear_erp.models import Party
from switchgear_erp.server import new_credit_of
from switchgear_erp.sql import SqlErp
from switchgear_erp.tables import PartyRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import settings_for

CUSTOMER = {"roles": ["customer"], "name": "Neukunde GmbH", "vat_id": None}


@pytest.fixture
async def remake(world: World, caller: Caller, database: Database) -> Any:
    """Make a customer whose limit a person sets, put it away, and make it again."""

    async def remade(limit: int | None, first: dict[str, Any], then: dict[str, Any]) -> Party:
        made = await make(world, caller, **{**CUSTOMER, **first})
        async with database.writing() as session:
            one = update(PartyRow).where(PartyRow.tenant == caller.tenant, PartyRow.id == made.id)
            await session.execute(one.values(credit_limit_minor=limit))
        await put_away(world, caller, made.id)
        again = await make(world, caller, **{**CUSTOMER, **then})
        [party] = [one for one in await found(world, caller, str(again.ref)) if one.id == again.id]
        return party

    return remade


@pytest.mark.parametrize(
    ("credit", "price", "is_confirmed"),
    [("100", "84.03", True), ("100", "84.04", False), ("0", "0.01", False)],
)
async def test_a_new_customer_orders_up_to_the_credit_that_the_settings_give(
    world: World, caller: Caller, database: Database, credit: str, price: str, is_confirmed: bool
) -> None:
    settings = settings_for(Path("unused"), new_customer_credit=Decimal(credit))
    erp = SqlErp(database, new_credit=new_credit_of(settings), clock=lambda: NOW)
    world = replace(world, erp=erp)
    world.party["new"] = (await make(world, caller, **CUSTOMER)).id
    lines = [{"sku": "PUMP-1", "quantity": "1", "unit_price": price}]
    order = await world.take(caller, party="new", lines=lines)

    if is_confirmed:
        done = await world.advance(caller, order.id, "quoted", "confirmed")
        assert done.state == "confirmed"
        return
    with pytest.raises(InvalidRequestError, match="credit limit"):
        await world.advance(caller, order.id, "quoted", "confirmed")


async def test_a_vendor_has_no_credit_limit(world: World, caller: Caller) -> None:
    await make(world, caller)

    [party] = await found(world, caller, "Ölmühle")
    assert party.credit_limit is None


@pytest.mark.parametrize(
    ("limit", "first", "then", "kept"),
    [
        pytest.param(5000, {}, {}, "50.00 EUR", id="by its name"),
        pytest.param(0, {}, {}, "0.00 EUR", id="none at all"),
        pytest.param(900_000, {}, {}, "9000.00 EUR", id="more than the usual"),
        pytest.param(None, {}, {}, "1000.00 EUR", id="none was set"),
        pytest.param(5000, {}, {"account_id": "acc_7"}, "50.00 EUR", id="under another id"),
        pytest.param(5000, {}, {"currency": "USD"}, "60.00 USD", id="in another currency"),
        pytest.param(5000, {"currency": "USD"}, {"currency": "USD"}, "50.00 USD", id="not ours"),
        pytest.param(
            5000,
            {"account_id": "acc_7"},
            {"account_id": "acc_7", "name": "Other AG"},
            "50.00 EUR",
            id="by its account",
        ),
        pytest.param(5000, {}, {"name": "Other AG"}, "1000.00 EUR", id="another party"),
    ],
)
async def test_a_customer_made_again_keeps_the_limit_that_it_had(
    remake: Any, limit: int | None, first: dict[str, Any], then: dict[str, Any], kept: str
) -> None:
    party = await remake(limit, first, then)

    assert f"{party.credit_limit.amount} {party.credit_limit.currency}" == kept


async def test_a_party_made_again_keeps_its_number_and_its_bank_account(
    remake: Any,
) -> None:
    account = {"account_id": "acc_7"}

    party = await remake(None, {**account, "iban": IBAN}, account)

    assert (party.ref, party.iban) == ("P-00001", IBAN)


async def test_a_bank_account_stays_with_the_name_that_it_was_approved_for(
    remake: Any,
) -> None:
    account = {"account_id": "acc_7"}

    party = await remake(None, {**account, "iban": IBAN}, {**account, "name": "Other AG"})

    assert party.iban is None
