"""The list of done moves that cross the border of a warehouse, newest first."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from switchgear_inventory.models import Movement, MovementKind, MovementPage, Sku
from switchgear_inventory.tryton.levels import expiry_of
from switchgear_inventory.tryton.places import Places, places_of
from switchgear_inventory.tryton.products import Product, products_in
from switchgear_inventory.tryton.sources import domain_of, sources_of
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of
from switchgear_shared.storage.tryton.texts import literal

_MOVEMENTS = "inventory.tryton.movements"
_FIELDS = (
    "product",
    "internal_quantity",
    "from_location",
    "to_location",
    "origin",
    "shipment",
    "lot.number",
    "lot.expiration_date",
    "lot.shelf_life_expiration_date",
    "effective_date",
    "create_uid.rec_name",
)
_PARTNERS = ["supplier", "customer"]
_LOST = "lost_found"


@dataclass(frozen=True, slots=True)
class MovementSearch:
    """What movements are looked for; criteria that are None do not count."""

    sku: Sku | None
    source_ref: str | None
    kind: MovementKind | None
    since: datetime | None


async def list_movements(
    client: TrytonClient, search: MovementSearch, *, limit: int, cursor: str | None
) -> MovementPage:
    """See InventoryBackend."""
    places = await places_of(client)
    domain = await _domain(client, search, places)
    beyond: list[Any] = []
    if cursor is not None:
        day, last_id = keys_of(_MOVEMENTS, cursor, date, int, is_signed=True)
        same = [["effective_date", "=", day], ["id", "<", last_id]]
        beyond = [["OR", ["effective_date", "<", day], same]]
    total = await client.call("stock.move", "search_count", domain)
    page = await client.search(
        "stock.move",
        [*domain, *beyond],
        _FIELDS,
        limit=limit + 1,
        order=[("effective_date", "DESC"), ("id", "DESC")],
    )
    records = page.records[:limit]
    last = records[-1] if len(page.records) > limit else None
    return MovementPage(
        items=await _movements(client, places, records),
        total=total,
        next_cursor=encode_cursor(_MOVEMENTS, [last["effective_date"].isoformat(), last["id"]])
        if last
        else None,
        truncated=last is not None,
    )


async def _domain(client: TrytonClient, search: MovementSearch, places: Places) -> list[Any]:
    kinds = _domains(places)
    wanted = [*kinds.values()] if search.kind is None else [kinds[search.kind]]
    kept = [["code", "!=", None], ["code", "!=", ""], ["type", "=", "goods"]]
    if search.sku is not None:
        kept.append(["code", "ilike", literal(search.sku)])
    domain: list[Any] = [
        ["state", "=", "done"],
        ["product", "where", kept],
        ["OR", *wanted],
    ]
    if search.since is not None:
        domain.append(["effective_date", ">=", search.since.astimezone(UTC).date()])
    if search.source_ref is not None:
        domain.append(await domain_of(client, search.source_ref))
    return domain


def _domains(places: Places) -> dict[MovementKind, list[Any]]:
    """Return what moves are of which kind; inside a warehouse they are of none."""
    ours = [warehouse.id for warehouse in places.warehouses]
    goes = ["from_location", "child_of", ours, "parent"]
    comes = ["to_location", "child_of", ours, "parent"]
    return {
        "receipt": [["from_location.type", "in", _PARTNERS], comes],
        "shipment": [["to_location.type", "in", _PARTNERS], goes],
        "adjustment": [
            "OR",
            [["from_location.type", "=", _LOST], comes],
            [["to_location.type", "=", _LOST], goes],
        ],
        "transfer": [
            "OR",
            *[
                [
                    ["from_location", "child_of", [warehouse], "parent"],
                    ["to_location", "not child_of", [warehouse], "parent"],
                    ["to_location.type", "=", "storage"],
                ]
                for warehouse in ours
            ],
        ],
    }


async def _movements(
    client: TrytonClient, places: Places, records: tuple[Record, ...]
) -> tuple[Movement, ...]:
    if not records:
        return ()
    products = await products_in(client, {record["product"] for record in records})
    sources = await sources_of(client, records)
    targets = await _targets(client, places, records)
    return tuple(
        _movement(places, products[record["product"]], record, sources[record["id"]], targets)
        for record in records
        if record["product"] in products
    )


async def _targets(
    client: TrytonClient, places: Places, records: tuple[Record, ...]
) -> dict[str, str]:
    """Return the warehouses that transfers go to, which their first halves do not name."""
    shipments = {record["shipment"] or "" for record in records}
    ids = [int(one.partition(",")[2]) for one in shipments if "shipment.internal," in one]
    if not ids:
        return {}
    page = await client.search(
        "stock.shipment.internal", [["id", "in", ids]], ["to_location"], limit=MOST_RECORDS
    )
    return {
        f"stock.shipment.internal,{record['id']}": places.code_of(record["to_location"]) or ""
        for record in page.records
    }


def _movement(
    places: Places, product: Product, record: Record, source: str, targets: dict[str, str]
) -> Movement:
    start, end = record["from_location"], record["to_location"]
    lot = record["lot"]
    return Movement(
        id=str(record["id"]),
        kind=_kind(places, start, end),
        sku=product.sku,
        quantity=product.exact(record["internal_quantity"]),
        unit=product.unit,
        from_location=places.code_of(start) or _outside(places, start),
        to_location=places.code_of(end)
        or targets.get(record["shipment"] or "")
        or _outside(places, end),
        source_ref=source,
        lot=lot["number"] if lot else None,
        expires_on=expiry_of(lot) if lot else None,
        moved_at=datetime.combine(record["effective_date"], time(), UTC),
        done_by=(record["create_uid"] or {}).get("rec_name") or "",
    )


def _kind(places: Places, start: int, end: int) -> MovementKind:
    kinds = {places.kind_of(start), places.kind_of(end)}
    if _LOST in kinds:
        return "adjustment"
    if places.kind_of(start) in _PARTNERS:
        return "receipt"
    return "shipment" if places.kind_of(end) in _PARTNERS else "transfer"


def _outside(places: Places, place_id: int) -> str:
    kind = places.kind_of(place_id)
    return "count" if kind == _LOST else kind
