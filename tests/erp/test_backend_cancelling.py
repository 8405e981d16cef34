"""What every ERP adapter must do about the drafts of a document that became several."""

from typing import Any

import pytest
from sqlalchemy import text

from erp.test_backend_redrafting import BILL
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database


async def cancel(world: Any, caller: Caller, document_id: str = "doc_1") -> WriteResult:
    return await world.erp.cancel_draft(caller.tenant, document_id=document_id, caller=caller)


async def announced(database: Database) -> int | None:
    async with database.reading() as session:
        counted = text("SELECT count(*) FROM outbox WHERE body LIKE '%erp.invoice.cancelled:v1%'")
        return await session.scalar(counted)


async def test_the_number_of_a_cancelled_draft_is_free_and_it_is_not_posted(
    world: Any, caller: Caller, database: Database
) -> None:
    first = await world.create(caller, **BILL)

    gone = await cancel(world, caller)
    again = await cancel(world, caller)
    anew = await world.create(caller, **{**BILL, "document_id": "doc_2"})

    assert gone == WriteResult(id=first.id, ref=None, state="cancelled", version="2")
    assert again == gone.model_copy(update={"changed": False})
    assert (anew.id != first.id, anew.state) == (True, "draft")
    assert await announced(database) == 1
    kept = await world.invoice(caller, first, "lines")
    assert (kept.state, kept.external_ref, len(kept.lines)) == ("cancelled", "RE-4711", 1)
    with pytest.raises(InvalidRequestError, match=f"invoice {first.id} is cancelled"):
        await world.post(caller, first.id)
    assert (await world.post(caller, anew.id)).state == "posted"


async def test_a_document_with_two_drafts_keeps_neither(world: Any, caller: Caller) -> None:
    other_work = caller.model_copy(update={"correlation_id": "cor_other"})
    made = [
        await world.create(caller, **BILL),
        await world.create(other_work, **{**BILL, "external_ref": "RE-4712"}),
    ]

    await cancel(world, caller)

    assert {(await world.invoice(caller, one)).state for one in made} == {"cancelled"}


async def test_what_is_posted_is_not_cancelled(world: Any, caller: Caller) -> None:
    posted = await world.posted(caller, **BILL)

    with pytest.raises(ConflictError, match="invoice BILL-2026-00001 is posted: it stays"):
        await cancel(world, caller)

    assert (await world.invoice(caller, posted)).state == "posted"


async def test_drafts_of_other_documents_tenants_and_directions_stay(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    bill = await world.create(caller, **{**BILL, "document_id": "doc_2"})
    sold = {"direction": "receivable", "party": "mueller", "document_id": "doc_1"}
    lines = [{"sku": "PUMP-1", "quantity": "1"}]
    sale = await world.create(caller, **sold, lines=lines)
    theirs = await world.create(stranger, **BILL)

    with pytest.raises(NotFoundError, match="no payable is of document doc_1"):
        await cancel(world, caller)

    assert {(await world.invoice(caller, one)).state for one in (bill, sale)} == {"draft"}
    assert (await world.invoice(stranger, theirs)).state == "draft"
