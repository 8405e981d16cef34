"""Tools that read sales and purchase orders."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import Order as OrderAnswer
from switchgear_erp.models import OrderKind, OrderPage, OrderPart, OrderState
from switchgear_erp.tools.arguments import Cursor, Limit, Number, Order, Party, erp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError


@erp.read(permission="erp.order.read")
async def erp_list_orders(
    backend: ErpBackend,
    caller: Caller,
    *,
    kind: Annotated[OrderKind | None, Field(description="Ours to ship, or ours to get.")] = None,
    state: Annotated[OrderState | None, Field(description="Only this state.")] = None,
    party_id: Party | None = None,
    since: Annotated[date | None, Field(description="Ordered on this day or later.")] = None,
    query: Number | None = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> OrderPage:
    """List sales and purchase orders, newest first.

    Filters combine. Open orders are `confirmed`; `processed` ones are invoiced in full.
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
        str | None,
        Field(min_length=1, max_length=64, description="Its whole number, as PO-2026-0042."),
    ] = None,
    include: Annotated[
        tuple[OrderPart, ...], Field(max_length=2, description="Parts to show too.")
    ] = (),
) -> OrderAnswer:
    """Get one order by `order_id` or by `ref`.

    Lines say how much is invoiced already. Fails with not_found, or invalid_request unless exactly
    one of `order_id` and `ref` is given.
    """
    if (order_id is None) == (ref is None):
        raise InvalidRequestError("give either order_id or ref", field="order_id")
    return await backend.get_order(caller.tenant, order_id=order_id, ref=ref, include=include)
