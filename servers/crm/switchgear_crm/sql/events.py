"""The CRM's events, announced in the transaction of the change."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.messaging.outbox import emit


async def announce(
    session: AsyncSession,
    kind: str,
    record_id: str,
    data: Contract,
    *,
    caller: Caller,
    at: datetime,
) -> None:
    """Have `crm.<kind>` published about the record when the transaction commits."""
    event = new_event(
        f"crm.{kind}", source="crm", subject=record_id, data=data, caller=caller, time=at
    )
    await emit(session, event)
