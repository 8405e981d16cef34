"""The composition root of the ERP server."""

from pathlib import Path

from switchgear_erp.demo import load_demo
from switchgear_erp.sql import SqlErp
from switchgear_erp.sql.arrivals import Arrivals
from switchgear_erp.tools import erp
from switchgear_shared.part import Context, Part

INSTRUCTIONS = (
    "Parties, products, orders, invoices and balances: find ids with erp_find_party, "
    "erp_list_orders and erp_list_invoices. An order goes draft, quoted, confirmed, fulfilled, "
    "invoiced, processed. Posting and paying an invoice are final and may need a person's approval."
)


def build(context: Context) -> Part:
    """Return the ERP server over its embedded backend."""
    database = context.database("erp")
    return Part(
        name="erp",
        title="Switchgear ERP",
        instructions=INSTRUCTIONS,
        toolset=erp,
        backend=SqlErp(database),
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
        consumers=Arrivals(database).consumers(),
        load_demo=lambda: load_demo(database),
    )
