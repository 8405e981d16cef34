"""How far a vendor's invoice may be off its order: as the settings say, to the last cent."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from erp.conftest import NOW, sql_world
from switchgear_erp.models import InvoiceId, Match, Received
from switchgear_erp.server import tolerance_of
from switchgear_erp.sql import SqlErp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import settings_for

WIDE = {"match_price_ratio": Decimal(1), "match_total": Decimal(10**6)}


async def matched(
    database: Database, caller: Caller, line: dict[str, str], received: str | None, **limits: Any
) -> tuple[list[str], str | None]:
    """Return how an invoice of one line differs from its order, and why it is not posted."""
    settings = settings_for(Path("unused"), **limits)
    world = await sql_world(database)
    world = replace(
        world, erp=SqlErp(database, tolerance=tolerance_of(settings), clock=lambda: NOW)
    )
    made = await world.create(
        caller,
        direction="payable",
        party="weidner",
        order="PO-2026-00001",
        external_ref="RE-1",
        lines=[line],
    )
    answer: Match = await world.erp.match_invoice(
        caller.tenant,
        invoice_id=InvoiceId(made.id),
        receipts=[Received(sku=line["sku"], quantity=Decimal(received))] if received else None,
    )
    try:
        await world.post(caller, made.id)
    except InvalidRequestError as refusal:
        return [difference.kind for difference in answer.differences], refusal.message
    return [difference.kind for difference in answer.differences], None


@pytest.mark.parametrize(
    ("price", "kinds"),
    [
        ("188.99", []),
        ("189.00", []),
        ("189.01", ["price"]),
        ("171.01", []),
        ("171.00", []),
        ("170.99", ["price"]),
    ],
)
async def test_a_price_may_be_off_by_its_ratio_and_no_cent_more(
    database: Database, caller: Caller, price: str, kinds: list[str]
) -> None:
    line = {"sku": "PUMP-1", "quantity": "1", "unit_price": price}

    found, _ = await matched(database, caller, line, "4", match_price_ratio=Decimal("0.05"))

    assert found == kinds


@pytest.mark.parametrize(
    ("price", "kinds"), [("192.49", []), ("192.50", []), ("192.51", ["total"])]
)
async def test_the_lines_may_be_off_by_the_total_and_no_cent_more(
    database: Database, caller: Caller, price: str, kinds: list[str]
) -> None:
    line = {"sku": "PUMP-1", "quantity": "4", "unit_price": price}

    found, _ = await matched(
        database, caller, line, "4", match_price_ratio=Decimal(1), match_total=Decimal(50)
    )

    assert found == kinds


@pytest.mark.parametrize(
    ("quantity", "kinds", "refused"),
    [
        ("1099", [], False),
        ("1100", [], False),
        ("1101", ["quantity_over_ordered", "quantity_over_received"], True),
    ],
)
async def test_more_than_ordered_is_billed_within_the_ratio_and_posted_no_further(
    database: Database, caller: Caller, quantity: str, kinds: list[str], refused: bool
) -> None:
    line = {"sku": "BOLT-M8", "quantity": quantity, "unit_price": "0.085"}

    found, refusal = await matched(
        database, caller, line, "1000", **WIDE, match_quantity_ratio=Decimal("0.1")
    )

    assert (found, refusal is not None) == (kinds, refused)


@pytest.mark.parametrize(("received", "kinds"), [("910", []), ("909", ["quantity_over_received"])])
async def test_more_than_received_is_billed_within_the_ratio(
    database: Database, caller: Caller, received: str, kinds: list[str]
) -> None:
    line = {"sku": "BOLT-M8", "quantity": "1001", "unit_price": "0.085"}

    found, _ = await matched(
        database, caller, line, received, **WIDE, match_quantity_ratio=Decimal("0.1")
    )

    assert found == kinds


async def test_without_settings_prices_may_be_off_by_a_percent_and_quantities_not_at_all(
    database: Database, caller: Caller
) -> None:
    line = {"sku": "BOLT-M8", "quantity": "1000.001", "unit_price": "0.08585"}

    found, _ = await matched(database, caller, line, None)

    assert found == ["quantity_over_ordered"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("match_price_ratio", "-0.01"),
        ("match_price_ratio", "1.01"),
        ("match_quantity_ratio", "-0.01"),
        ("match_quantity_ratio", "1.01"),
        ("match_total", "-0.01"),
        ("match_total", "0.001"),
    ],
)
def test_a_tolerance_out_of_bounds_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})
    Settings.model_validate({name: "0"})
