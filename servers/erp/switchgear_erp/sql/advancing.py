"""Taking an order from state to state: every transition checks what it promises."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import OrderKind, OrderState
from switchgear_erp.order_progress import LineProgress, check_is_done, check_is_untouched
from switchgear_erp.sql.announcements import announce_change
from switchgear_erp.sql.credit import check_credit
from switchgear_erp.sql.directory import locked_party
from switchgear_erp.sql.ordering import exceeded
from switchgear_erp.sql.orders import check_version, line_rows, locked_order, written
from switchgear_erp.tables import OrderLineRow, OrderRow
from switchgear_erp.transitions import transition
from switchgear_shared.contracts.business_event_data import OrderConfirmed, OrderedLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError


async def advance(
    session: AsyncSession,
    tenant: TenantId,
    order_id: str,
    to: OrderState,
    *,
    expected_version: str | None,
    caller: Caller,
    now: datetime,
) -> WriteResult:
    """See ErpBackend."""
    order = await locked_order(session, tenant, order_id)
    if order.state == to:
        return written(order, changed=False)
    check_version(order, expected_version)
    name = transition(order.ref, order.state, to)
    lines = await line_rows(session, order)
    if name == "confirm" and order.kind == "sale":
        await _check_credit(session, order, now)
    elif name == "process":
        check_is_done(order.ref, _progress(lines), _progress(lines))
    elif name == "cancel":
        check_is_untouched(order.ref, _progress(lines))
    order.state = to
    order.version += 1
    confirmed = _confirmed(order, lines) if name == "confirm" else None
    await announce_change(session, order, confirmed, caller=caller, now=now)
    return written(order, changed=True)


async def _check_credit(session: AsyncSession, order: OrderRow, now: datetime) -> None:
    party = await locked_party(session, TenantId(order.tenant), order.party_id)
    gross_minor = order.net_minor + order.tax_minor
    credit = await check_credit(session, party, gross_minor, order.currency, now.date())
    if credit is not None and credit.is_exceeded:
        raise InvalidRequestError(
            exceeded(party, credit), field="to", details=credit.model_dump(mode="json")
        )


def _progress(lines: Sequence[OrderLineRow]) -> list[LineProgress]:
    return [LineProgress(line.sku, line.quantity, line.fulfilled, line.invoiced) for line in lines]


def _confirmed(order: OrderRow, lines: Sequence[OrderLineRow]) -> OrderConfirmed:
    return OrderConfirmed(
        order_id=order.id,
        ref=order.ref,
        kind=cast("OrderKind", order.kind),
        party_id=order.party_id,
        location=order.location,
        promised_on=order.promised_on,
        lines=tuple(
            OrderedLine(number=line.number, sku=line.sku, quantity=line.quantity) for line in lines
        ),
    )
