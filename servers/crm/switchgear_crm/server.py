"""The composition root of the CRM server."""

from pathlib import Path

from switchgear_crm.demo import load_demo
from switchgear_crm.sql import SqlCrm
from switchgear_crm.tools import crm
from switchgear_shared.part import Context, Part

INSTRUCTIONS = (
    "Customers and prospects: start with crm_search by name, e-mail or number, then "
    "crm_get_account with the parts you need. The upserts make no duplicates; opportunities move "
    "by crm_move_opportunity. Log what was done with crm_log_activity."
)


def build(context: Context) -> Part:
    """Return the CRM server over its embedded backend."""
    database = context.database("crm")
    return Part(
        name="crm",
        title="Switchgear CRM",
        instructions=INSTRUCTIONS,
        toolset=crm,
        backend=SqlCrm(database),
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
        load_demo=lambda: load_demo(database),
    )
