"""Having orders billed anew whose draft was cancelled, as Tryton's own users have it done.

Tryton holds a cancelled invoice against its order until somebody says what is to come of it. Said
to be made anew, it counts no more, and Tryton drafts what is left to bill, as it did at first.
"""

from collections.abc import Iterable

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.invoice_records import INVOICE
from switchgear_shared.storage.tryton.client import TrytonClient, Wizard

_ORDER = "purchase.purchase"
_WIZARD = "purchase.handle.invoice.exception"


async def billed_by(client: TrytonClient, invoices: Iterable[int]) -> list[int]:
    """Return the purchases that these invoices bill."""
    numbers = [*invoices]
    if not numbers:
        return []
    records = await client.call(INVOICE, "read", numbers, ["purchases"])
    return sorted({order for record in records for order in record["purchases"]})


async def check_billing_anew(client: TrytonClient, orders: Iterable[int]) -> None:
    """Raise what Tryton refuses to have these orders billed anew with, before anything is sent."""
    for order in orders:
        async with client.wizard(_WIZARD, _ORDER, order) as wizard:
            await _undecided(wizard)


async def bill_anew(act: Act, orders: Iterable[int], cancelled: Iterable[int]) -> None:
    """Have the orders billed anew for what these cancelled invoices billed, where it is not yet.

    What people cancelled beside is theirs to decide.
    """
    ours = {*cancelled}
    for order in orders:
        async with act.client.wizard(_WIZARD, _ORDER, order) as wizard:
            undecided = await _undecided(wizard)
            if chosen := sorted(undecided & ours):
                form = {"domain_invoices": sorted(undecided), "recreate_invoices": chosen}
                act.write.check_may_send()
                await wizard.step("handle", {"ask": form}, is_write=True)


async def _undecided(wizard: Wizard) -> set[int]:
    proposed = await wizard.step(wizard.first, {}, is_write=False)
    return {*((proposed or {}).get("domain_invoices") or [])}
