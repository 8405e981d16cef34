"""Tools are found by an agent's own words."""

import pytest

from switchgear_crm.tools import crm
from switchgear_documents.server import build as documents_server
from switchgear_documents.tools import documents
from switchgear_erp.tools import erp
from switchgear_inventory.tools import inventory
from switchgear_registry.search import ToolIndex
from switchgear_shared.calls.description import describe
from switchgear_workflows.tools import workflows

assert documents_server  # brings the tools of operators too

TOOLS = [
    describe(tool, server)
    for server, toolset in (
        ("crm", crm),
        ("documents", documents),
        ("erp", erp),
        ("inventory", inventory),
        ("workflows", workflows),
    )
    for tool in toolset.listed()
]
NAMES = {tool.name for tool in TOOLS}


def found(query: str, limit: int = 3) -> list[str]:
    return [tool.name for tool, _ in ToolIndex(TOOLS).search(query, NAMES, limit)]


@pytest.mark.parametrize(
    ("query", "tool"),
    [
        ("submit a document", "documents_submit"),
        ("trace every step of a correlation ID", "documents_trace"),
        ("replay a dead letter", "documents_replay_dead_letter"),
        ("list open reviews", "documents_list_reviews"),
        ("post an invoice", "erp_post_invoice"),
        ("unpaid invoices", "erp_list_invoices"),
        ("how much stock do we have of an item", "inventory_get_stock"),
        ("pending approvals", "workflows_list_approvals"),
    ],
)
def test_the_tool_for_the_job_comes_first(query: str, tool: str) -> None:
    """Also where another tool's description names it: its name is not what that tool does."""
    assert found(query)[0] == tool


@pytest.mark.parametrize("query", ["the of and", "zebra crossing", "%%%", "買う"])
def test_words_that_no_tool_knows_find_none(query: str) -> None:
    assert found(query) == []


def test_only_permitted_tools_are_ranked() -> None:
    hits = ToolIndex(TOOLS).search("post an invoice", {"erp_list_invoices"}, 3)

    assert [tool.name for tool, _ in hits] == ["erp_list_invoices"]


def test_an_index_of_nothing_finds_nothing() -> None:
    assert ToolIndex([]).search("post an invoice", NAMES, 3) == []
