"""The composition root of the CRM server."""

from functools import partial
from pathlib import Path

from switchgear_crm.demo import load_demo
from switchgear_crm.sql import SqlCrm
from switchgear_crm.tools import crm
from switchgear_crm.tryton import CAVEATS, TrytonCrm
from switchgear_shared.part import Context, Part

INSTRUCTIONS = (
    "Customers and prospects: start with crm_search by name, e-mail or number, then "
    "crm_get_account with the parts you need. The upserts make no duplicates; opportunities move "
    "by crm_move_opportunity. Log what was done with crm_log_activity."
)


def build(context: Context) -> Part:
    """Return the CRM server over the backend that the settings name."""
    database = context.database("crm")
    part = partial(
        Part,
        name="crm",
        title="Switchgear CRM",
        instructions=INSTRUCTIONS,
        toolset=crm,
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
    )
    if context.settings.crm_backend == "tryton":
        client = context.tryton()
        return part(
            backend=TrytonCrm(client),
            backend_name="tryton",
            is_remote=True,
            caveats=CAVEATS,
            close=client.close,
        )
    return part(backend=SqlCrm(database), load_demo=lambda: load_demo(database))
