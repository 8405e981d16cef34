"""Goods of a sale that go: its shipment in Tryton, cut to what is asked and taken to done."""

import asyncio
from datetime import date
from functools import partial

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.goods import told
from switchgear_erp.tryton.order_records import OrderRecord
from switchgear_erp.tryton.picking import FIELDS, SHIPMENT, Plan, changes, is_plain, plan
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import BackendRejectedError, ConflictError
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.texts import marked, unmarked

__all__ = ["SHIPMENT", "begin", "carry_on", "plan"]

_ASSIGNMENTS = 6
_WAIT_S = 0.1
_STEPS = (("assigned", "pick"), ("picked", "pack"), ("packed", "do"), ("shipped", "do"))


async def begin(act: Act, order: OrderRecord, goods: Plan, on: date | None) -> WriteResult:
    """Cut the shipment to the goods, under our name for the write, and carry on."""
    shipment = goods.shipment
    async with act.harmless():  # a shipment that waits again
        if not is_plain(shipment):
            # What was assigned or split before is put together again, the whole shipment waiting.
            expected = {f"{SHIPMENT},{shipment['id']}": shipment["_timestamp"]}
            act.write.check_may_send()
            await act.client.call(SHIPMENT, "wait", [shipment["id"]], expected=expected)
            shipment = await act.client.get(SHIPMENT, shipment["id"], FIELDS)
        moves, expected = changes(goods, shipment)
        values = {
            "reference": marked(unmarked(shipment["reference"] or ""), act.write.reference),
            "effective_date": on,
            "inventory_moves": moves,
        }
        act.write.check_may_send()
        await act.client.call(SHIPMENT, "write", [shipment["id"]], values, expected=expected)
    return await carry_on(act, order, shipment["id"])


async def carry_on(act: Act, order: OrderRecord, shipment_id: int) -> WriteResult:
    """Take the shipment from whatever state it is in to done; refused, give the goods back."""
    async with act.write.undone_by(partial(_give_back, act, shipment_id)):
        shipment = await _assigned(act, shipment_id)
        for state, step in _STEPS:
            if shipment["state"] == state:
                act.write.check_may_send()
                await act.client.call(SHIPMENT, step, [shipment_id])
                shipment = await _state(act, shipment_id)
    return await told(act, order, SHIPMENT, shipment_id)


async def _assigned(act: Act, shipment_id: int) -> Record:
    """Assign the goods; raises ConflictError where others were first.

    Tryton assigns under a lock that it does not wait for.
    """
    shipment = await _state(act, shipment_id)
    if shipment["state"] == "waiting":
        act.write.check_may_send()
    for attempt in range(_ASSIGNMENTS):
        if shipment["state"] != "waiting":
            return shipment
        try:
            await act.client.call(SHIPMENT, "assign_try", [shipment_id])
        except ConflictError:
            await asyncio.sleep(_WAIT_S * (attempt + 1))
            shipment = await _state(act, shipment_id)
            continue
        shipment = await _state(act, shipment_id)
        if shipment["state"] == "waiting":
            raise ConflictError("others took of these goods at the same moment", field="lines")
    if shipment["state"] == "waiting":
        raise ConflictError("others are moving these goods at the same moment", field="lines")
    return shipment


async def _state(act: Act, shipment_id: int) -> Record:
    return await act.read(SHIPMENT, shipment_id, "state", "reference")


async def _give_back(act: Act, shipment_id: int) -> None:
    shipment = await _state(act, shipment_id)
    if shipment["state"] not in {"waiting", "assigned"}:
        raise BackendRejectedError("Tryton has picked these goods")
    # First our name: what is found by it is carried on, and would go whole once it waits again.
    values = {"reference": unmarked(shipment["reference"] or "") or None, "effective_date": None}
    await act.client.call(SHIPMENT, "write", [shipment_id], values)
    await act.client.call(SHIPMENT, "wait", [shipment_id])
