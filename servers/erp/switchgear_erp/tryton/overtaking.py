"""Two changes of one invoice at the same moment: who comes second looks again."""

import asyncio

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.invoice_records import LINE_FIELDS, state_of
from switchgear_erp.tryton.invoices import invoice_record
from switchgear_erp.tryton.marks import posting_of
from switchgear_shared.errors import ConflictError, SwitchgearError
from switchgear_shared.storage.tryton.client import Record

_ATTEMPTS = 8
_WAIT_S = 0.1
_LOOKS = 20
_LOOK_S = 0.25


def check_attempt(attempt: int, named: str) -> None:
    """Raise ConflictError where others have come before too often."""
    if attempt > _ATTEMPTS:
        raise ConflictError(f"invoice {named} is being changed at this moment", field="invoice_id")


async def wait_for_others(act: Act, before: Record, error: SwitchgearError, attempt: int) -> None:
    """Wait a little, if another change of an invoice, read `before`, made Tryton refuse ours.

    Raises:
        SwitchgearError: `error` itself, where nobody else changed anything.
    """
    if not isinstance(error, ConflictError):
        now = await invoice_record(act.client, invoice_id(before["id"]))
        if now["_timestamp"] == before["_timestamp"]:
            raise error
    await asyncio.sleep(_WAIT_S * attempt)


async def not_being_posted(act: Act, named: str) -> Record:
    """Return an invoice with its lines, once nobody else is about to post it.

    Who said so five seconds ago and has not done it is not waited for any longer.
    """
    seen, looks = None, 0
    while True:
        record = await invoice_record(act.client, named, *LINE_FIELDS)
        by = posting_of(record["description"])
        is_others = by is not None and by != act.write.reference
        is_sending = not (act.write.is_look or act.write.is_rehearsal)
        if state_of(record) != "draft" or not is_others or not is_sending:
            return record
        if record["_timestamp"] != seen:
            seen, looks = record["_timestamp"], 0
        if looks == _LOOKS:
            return record
        looks += 1
        await asyncio.sleep(_LOOK_S)
