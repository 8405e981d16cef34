"""The composition root of the workflows server."""

from pathlib import Path

from switchgear_shared.calls.client import ToolClient
from switchgear_shared.part import Context, Part
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.customer_onboarding import CustomerOnboarding
from switchgear_workflows.customer_order import CustomerOrder
from switchgear_workflows.process import Kinds
from switchgear_workflows.processes import ProcessManager
from switchgear_workflows.reorder import Reorder
from switchgear_workflows.sql import SqlWorkflows
from switchgear_workflows.supplier_invoice import SupplierInvoice
from switchgear_workflows.tools import workflows

INSTRUCTIONS = (
    "Processes across systems: what runs, what waits for whom, what was made. Follow a document's "
    "process with workflows_get(correlation_id). Approvals are decided by people: list them with "
    "workflows_list_approvals and decide only on a person's word. Start one with workflows_start; "
    "what cannot be finished is undone, and `receipt` says what stands."
)


def installed_kinds(client: ToolClient, *, reorders: bool = False) -> Kinds:
    """Return every kind of process, older versions too: rows go on with the one they have.

    With `reorders` stock that falls to its reorder point starts one of its own.
    """
    tools = ProcessTools(client)
    return Kinds(
        (
            *SupplierInvoice(tools).kinds(),
            CustomerOrder(tools).kind(),
            *CustomerOnboarding(tools).kinds(),
            Reorder(tools).kind(is_started_by_stock=reorders),
        )
    )


def build(context: Context) -> Part:
    """Return the workflows server over its own database and the shared approvals."""
    database = context.database("workflows")
    client = context.tools_as("workflows")
    kinds = installed_kinds(client, reorders=context.settings.reorder)
    manager = ProcessManager(database, context.approvals, kinds, ProcessTools(client))
    return Part(
        name="workflows",
        title="Switchgear workflows",
        instructions=INSTRUCTIONS,
        toolset=workflows,
        backend=SqlWorkflows(database, context.approvals, kinds),
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
        consumers=manager.consumers(),
    )
