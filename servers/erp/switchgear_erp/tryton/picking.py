"""What of which shipment goes for a sale, and how its moves in Tryton are cut to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.amounts import ZERO, exact
from switchgear_erp.tryton.goods import Part
from switchgear_erp.tryton.lots import Lot, good_lots, named_lot
from switchgear_erp.tryton.order_records import OrderRecord
from switchgear_erp.tryton.stock import free_in
from switchgear_shared.errors import BackendRejectedError, ConflictError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record
from switchgear_shared.storage.tryton.texts import unmarked

SHIPMENT = "stock.shipment.out"
FIELDS = (
    "number",
    "state",
    "reference",
    "write_date",
    "_timestamp",
    "warehouse_storage",
    "warehouse_output",
    *(
        f"{moves}_moves.{field}"
        for moves in ("outgoing", "inventory")
        for field in ("origin", "product", "unit", "quantity", "state", "lot", "_timestamp")
    ),
    "inventory_moves.from_location",
    "inventory_moves.to_location",
    "inventory_moves.planned_date",
)
_OPEN = {"draft", "waiting", "assigned"}
_COPIED = ("product", "unit", "from_location", "to_location", "planned_date", "origin")
_ABANDONED = timedelta(minutes=15)
Share = tuple[Decimal, int | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A shipment, and what of each of its outgoing moves goes: quantities, by lot."""

    shipment: Record
    shares: dict[int, list[Share]]


async def plan(act: Act, order: OrderRecord, parts: Sequence[Part]) -> Plan:
    """Return which shipment takes the goods.

    Raises:
        ConflictError: the warehouse has less of them free, or they are going at this moment.
        BackendRejectedError: no open shipment has them all.
    """
    if order.record["state"] == "confirmed":  # a rehearsal: nothing is there to look at yet
        return Plan({}, {})
    shipments = await _open_shipments(act, order)
    wanted: dict[int, Decimal] = {}
    for part in parts:
        wanted[part.line.id] = wanted.get(part.line.id, ZERO) + part.quantity
    shipment = next((one for one in shipments if _has(one, wanted)), None)
    if shipment is None:
        raise _nowhere(order, shipments)
    _check_taken(act, order, shipment)
    if shipment["warehouse_storage"] == shipment["warehouse_output"]:
        raise BackendRejectedError(
            f"{order.location} has no zone that goods leave from: ship {order.ref} in Tryton"
        )
    shelf = _Shelf(act, order, shipment)
    await shelf.look(parts)
    left = _by_line(shipment)
    shares: dict[int, list[Share]] = {}
    for part in parts:
        for quantity, lot in await shelf.take(part):
            for move, share in _spread(left, part.line.id, quantity):
                shares.setdefault(move, []).append((share, lot))
    return Plan(shipment, shares)


def is_plain(shipment: Record) -> bool:
    """Whether a shipment waits, with one move to pick for each that goes out."""
    picked = {move["origin"]: move for move in shipment["inventory_moves"] or []}
    going = [move for move in shipment["outgoing_moves"] or [] if move["quantity"]]
    return (
        shipment["state"] == "waiting"
        and len(shipment["inventory_moves"] or []) == len(going)
        and all(
            (pick := picked.get(f"stock.move,{move['id']}")) is not None
            and pick["state"] == "draft"
            and pick["quantity"] == move["quantity"]
            and pick["lot"] is None
            for move in going
        )
    )


def changes(goods: Plan, shipment: Record) -> tuple[list[Any], dict[str, str]]:
    """Return the change of a plain shipment's moves to pick, and the versions it expects."""
    expected = {f"{SHIPMENT},{shipment['id']}": shipment["_timestamp"]}
    made: list[Any] = []
    gone: list[int] = []
    for move in shipment["inventory_moves"]:
        expected[f"stock.move,{move['id']}"] = move["_timestamp"]
        shares = goods.shares.get(int(move["origin"].partition(",")[2]), [])
        if not shares:
            gone.append(move["id"])
            continue
        (quantity, lot), *more = shares
        made.append(["write", [move["id"]], {"quantity": float(quantity), "lot": lot}])
        copied = {name: move[name] for name in _COPIED}
        made.extend(
            ["create", [{**copied, "quantity": float(quantity), "lot": lot}]]
            for quantity, lot in more
        )
    if gone:
        made.append(["delete", gone])
    return made, expected


async def _open_shipments(act: Act, order: OrderRecord) -> list[Record]:
    links = {
        move["shipment"] or ""
        for line in order.goods
        for move in line.record["moves"] or []
        if move["state"] not in {"done", "cancelled"}
    }
    numbers = [int(link.partition(",")[2]) for link in links if link.startswith(f"{SHIPMENT},")]
    if not numbers:
        return []
    domain = [["id", "in", sorted(numbers)], ["state", "in", sorted(_OPEN)]]
    page = await act.client.search(SHIPMENT, domain, FIELDS, limit=MOST_RECORDS)
    return [*page.records]


