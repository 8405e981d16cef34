"""What Tryton's own orders hold: assigned moves, as reservations."""

from collections.abc import Sequence
from typing import Any

from switchgear_inventory.models import LocationCode, Reservation
from switchgear_inventory.tryton.caveats import HOLDS
from switchgear_inventory.tryton.places import Places, Warehouse, places_of
from switchgear_inventory.tryton.products import products_in
from switchgear_inventory.tryton.sources import sources_of
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import BackendRejectedError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import number_of

_FIELDS = (
    "product",
    "internal_quantity",
    "from_location",
    "origin",
    "shipment",
    "last_modified_at",
    "state",
)


async def reservations_in(
    client: TrytonClient,
    places: Places,
    warehouses: Sequence[Warehouse],
    product_id: int | None,
    *,
    limit: int = MOST_RECORDS,
) -> list[Reservation]:
    """Return what is held, of one product or of all, the oldest first."""
    zones = [warehouse.storage for warehouse in warehouses]
    domain: list[Any] = [["state", "=", "assigned"], ["from_location", "child_of", zones, "parent"]]
    if product_id is not None:
        domain.append(["product", "=", product_id])
    page = await client.search("stock.move", domain, _FIELDS, limit=limit)
    products = await products_in(client, {record["product"] for record in page.records})
    sources = await sources_of(client, page.records)
    return [
        Reservation(
            id=str(record["id"]),
            location=places.code_of(record["from_location"]) or LocationCode(""),
            quantity=products[record["product"]].exact(record["internal_quantity"]),
            for_ref=sources[record["id"]],
            reserved_at=record["last_modified_at"],
            expires_at=None,
        )
        for record in page.records
        if record["product"] in products
    ]


async def held(client: TrytonClient) -> list[Reservation]:
    """Return all that is held anywhere."""
    places = await places_of(client)
    return await reservations_in(client, places, places.warehouses, None)


async def release(
    client: TrytonClient, reservation_id: str | None, for_ref: str | None
) -> WriteResult:
    """See InventoryBackend.release; what an order of Tryton's holds is not let go here."""
    holding = [
        one
        for one in await held(client)
        if reservation_id in {None, one.id} and for_ref in {None, one.for_ref}
    ]
    if holding:
        raise BackendRejectedError(
            f"{HOLDS} {holding[0].for_ref} holds this: change or cancel it in the ERP",
            field="for_ref" if reservation_id is None else "reservation_id",
        )
    state = "released"
    if reservation_id is not None:
        state = await _ending(client, reservation_id, for_ref)
    return WriteResult(
        id=reservation_id or for_ref or "", ref=for_ref, state=state, version="0", changed=False
    )


async def _ending(client: TrytonClient, reservation_id: str, for_ref: str | None) -> str:
    """Return how a reservation ended; raises NotFoundError where there never was one."""
    named = reservation_id if for_ref is None else f"{reservation_id} for {for_ref}"
    missing = NotFoundError(f"there is no reservation {named}", field="reservation_id")
    number = number_of(reservation_id)
    if number is None:
        raise missing
    try:
        move: Record = await client.get("stock.move", number, _FIELDS)
    except NotFoundError as error:
        raise missing from error
    if for_ref is not None and (await sources_of(client, [move]))[number] != for_ref:
        raise missing
    return "shipped" if move["state"] == "done" else "released"
