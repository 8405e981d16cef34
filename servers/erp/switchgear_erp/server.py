"""The composition root of the ERP server."""

from functools import partial
from pathlib import Path

from switchgear_erp.demo import load_demo
from switchgear_erp.models import COMPANY_CURRENCY, Tolerance
from switchgear_erp.sql import SqlErp
from switchgear_erp.sql.arrivals import Arrivals
from switchgear_erp.tools import erp
from switchgear_erp.tryton import CAVEATS, TrytonErp
from switchgear_shared.contracts.values import Money
from switchgear_shared.part import Context, Part
from switchgear_shared.settings import Settings

INSTRUCTIONS = (
    "Parties, products, orders, invoices and balances: find ids with erp_find_party, "
    "erp_list_orders and erp_list_invoices. An order goes draft, quoted, confirmed, fulfilled, "
    "invoiced, processed. Posting and paying an invoice are final and may need a person's approval."
)


def tolerance_of(settings: Settings) -> Tolerance:
    """Return how far a vendor's invoice may be off its order."""
    return Tolerance(
        price_percent=settings.match_price_ratio * 100,
        quantity_percent=settings.match_quantity_ratio * 100,
        total=Money(amount=settings.match_total, currency=COMPANY_CURRENCY),
    )


def new_credit_of(settings: Settings) -> Money:
    """Return the credit limit of a new customer."""
    return Money(amount=settings.new_customer_credit, currency=COMPANY_CURRENCY)


def build(context: Context) -> Part:
    """Return the ERP server over the backend that the settings name."""
    database = context.database("erp")
    tolerance = tolerance_of(context.settings)
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
            backend=TrytonErp(client, tolerance=tolerance),
            backend_name="tryton",
            is_remote=True,
            caveats=CAVEATS,
            close=client.close,
        )
    return part(
        backend=SqlErp(
            database,
            tolerance=tolerance,
            new_credit=new_credit_of(context.settings),
        ),
        consumers=Arrivals(database).consumers(),
        load_demo=lambda: load_demo(database),
    )
