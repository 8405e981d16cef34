"""A supplier shipment that was begun in Tryton, taken back whole."""

from collections.abc import Mapping
from typing import Any

from switchgear_shared.errors import BackendRejectedError
from switchgear_shared.storage.tryton.client import Record, TrytonClient

INCOMING = "stock.shipment.in"


async def give_back(
    client: TrytonClient, shipment_id: int, moves: Mapping[int, Record], state: str
) -> None:
    """Remove a draft shipment and leave its purchase the `moves`, as they were before, by id.

    Raises:
        BackendRejectedError: what the moves were is not known, or Tryton took something in.
    """
    if not moves or state != "draft":
        raise BackendRejectedError("Tryton took in some of this")
    [made] = await client.call(INCOMING, "read", [shipment_id], ["incoming_moves"])
    copies = [move_id for move_id in made["incoming_moves"] if move_id not in moves]
    changes: list[Any] = [
        ["write", [move_id], {"quantity": move["quantity"], "lot": None}]
        for move_id, move in moves.items()
    ]
    if copies:
        changes.append(["delete", copies])
    changes.append(["remove", [*moves]])
    # In one call: seen half done, the purchase would order what it then lacks once more.
    await client.call(INCOMING, "write", [shipment_id], {"incoming_moves": changes})
    await client.call(INCOMING, "cancel", [shipment_id])
    await client.call(INCOMING, "delete", [shipment_id])
