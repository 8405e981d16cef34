"""What every ERP adapter must do when the document behind a draft is read anew."""

from decimal import Decimal
from typing import Any

import pytest

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError

BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "weidner",
    "order": "PO-2026-00001",
    "external_ref": "RE-4711",
    "document_id": "doc_1",
    "issued_on": "2026-10-20",
    "lines": [{"sku": "PUMP-1", "quantity": "4"}],
}


async def test_the_draft_of_a_document_read_anew_is_rewritten(world: Any, caller: Caller) -> None:
    first = await world.create(caller, **BILL)

    again = await world.create(
        caller, **{**BILL, "external_ref": "re-4711", "lines": [{"sku": "PUMP-1", "quantity": "3"}]}
    )

    assert again == WriteResult(id=first.id, ref=None, state="draft", version="2")
    made = await world.invoice(caller, again, "lines")
    assert [(line.sku, line.quantity) for line in made.lines] == [("PUMP-1", Decimal(3))]
    assert (made.external_ref, made.net.amount) == ("re-4711", Decimal("540.00"))
    assert await world.invoice_count(caller) == 1
    with pytest.raises(ConflictError, match="is at version 2"):
        await world.post(caller, first.id, first.version)
    assert (await world.post(caller, first.id, again.version)).state == "posted"


@pytest.mark.parametrize(
    "correction",
    [
        {"external_ref": "RE-4712"},
        {"party": "sauber", "order": None, "lines": [{"quantity": "1", "unit_price": "10",
         "description": "Cleaning", "tax_percent": "19"}]},
    ],
    ids=["number", "vendor"],
)  # fmt: skip
async def test_a_corrected_number_or_vendor_leaves_no_second_draft(
    world: Any, caller: Caller, correction: dict[str, Any]
) -> None:
    first = await world.create(caller, **BILL)
    corrected = {**BILL, **correction}
    if corrected["order"] is None:
        del corrected["order"]

    again = await world.create(caller, **corrected)

    made = await world.invoice(caller, again)
    assert (again.id, again.version) == (first.id, "2")
    assert made.external_ref == corrected["external_ref"]
    assert made.party_id == world.party[corrected["party"]]
    assert await world.invoice_count(caller) == 1


async def test_another_piece_of_work_makes_its_own_draft_of_a_document(
    world: Any, caller: Caller
) -> None:
    await world.create(caller, **BILL)
    other = caller.model_copy(update={"correlation_id": "cor_other"})

    await world.create(other, **{**BILL, "external_ref": "RE-4712"})

    assert await world.invoice_count(caller) == 2


async def test_what_is_posted_is_not_rewritten(world: Any, caller: Caller) -> None:
    first = await world.create(caller, **BILL)
    await world.post(caller, first.id)

    with pytest.raises(ConflictError, match=r"is on invoice BILL-2026-00001 already, .* posted"):
        await world.create(caller, **BILL)


@pytest.mark.parametrize("document_id", ["doc_2", None])
async def test_the_draft_of_another_document_is_not_rewritten(
    world: Any, caller: Caller, document_id: str | None
) -> None:
    first = await world.create(caller, **BILL)

    with pytest.raises(ConflictError, match=f"is on invoice {first.id} already, which is draft"):
        await world.create(caller, **{**BILL, "document_id": document_id})

    assert (await world.invoice(caller, first)).version == "1"
