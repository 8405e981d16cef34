"""Tools that read and price sales and purchase orders."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import Order as OrderAnswer
from switchgear_erp.models import OrderKind, OrderPage, OrderPart, OrderState
from switchgear_erp.tools.arguments import Cursor, Limit, Number, Order, Party, Wanted, erp
from switchgear_erp.trade import Quote
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.texts import within
from switchgear_shared.errors import InvalidRequestError


@erp.read(permission="erp.order.read")
async def erp_list_orders(
    backend: ErpBackend,
    caller: Caller,
    *,
    kind: Annotated[OrderKind | None, Field(description="To ship, or to get.")] = None,
    state: Annotated[OrderState | None, Field(description="Its state.")] = None,
    party_id: Party | None = None,
    since: Annotated[date | None, Field(description="Ordered since.")] = None,
    query: Number | None = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> OrderPage:
    """List sales and purchase orders, newest first.

    Filters combine. `confirmed` is open, `processed` shipped and invoiced in full.
    Fails with invalid_request.
    """
    return await backend.list_orders(
        caller.tenant,
        kind=kind,
        state=state,
        party_id=party_id,
        since=since,
        query=query,
        limit=limit,
        cursor=cursor,
    )


@erp.read(permission="erp.order.read")
async def erp_get_order(
    backend: ErpBackend,
    caller: Caller,
    *,
    order_id: Order | None = None,
    ref: Annotated[
        Annotated[str, within(64)] | None, Field(description="Whole number: PO-2026-0042.")
    ] = None,
    include: Annotated[
        tuple[OrderPart, ...], Field(max_length=3, description="Parts to show.")
    ] = (),
) -> OrderAnswer:
    """Get one order by `order_id` or by `ref`.

    Lines say what is fulfilled and invoiced.
    Fails with not_found, or invalid_request unless exactly one of both is given.
    """
    if (order_id is None) == (ref is None):
        raise InvalidRequestError("give either order_id or ref", field="order_id")
    return await backend.get_order(caller.tenant, order_id=order_id, ref=ref, include=include)


@erp.read(permission="erp.order.read")
async def erp_price_order(
    backend: ErpBackend,
    caller: Caller,
    *,
    party_id: Party,
    lines: Wanted,
    kind: Annotated[OrderKind | None, Field(description="Default: sale if a customer.")] = None,
) -> Quote:
    """Calculate what an order would cost, tax included; saves nothing.

    Use it to quote a customer. `warnings` tell where its credit limit would refuse it.
    Fails with not_found for a party or sku, invalid_request for a bad line.
    """
    return await backend.price_order(caller.tenant, kind=kind, party_id=party_id, lines=lines)