def _by_line(shipment: Record) -> dict[int, list[tuple[int, Decimal]]]:
    """Return the outgoing moves of each line of the sale, with what they are to bring."""
    found: dict[int, list[tuple[int, Decimal]]] = {}
    for move in shipment["outgoing_moves"] or []:
        model, _, number = (move["origin"] or "").partition(",")
        if model == "sale.line" and move["state"] not in {"done", "cancelled"}:
            found.setdefault(int(number), []).append((move["id"], exact(move["quantity"])))
    return found


def _spread(
    left: dict[int, list[tuple[int, Decimal]]], line: int, quantity: Decimal
) -> list[tuple[int, Decimal]]:
    """Take a quantity off the moves that are left of a line, the first ones first."""
    shares: list[tuple[int, Decimal]] = []
    still: list[tuple[int, Decimal]] = []
    for move, has in left[line]:
        share = min(quantity, has)
        if share > 0:
            shares.append((move, share))
            quantity -= share
        if has > share:
            still.append((move, has - share))
    left[line] = still
    return shares


def _has(shipment: Record, wanted: dict[int, Decimal]) -> bool:
    by_line = _by_line(shipment)
    return all(
        sum((quantity for _, quantity in by_line.get(line, [])), ZERO) >= asked
        for line, asked in wanted.items()
    )


def _nowhere(order: OrderRecord, shipments: Sequence[Record]) -> BackendRejectedError:
    if not shipments:
        return BackendRejectedError(
            f"Tryton has no open shipment of {order.ref}: it is made or completed there"
        )
    numbers = ", ".join(one["number"] or str(one["id"]) for one in shipments)
    return BackendRejectedError(
        f"no open shipment of {order.ref} in Tryton has all of this, open are {numbers}: fulfil "
        "them one at a time"
    )


def _check_taken(act: Act, order: OrderRecord, shipment: Record) -> None:
    """Refuse a shipment that another call is at; one that it has left alone is taken over."""
    reference = shipment["reference"] or ""
    written_at = shipment["write_date"]
    is_fresh = written_at is not None and act.now - written_at < _ABANDONED
    if unmarked(reference) != reference and is_fresh:
        raise ConflictError(
            f"order {order.ref} is being fulfilled at this moment", field="order_id"
        )


def _is_held(shipment: Record) -> bool:
    """Whether some of its goods are assigned to it already."""
    return any(move["state"] == "assigned" for move in shipment["inventory_moves"] or [])


class _Shelf:
    """What is free for a shipment where it is picked; what it holds itself counts as free."""

    def __init__(self, act: Act, order: OrderRecord, shipment: Record) -> None:
        self._act = act
        self._order = order
        self._place: int = shipment["warehouse_storage"]
        self._is_assigned_gone = not _is_held(shipment)
        self._free: dict[int, Decimal] = {}
        self._lots: dict[int, list[Lot]] = {}

    async def look(self, parts: Sequence[Part]) -> None:
        """Read what is free of the goods."""
        self._free = await free_in(
            self._act.client,
            [part.line.product_id for part in parts],
            self._place,
            self._act.today,
            is_assigned_gone=self._is_assigned_gone,
        )

    async def take(self, part: Part) -> list[Share]:
        """Take the goods of a part, by lot where they have lots; raises ConflictError."""
        line = part.line
        if not line.is_in_own_unit:
            if line.is_by_lot:
                raise BackendRejectedError(
                    f"{line.sku} is sold in another unit than its lots are kept in: ship "
                    f"{self._order.ref} in Tryton"
                )
            return [(part.quantity, None)]
        free = self._free.get(line.product_id, ZERO)
        if part.quantity > free:
            raise self._lacking(part, free)
        self._free[line.product_id] = free - part.quantity
        return await self._by_lot(part) if line.is_by_lot else [(part.quantity, None)]

    async def _by_lot(self, part: Part) -> list[Share]:
        product = part.line.product_id
        if product not in self._lots:
            self._lots[product] = await good_lots(
                self._act, product, self._place, is_assigned_gone=self._is_assigned_gone
            )
        lots = self._lots[product]
        if part.lot is not None:
            named = await named_lot(
                self._act, product, part.line.sku, part.lot, part.expires_on, part.field
            )
            lots = [lot for lot in lots if lot.id == named]
        rest = part.quantity
        shares: list[Share] = []
        for lot in lots:
            share = min(rest, lot.free)
            if share > 0:
                lot.free -= share
                rest -= share
                shares.append((share, lot.id))
        if rest > 0:
            raise self._lacking(part, part.quantity - rest)
        return shares

    def _lacking(self, part: Part, free: Decimal) -> ConflictError:
        of_lot = f" of lot {part.lot}" if part.lot else ""
        location = self._order.location or ""
        available = max(plain(free), ZERO)
        return ConflictError(
            f"{part.line.sku} has {available:f}{of_lot} available in {location}, "
            f"not {part.quantity:f}",
            field=part.field if part.field == "lines" else f"{part.field}.quantity",
            details={
                "sku": part.line.sku,
                "location": location,
                "available": f"{available:f}",
                "requested": f"{part.quantity:f}",
            },
        )
