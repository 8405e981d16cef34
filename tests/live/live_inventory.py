"""The inventory's tools over a real Tryton, and records of it that tests need."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from live_tryton import added, one
from pydantic import SecretStr
from sqlalchemy import select

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.storage.tryton.client import TrytonClient, without_labels
from switchgear_shared.testing import settings_for

KEEPER = Agent("keeper", "agent", (), ("inventory.*",))
_NUMBERS = count(1)


@dataclass(frozen=True)
class InventorySuite:
    """A host whose inventory is Tryton's; every call goes through the whole pipeline."""

    host: Host

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
        """Return the types of what was announced, in order."""
        database = self.host.servers["inventory"].part.database
        assert database is not None
        async with database.reading() as session:
            return list(await session.scalars(select(outbox.c.type).order_by(outbox.c.id)))


@asynccontextmanager
async def serving_inventory(
    data: Path, connection: dict[str, Any], **changes: Any
) -> AsyncGenerator[InventorySuite]:
    """Open a host whose inventory is a Tryton's, until the block ends."""
    settings = settings_for(
        data,
        inventory_backend="tryton",
        tryton_url=connection["url"],
        tryton_user=connection["user"],
        tryton_password=SecretStr(connection["password"]),
        tryton_key=SecretStr(connection["key"]),
        tryton_company=connection["company"],
        **changes,
    )
    host, _ = new_host(settings)
    try:
        await host.open(["inventory"])
        yield InventorySuite(host)
    finally:
        await host.close()


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
