"""A customer, goods in stock, and what the systems say of an order afterwards."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

from journeys.office import KilledError, Office
from switchgear_shared.calls.call import Dispatcher, Outcome, Request
from switchgear_shared.contracts.events import Event

CUSTOMER = "acc_0001"
SKUS = ("TMP-1008", "TMP-1030", "PRS-1063", "FLW-1128", "VLV-1181", "FIT-1360")
_NUMBERS = count(1)


@dataclass
class Struck:
    """A dispatcher that kills its caller around its n-th call, or never; `calls` lists them."""

    dispatcher: Dispatcher
    at: int | None = None
    after: bool = True
    calls: list[str] = field(default_factory=list[str])

    async def dispatch(self, request: Request) -> Outcome:
        """Dispatch; die before or after it if it is the one."""
        self.calls.append(request.tool)
        is_last = len(self.calls) == self.at
        if is_last and not self.after:
            raise KilledError
        outcome = await self.dispatcher.dispatch(request)
        if is_last:
            raise KilledError
        return outcome


@dataclass
class Refusing:
    """A dispatcher that answers one tool with an error of the test's, as often as it is asked."""

    dispatcher: Dispatcher
    tool: str
    error: Exception
    to: str | None = None
    """Only calls whose argument `to` is this."""

    async def dispatch(self, request: Request) -> Outcome:
        """Refuse, or dispatch."""
        if request.tool == self.tool and request.arguments.get("to") == self.to:
            raise self.error
        return await self.dispatcher.dispatch(request)


@dataclass
class Rewritten:
    """A dispatcher that writes something else into one tool's answers."""

    dispatcher: Dispatcher
    tool: str
    changes: dict[str, Any]

    async def dispatch(self, request: Request) -> Outcome:
        """Dispatch, and change the answer."""
        outcome = await self.dispatcher.dispatch(request)
        if request.tool != self.tool:
            return outcome
        return replace(outcome, structured={**outcome.unwrap(), **self.changes})


@dataclass(frozen=True)
class Standing:
    """What ERP, inventory and CRM say of one customer's order number."""

    orders: tuple[str, ...]
    held: Decimal
    """What is reserved for those orders."""
    logged: tuple[str, ...]


async def goods(office: Office, least: int = 1) -> str:
    """Return an item of which some one warehouse has at least so much."""
    for sku in SKUS:
        stock = await office.ask("inventory_get_stock", sku=sku)
        if any(Decimal(level["available"]) >= least for level in stock["levels"]):
            return sku
    raise AssertionError("the demo company has no such stock")


def wanted(sku: str, quantity: str = "1", **more: Any) -> dict[str, Any]:
    """Return the input of an order under a number of its own."""
    return {
        "party_id": CUSTOMER,
        "lines": [{"sku": sku, "quantity": quantity}],
        "external_ref": f"K-{next(_NUMBERS):04d}",
        **more,
    }


async def standing(office: Office, external_ref: str) -> Standing:
    """Ask the systems' tools what there is of an order."""
    page = await office.ask("erp_list_orders", kind="sale", query=external_ref, limit=50)
    orders = [row for row in page["items"] if row["external_ref"].startswith(external_ref)]
    held, logged = Decimal(0), list[str]()
    notes = await office.ask("crm_list_activities", about_id=CUSTOMER, limit=50)
    for order in orders:
        shown = await office.ask("erp_get_order", order_id=order["id"], include=["lines"])
        for sku in {line["sku"] for line in shown["lines"]}:
            stock = await office.ask("inventory_get_stock", sku=sku, include=["reservations"])
            held += sum(
                Decimal(one["quantity"])
                for one in stock["reservations"]
                if one["for_ref"] == order["ref"]
            )
        logged += [
            note["subject"].removeprefix(f"Order {order['ref']} ")
            for note in notes["items"]
            if note["subject"].startswith(f"Order {order['ref']} ")
        ]
    return Standing(tuple(sorted(order["state"] for order in orders)), held, tuple(sorted(logged)))


async def receipt(office: Office, started: Event) -> dict[str, str]:
    """Return how each step of a process stands."""
    process = await office.process(started)
    return {step["step"]: step["state"] for step in process["receipt"]}
