"""The inventory's tools over a real Tryton or our own tables, and records that tests need."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from live_tryton import added, one, over_tryton
from sqlalchemy import func, select

from switchgear_inventory.tables import ArrivalRow, ItemRow, LocationRow
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.storage.tryton.client import TrytonClient, without_labels
from switchgear_shared.testing import settings_for

KEEPER = Agent("keeper", "agent", (), ("inventory.*",))
_NUMBERS = count(1)


@dataclass(frozen=True)
class InventorySuite:
    """A host with an inventory; every call goes through the whole pipeline."""

    host: Host
    first_event: int = 0

    async def call(self, tool: str, *, key: str | None = None, **arguments: Any) -> Outcome:
        """Return the outcome of a call."""
        keyed = {"idempotency_key": key} if key else {}
        return await self.host.servers["inventory"].pipeline.dispatch(
            Request(
                server="inventory",
                tool=f"inventory_{tool}",
                arguments={**arguments, **keyed},
                principal=KEEPER.principal,
                correlation_id=CorrelationId(new_correlation_id()),
            )
        )

    async def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured answer of a call that must succeed."""
        return (await self.call(tool, **arguments)).unwrap()

    async def refusal(self, tool: str, **arguments: Any) -> SwitchgearError:
        """Return the error of a call that must fail."""
        outcome = await self.call(tool, **arguments)
        assert outcome.error is not None, outcome.structured
        return outcome.error

    async def on_hand(self, sku: str) -> dict[str, str]:
        """Return what is on hand of an item by warehouse."""
        stock = await self.answer("get_stock", sku=sku)
        return {level["location"]: level["on_hand"] for level in stock["levels"]}

    async def put(self, sku: str, quantity: str, location: str = "WH", **lot: Any) -> None:
        """Have so much on hand of what a warehouse has had none of."""
        await self.answer(
            "adjust",
            sku=sku,
            location=location,
            counted=quantity,
            expected_quantity="0",
            reason="FIRST",
            **lot,
        )

    async def events(self) -> list[str]:
        """Return the types of what was announced since this host was opened, in order."""
        ours = outbox.c.id > self.first_event
        async with self.database.reading() as session:
            types = select(outbox.c.type).where(ours).order_by(outbox.c.id)
            return list(await session.scalars(types))

    @property
    def database(self) -> Database:
        """Our own database, beside the Tryton or with the whole inventory in it."""
        database = self.host.servers["inventory"].part.database
        assert database is not None
        return database


@asynccontextmanager
async def serving_inventory(
    data: Path, connection: dict[str, Any] | None = None, **changes: Any
) -> AsyncGenerator[InventorySuite]:
    """Open a host whose inventory is a Tryton's, or our own, until the block ends."""
    told = over_tryton(connection, "inventory") if connection else {}
    host, _ = new_host(settings_for(data, **{**told, **changes}))
    try:
        await host.open(["inventory"])
        suite = InventorySuite(host)
        async with suite.database.reading() as session:
            last = await session.scalar(select(func.max(outbox.c.id)))
        yield replace(suite, first_event=last or 0)
    finally:
        await host.close()


class InventoryWorld(Protocol):
    """An inventory of two warehouses, WH and NORTH, to which tests add what they count on."""

    @property
    def suite(self) -> InventorySuite:
        """The host, for calls."""
        ...

    async def new_item(self, *, has_lots: bool = False) -> str:
        """Make an item that nobody else uses, without stock, and return its SKU."""
        ...

    async def purchase(self, lines: dict[str, int]) -> str:
        """Have goods come to WH in a week, and return the number of their order."""
        ...


@dataclass(frozen=True)
class TrytonWorld:
    """The inventory of a Tryton."""

    suite: InventorySuite
    client: TrytonClient

    async def new_item(self, *, has_lots: bool = False) -> str:
        """See InventoryWorld."""
        return await new_item(self.client, has_lots=has_lots)

    async def purchase(self, lines: dict[str, int]) -> str:
        """See InventoryWorld."""
        return await purchase(self.client, {sku: float(lines[sku]) for sku in lines})


