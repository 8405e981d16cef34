"""Two drafts of the same at the same moment: Tryton takes both, and one must go."""

import asyncio

from switchgear_erp.models import InvoiceDraft
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.billed_orders import BilledOrder, billed_order
from switchgear_erp.tryton.draft_header import number_is_taken, with_vendor_number
from switchgear_erp.tryton.ids import invoice_id
from switchgear_shared.errors import ConflictError, SwitchgearError

_LOOKS = 8
_WAIT_S = 0.1


async def check_alone(
    act: Act, draft: InvoiceDraft, order: BilledOrder | None, number: int
) -> None:
    """Raise ConflictError for a new draft that must go: it bills what another one bills.

    The older of two stays once the younger is gone. It goes itself where the younger stays,
    which did not see it.
    """
    for look in range(1, _LOOKS + 1):
        rivals = await _rivals(act, draft, order, number)
        if not rivals:
            return
        if min(rivals) < number or look == _LOOKS:
            raise rivals[min(rivals)]
        await asyncio.sleep(_WAIT_S * look)


async def _rivals(
    act: Act, draft: InvoiceDraft, order: BilledOrder | None, number: int
) -> dict[int, SwitchgearError]:
    """Return the invoices that a draft is one too many beside, and what each is refused with."""
    rivals: dict[int, SwitchgearError] = {}
    if draft.direction == "payable":
        for taken in await with_vendor_number(act.client, draft):
            rivals[taken["id"]] = number_is_taken(draft, taken)
    if order is not None:
        now = await billed_order(act.client, order.id)
        over = [line for line in now.lines if line.left(without=()) < min(line.quantity, 0)]
        for bill in (bill for line in over for bill in line.bills):
            rivals[bill.invoice] = ConflictError(
                f"order {now.number} is on {invoice_id(bill.invoice)} too, made at this moment",
                field="order_id",
            )
    rivals.pop(number, None)
    return rivals
