"""The composition root of the ERP server."""

from functools import partial
from pathlib import Path

from switchgear_erp.demo import load_demo
from switchgear_erp.sql import SqlErp
from switchgear_erp.sql.arrivals import Arrivals
from switchgear_erp.tools import erp
from switchgear_erp.tryton import CAVEATS, TrytonErp
from switchgear_shared.part import Context, Part

INSTRUCTIONS = (
    "Parties, products, orders, invoices and balances: find ids with erp_find_party, "
    "erp_list_orders and erp_list_invoices. An order goes draft, quoted, confirmed, fulfilled, "
    "invoiced, processed. Posting and paying an invoice are final and may need a person's approval."
)


def build(context: Context) -> Part:
    """Return the ERP server over the backend that the settings name."""
    database = context.database("erp")
    part = partial(
        Part,
        name="erp",
        title="Switchgear ERP",
        instructions=INSTRUCTIONS,
        toolset=erp,
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
    )
    if context.settings.erp_backend == "tryton":
        client = context.tryton()
        return part(
            backend=TrytonErp(client),
            backend_name="tryton",
            is_remote=True,
            caveats=CAVEATS,
            close=client.close,
        )
    return part(
        backend=SqlErp(database),
        consumers=Arrivals(database).consumers(),
        load_demo=lambda: load_demo(database),
    )