@dataclass(frozen=True)
class SqlWorld:
    """The inventory in our own tables."""

    suite: InventorySuite

    async def open(self) -> "SqlWorld":
        """Have the warehouses, which an earlier test may have made."""
        async with self.suite.database.writing() as session:
            known = await session.scalars(select(LocationRow.code))
            missing = {"WH", "NORTH"} - set(known)
            session.add_all(
                LocationRow(tenant=DEFAULT_TENANT, code=code, name=code) for code in missing
            )
        return self

    async def new_item(self, *, has_lots: bool = False) -> str:
        """See InventoryWorld."""
        mark = uuid4().hex
        sku = f"T{next(_NUMBERS)}-{mark[:8]}".upper()
        item = ItemRow(
            tenant=DEFAULT_TENANT,
            id=f"itm_{mark}",
            sku=sku,
            name=f"Thing {sku}",
            category="things",
            unit="C62",
            barcode=str(int(mark[:11], 16))[:14],
            is_lot_tracked=has_lots,
            reorder_point=Decimal(0),
            reorder_quantity=Decimal(0),
            vendor_id="",
            search_text=fold(f"Thing {sku} things"),
        )
        async with self.suite.database.writing() as session:
            session.add(item)
        return sku

    async def purchase(self, lines: dict[str, int]) -> str:
        """See InventoryWorld."""
        number = f"PO-{uuid4().hex[:8]}".upper()
        async with self.suite.database.writing() as session:
            for line, (sku, quantity) in enumerate(lines.items(), 1):
                ours = (ItemRow.tenant == DEFAULT_TENANT, ItemRow.sku == sku)
                item_id = await session.scalar(select(ItemRow.id).where(*ours))
                session.add(
                    ArrivalRow(
                        tenant=DEFAULT_TENANT,
                        source_ref=number,
                        line_number=line,
                        item_id=item_id,
                        location="WH",
                        expected=Decimal(quantity),
                        received=Decimal(0),
                        due_on=datetime.now(UTC).date() + timedelta(days=7),
                    )
                )
        return number


async def new_item(client: TrytonClient, *, has_lots: bool = False, unit: str = "u") -> str:
    """Make an item that nobody else uses, and return its SKU."""
    sku = f"T{next(_NUMBERS)}-{uuid4().hex[:8]}".upper()
    model = await one(client, "product.product", "code", "GLU-500" if has_lots else "BRK-016")
    known = await client.get(
        "product.product", model, ["template.account_category", "lot_required"]
    )
    uom = await one(client, "product.uom", "symbol", unit)
    template = {
        "name": f"Thing {sku}",
        "type": "goods",
        "default_uom": uom,
        "purchase_uom": uom,
        "sale_uom": uom,
        "purchasable": True,
        "salable": True,
        "list_price": Decimal(10),
        "account_category": known["template"]["account_category"],
        "lot_required": known["lot_required"],
        "products": [["create", [{"suffix_code": sku}]]],
    }
    await client.call("product.template", "create", [template])
    return sku


async def purchase(
    client: TrytonClient,
    lines: dict[str, float],
    *,
    warehouse: str = "WH",
    reference: str | None = None,
) -> str:
    """Order from a vendor, to come in a week, and return the purchase's number."""
    wanted = ["company", "currency", "invoice_method"]
    order = without_labels(await client.call("purchase.purchase", "default_get", wanted))
    order["party"] = await one(client, "party.party", "name", "Kupfer und Draht KG")
    order |= without_labels(await client.call("purchase.purchase", "on_change", order, ["party"]))
    about = {key: order[key] for key in ("party", "currency", "company")}
    made: list[dict[str, Any]] = []
    for sku, quantity in lines.items():
        product = await one(client, "product.product", "code", sku)
        line = {"type": "line", "product": product, "quantity": quantity}
        proposed = await client.call(
            "purchase.line",
            "on_change",
            {**line, "company": order["company"], "currency": order["currency"], "purchase": about},
            ["product", "quantity"],
        )
        made.append(
            {
                **line,
                "unit": proposed["unit"],
                "unit_price": Decimal(5),
                "taxes": added(proposed["taxes"]),
            }
        )
    order |= {
        "reference": reference,
        "warehouse": await one(client, "stock.location", "code", warehouse),
        "delivery_date": date.today() + timedelta(days=7),  # noqa: DTZ011  # the company's day
        "lines": [["create", made]],
    }
    [purchase_id] = await client.call("purchase.purchase", "create", [order])
    await client.call("purchase.purchase", "quote", [purchase_id])
    await client.call("purchase.purchase", "confirm", [purchase_id])
    [purchase_made] = await client.call("purchase.purchase", "read", [purchase_id], ["number"])
    return purchase_made["number"]
