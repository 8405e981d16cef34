"""What a move in Tryton was for, and our own names on its records."""

import asyncio
from collections.abc import Iterable, Sequence

from switchgear_shared.storage.tryton.client import MOST_RECORDS, Domain, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal, unmarked

_ORDERS = {"sale.line": "sale", "purchase.line": "purchase"}
_COUNT_LINE = "stock.inventory.line"
_TRANSFER = "stock.shipment.internal"
_SHIPMENTS = {
    _TRANSFER,
    "stock.shipment.in",
    "stock.shipment.in.return",
    "stock.shipment.out",
    "stock.shipment.out.return",
}


async def sources_of(client: TrytonClient, moves: Iterable[Record]) -> dict[int, str]:
    """Return for each move, by id, the number of the order or the reason behind it."""
    known = {move["id"]: move for move in moves}
    origins = {move_id: move["origin"] for move_id, move in known.items()}
    earlier = _by_model(origins.values()).get("stock.move", [])
    if earlier:
        page = await client.search(
            "stock.move", [["id", "in", earlier]], ["origin"], limit=MOST_RECORDS
        )
        before = {f"stock.move,{record['id']}": record["origin"] for record in page.records}
        origins = {move_id: before.get(origin, origin) for move_id, origin in origins.items()}
    names: dict[str, str] = {}
    by_model = _by_model([*origins.values(), *(move["shipment"] for move in known.values())])
    found = await asyncio.gather(
        *(_names(client, model, ids) for model, ids in by_model.items() if model != "stock.move")
    )
    for each in found:
        names |= each
    return {
        move_id: names.get(origins[move_id] or "") or names.get(move["shipment"] or "") or ""
        for move_id, move in known.items()
    }


async def domain_of(client: TrytonClient, source_ref: str) -> list[object]:
    """Return the domain of the moves whose source a caller calls so."""
    orders = [
        [f"origin.{order}.{field}", "=", source_ref, model]
        for model, order in _ORDERS.items()
        for field in ("number", "reference")
    ]
    transfers = [
        ["shipment.reference", "=", source_ref, _TRANSFER],
        ["shipment.reference", "like", f"{literal(source_ref)} [sg-%]", _TRANSFER],
        ["shipment.number", "=", source_ref, _TRANSFER],
    ]
    counts = [["origin.inventory", "in", await _counts(client, source_ref), _COUNT_LINE]]
    return ["OR", *orders, *transfers, *counts]


async def notes_on(
    client: TrytonClient, model: str, ids: Sequence[int], reference: str | None = None
) -> dict[int, str]:
    """Return our note on each record that has one, by the record's id."""
    if not ids:
        return {}
    domain: list[object] = [["resource", "in", [f"{model},{record_id}" for record_id in ids]]]
    if reference is not None:
        domain.append(["message", "like", f"%{literal(f'[{reference}]')}"])
    page = await client.search("ir.note", domain, ["resource", "message"], limit=MOST_RECORDS)
    return {
        int(record["resource"].partition(",")[2]): record["message"]
        for record in page.records
        if unmarked(message := record["message"] or "") != message
    }


async def _counts(client: TrytonClient, reason: str) -> list[int]:
    newest = await client.search(
        "stock.inventory", [], ["number"], limit=MOST_RECORDS, order=[("id", "DESC")]
    )
    numbers = {record["id"]: record["number"] for record in newest.records}
    notes = await notes_on(client, "stock.inventory", [*numbers])
    return [
        count_id
        for count_id, number in numbers.items()
        if (unmarked(notes[count_id]) if count_id in notes else number) == reason
    ]


async def _names(client: TrytonClient, model: str, ids: Sequence[int]) -> dict[str, str]:
    domain: Domain = [["id", "in", ids]]
    if (order := _ORDERS.get(model)) is not None:
        page = await client.search(model, domain, [f"{order}.number"], limit=MOST_RECORDS)
        return {f"{model},{line['id']}": line[order]["number"] or "" for line in page.records}
    if model == _COUNT_LINE:
        fields = ["inventory.number"]
        lines = (await client.search(model, domain, fields, limit=MOST_RECORDS)).records
        notes = await notes_on(
            client, "stock.inventory", sorted({line["inventory"]["id"] for line in lines})
        )
        return {
            f"{model},{line['id']}": unmarked(
                notes.get(line["inventory"]["id"]) or line["inventory"]["number"] or ""
            )
            for line in lines
        }
    if model not in _SHIPMENTS:
        return {}
    page = await client.search(model, domain, ["number", "reference"], limit=MOST_RECORDS)
    return {
        f"{model},{shipment['id']}": (
            unmarked(shipment["reference"] or "") if model == _TRANSFER else ""
        )
        or shipment["number"]
        or ""
        for shipment in page.records
    }


def _by_model(links: Iterable[str | None]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for link in links:
        model, _, record_id = (link or "").partition(",")
        if record_id.isdigit():
            found.setdefault(model, set()).add(int(record_id))
    return {model: sorted(ids) for model, ids in found.items()}
