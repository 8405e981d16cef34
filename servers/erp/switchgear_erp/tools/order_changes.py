"""Tools that make orders and take them through their states."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from switchgear_erp.answers import Written
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import COMPANY_CURRENCY, OrderId, OrderKind
from switchgear_erp.tools.arguments import LINES, Location, Order, Party, Version, Wanted, erp
from switchgear_erp.trade import FulfilledLine, Fulfilment, OrderDraft
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.texts import within


@erp.write(permission="erp.order.create", idempotent=False)
async def erp_create_order(
    backend: ErpBackend,
    caller: Caller,
    *,
    kind: Annotated[OrderKind, Field(description="To a customer, or from a vendor.")],
    party_id: Party,
    lines: Wanted,
    external_ref: Annotated[
        Annotated[str, within(64)] | None, Field(description="The party's own number.")
    ] = None,
    location: Location | None = None,
    promised_on: Annotated[date | None, Field(description="Day of delivery.")] = None,
) -> Written:
    """Create a sales or purchase order as a draft; erp_advance_order confirms it.

    For a customer's order, or to buy from a vendor.
    Fails with conflict if `external_ref` is taken (`details`: by which), not_found,
    invalid_request for a bad line or day.
    """
    draft = OrderDraft(
        kind=kind,
        party_id=party_id,
        lines=lines,
        external_ref=external_ref,
        location=location,
        promised_on=promised_on,
    )
    result = await backend.create_order(caller.tenant, draft=draft, caller=caller)
    return Written.of(result)


async def order_facts(
    backend: ErpBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what policies decide a step of an order by.

    Its worth in the company's currency is left out where it is ordered in another.
    """
    order = await backend.get_order(caller.tenant, order_id=OrderId(arguments["order_id"]))
    amount_minor, currency = order.gross.to_minor(), order.gross.currency
    is_ours = currency == COMPANY_CURRENCY
    return {
        "kind": order.kind,
        "state": order.state,
        "party_id": order.party_id,
        "amount_minor": amount_minor,
        "currency": currency,
        **({"amount_company_minor": amount_minor} if is_ours else {}),
    }


@erp.write(permission="erp.order.advance", idempotent=True, destructive=True, facts=order_facts)
async def erp_advance_order(
    backend: ErpBackend,
    caller: Caller,
    *,
    order_id: Order,
    to: Annotated[
        Literal["quoted", "confirmed", "processed", "cancelled"],
        Field(description="Next after draft, in this order."),
    ],
    expected_version: Version | None = None,
) -> Written:
    """Quote, confirm, complete or cancel an order.

    `processed` needs all fulfilled and invoiced, `cancelled` nothing yet. Large purchases may
    need approval.
    Fails with conflict if it moved on, invalid_request for another step or over the credit limit
    (`details`: limit, used, needed).
    """
    result = await backend.advance_order(
        caller.tenant, order_id=order_id, to=to, expected_version=expected_version, caller=caller
    )
    return Written.of(result)


@erp.write(permission="erp.order.fulfil", idempotent=False)
async def erp_fulfil_order(
    backend: ErpBackend,
    caller: Caller,
    *,
    order_id: Order,
    lines: Annotated[
        Annotated[tuple[FulfilledLine, ...], LINES] | None,
        Field(description="By number or sku. Default: all that is left."),
    ] = None,
    location: Location | None = None,
    fulfilled_on: Annotated[date | None, Field(description="Default: today.")] = None,
    expected_version: Version | None = None,
) -> Written:
    """Ship the goods of a confirmed sale, or receive those of a purchase.

    Use it for a delivery, whole or in part; stock follows.
    Fails with conflict if less is left or it moved on, invalid_request unless confirmed.
    """
    result = await backend.fulfil_order(
        caller.tenant,
        order_id=order_id,
        fulfilment=Fulfilment(lines=lines, location=location, fulfilled_on=fulfilled_on),
        expected_version=expected_version,
        caller=caller,
    )
    return Written.of(result)
