"""Two changes of one invoice at the same moment: who comes second looks again."""

import asyncio

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.invoices import invoice_record
from switchgear_shared.errors import ConflictError, SwitchgearError
from switchgear_shared.storage.tryton.client import Record

ATTEMPTS = 12
"""How often a change that others came before is tried."""

_WAIT_S = 0.1


async def wait_for_others(act: Act, before: Record, error: SwitchgearError, attempt: int) -> None:
    """Wait a little, if another change of an invoice, read `before`, made Tryton refuse ours.

    Raises:
        ConflictError: the last attempt is over.
        SwitchgearError: `error` itself, where nobody else changed anything.
    """
    name = invoice_id(before["id"])
    if not isinstance(error, ConflictError):
        now = await invoice_record(act.client, name)
        if now["_timestamp"] == before["_timestamp"]:
            raise error
    if attempt >= ATTEMPTS:
        raise ConflictError(
            f"invoice {name} is being changed at this moment", field="invoice_id"
        ) from error
    await wait_a_little(attempt)


async def wait_a_little(attempt: int) -> None:
    """Wait before the next attempt, longer each time."""
    await asyncio.sleep(_WAIT_S * attempt)
