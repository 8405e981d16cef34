"""Listing and reading sales and purchases, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from switchgear_erp.models import (
    InvoiceRef,
    Order,
    OrderKind,
    OrderPage,
    OrderPart,
    OrderState,
    Shipment,
    ShipmentLine,
)
from switchgear_erp.tryton.amounts import exact, money
from switchgear_erp.tryton.ids import (
    MODELS,
    ids_beginning,
    invoice_id,
    number_in,
    order_in,
    shipment_id,
)
from switchgear_erp.tryton.lots import expiry_of
from switchgear_erp.tryton.order_records import (
    STATES,
    OrderRecord,
    day_of,
    fields_of,
    read_again,
    read_order,
)
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of, not_ours
from switchgear_shared.storage.tryton.texts import literal

_ORDERS = "erp.tryton.orders"
_NEWEST = [("create_date", "DESC"), ("id", "DESC")]
_DRAFTS = {"validated": "draft"}


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What orders are looked for; criteria that are None do not count."""

    kind: OrderKind | None
    state: OrderState | None
    party_id: str | None
    since: date | None
    query: str | None

    def domain(self, kind: OrderKind, company: int) -> list[Any] | None:
        """Return what orders of a kind must fulfil, None where none can."""
        if self.kind not in {None, kind}:
            return None
        domain: list[Any] = [["company", "=", company]]
        if self.state is not None:
            states = [theirs for theirs, ours in STATES.items() if ours == self.state]
            domain.append(["state", "in", states])
        if self.party_id is not None:
            party = number_in("party", self.party_id)
            if party is None:
                return None
            domain.append(["party", "=", party])
        if self.since is not None:
            midnight = datetime.combine(self.since, time(), UTC)
            undated = [[day_of(kind), "=", None], ["create_date", ">=", midnight]]
            domain.append(["OR", [day_of(kind), ">=", self.since], undated])
        if self.query is not None:
            pattern = f"%{literal(self.query)}%"
            called = [[field, "ilike", pattern] for field in ("number", "reference")]
            domain.append(["OR", *called, *ids_beginning(kind, self.query)])
        return domain


async def list_orders(
    client: TrytonClient, search: OrderSearch, *, limit: int, cursor: str | None
) -> OrderPage:
    """See ErpBackend."""
    last = _last(cursor)
    total = 0
    found: list[tuple[datetime, OrderKind, int, OrderRecord]] = []
    for kind, model in MODELS.items():
        domain = search.domain(kind, client.company)
        if domain is None:
            continue
        total += await client.call(model, "search_count", domain)
        page = await client.search(
            model,
            [*domain, *_after(kind, last)],
            fields_of(kind, whole=False),
            limit=limit + 1,
            order=_NEWEST,
        )
        found.extend(
            (record["create_date"], kind, record["id"], OrderRecord(kind, record))
            for record in page.records
        )
    found.sort(key=lambda one: one[:3], reverse=True)
    shown = found[:limit]
    next_cursor = None
    if len(found) > limit:
        created, kind, number, _ = shown[-1]
        next_cursor = encode_cursor(_ORDERS, [created.isoformat(), kind, number])
    return OrderPage(
        items=tuple(order.summary() for *_, order in shown),
        total=total,
        next_cursor=next_cursor,
        truncated=next_cursor is not None,
    )


async def get_order(
    client: TrytonClient,
    *,
    order_id: str | None,
    ref: str | None,
    include: Sequence[OrderPart],
) -> Order:
    """See ErpBackend."""
    if order_id is not None:
        order = await read_order(client, order_id)
    else:
        order = await _called(client, ref or "")
    return Order(
        **dict(order.summary()),
        location=order.location,
        net=money(order.record["untaxed_amount"], order.currency),
        tax=money(order.record["tax_amount"], order.currency),
        lines=(
            tuple(line.answer(order.currency) for line in order.lines)
            if "lines" in include
            else None
        ),
        shipments=await _shipments(client, order) if "shipments" in include else None,
        invoices=await _invoices(client, order) if "invoices" in include else None,
    )


async def _called(client: TrytonClient, ref: str) -> OrderRecord:
    found: list[tuple[OrderKind, int]] = []
    for kind, model in MODELS.items():
        domain = [["number", "=", ref], ["company", "=", client.company]]
        page = await client.search(model, domain, ["id"], limit=2)
        found.extend((kind, record["id"]) for record in page.records)
    if len(found) > 1:
        ids = ", ".join(f"{kind}-{number}" for kind, number in found)
        raise InvalidRequestError(
            f"Tryton has several orders {ref}: {ids}", field="ref", details={"order_ids": ids}
        )
    if found:
        return await read_again(client, *found[0])
    if order_in(ref) is not None:
        order = await read_order(client, ref)
        if order.ref == ref:
            return order
    raise NotFoundError(f"there is no order {ref}", field="ref")


async def _shipments(client: TrytonClient, order: OrderRecord) -> tuple[Shipment, ...]:
    lines = {f"{order.kind}.line,{line.id}": line for line in order.lines}
    fields = ["origin", "shipment", "quantity", "effective_date", "lot.number"]
    fields += ["lot.expiration_date", "lot.shelf_life_expiration_date"]
    domain = [["origin", "in", [*lines]], ["state", "=", "done"]]
    page = await client.search("stock.move", domain, fields, limit=MOST_RECORDS)
    moves: dict[str, list[Record]] = {}
    for move in page.records:
        moves.setdefault(move["shipment"] or f"stock.move,{move['id']}", []).append(move)
    return tuple(
        Shipment(
            id=shipment_id(order.kind, name),
            fulfilled_on=each[0]["effective_date"],
            location=order.location,
            lines=tuple(
                ShipmentLine(
                    number=lines[move["origin"]].number,
                    sku=lines[move["origin"]].sku,
                    quantity=exact(move["quantity"]),
                    lot=move["lot"]["number"] if move["lot"] else None,
                    expires_on=expiry_of(move["lot"]) if move["lot"] else None,
                )
                for move in each
            ),
        )
        for name, each in moves.items()
    )


async def _invoices(client: TrytonClient, order: OrderRecord) -> tuple[InvoiceRef, ...]:
    numbers = order.record["invoices"] or []
    if not numbers:
        return ()
    page = await client.search(
        "account.invoice",
        [["id", "in", numbers]],
        ["number", "state", "total_amount", "currency.code"],
        limit=MOST_RECORDS,
    )
    return tuple(
        InvoiceRef.model_validate(
            {
                "id": invoice_id(record["id"]),
                "ref": record["number"],
                "state": _DRAFTS.get(record["state"], record["state"]),
                "gross": money(record["total_amount"], record["currency"]["code"]),
            }
        )
        for record in page.records
    )


def _last(cursor: str | None) -> tuple[datetime, str, int] | None:
    if cursor is None:
        return None
    created, kind, number = keys_of(_ORDERS, cursor, datetime, str, int)
    if kind not in MODELS:
        raise not_ours()
    return created, kind, number


def _after(kind: OrderKind, last: tuple[datetime, str, int] | None) -> list[Any]:
    """Return the condition for the orders of a kind that follow the last one shown."""
    if last is None:
        return []
    created, last_kind, number = last
    if kind != last_kind:
        return [["create_date", "<=" if kind < last_kind else "<", created]]
    same = [["create_date", "=", created], ["id", "<", number]]
    return [["OR", ["create_date", "<", created], same]]
