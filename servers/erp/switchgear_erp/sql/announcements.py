"""The events of the ERP: written to the outbox in the transaction that they announce."""

from datetime import datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import OrderKind
from switchgear_erp.tables import OrderRow
from switchgear_shared.contracts.business_event_data import OrderChanged, OrderConfirmed
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.messaging.outbox import emit


async def announce(
    session: AsyncSession,
    type_: str,
    subject: str,
    data: Contract,
    *,
    caller: Caller,
    now: datetime,
) -> None:
    """Have the event published when the transaction commits."""
    event = new_event(type_, source="erp", subject=subject, data=data, caller=caller, time=now)
    await emit(session, event)


async def announce_change(
    session: AsyncSession,
    order: OrderRow,
    confirmed: OrderConfirmed | None,
    *,
    caller: Caller,
    now: datetime,
) -> None:
    """Announce the state that `order` has come to; `confirmed` is what that one says."""
    data = confirmed or OrderChanged(
        order_id=order.id, ref=order.ref, kind=cast("OrderKind", order.kind)
    )
    await announce(session, f"erp.order.{order.state}", order.id, data, caller=caller, now=now)
