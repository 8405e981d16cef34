"""Agent frameworks that know nothing of us take an invoice from the registry to the ERP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from switchgear_documents.commands import spec_of
from switchgear_documents.samples import to_ubl
from switchgear_shared.demo_company import demo_company, small_invoices
from switchgear_shared.testing import Running

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

CLIENTS = Path(__file__).parent / "clients"
STEPS = (
    "documents_submit intent",
    "documents.document.received",
    "documents_submit outcome",
    "documents.document.classified",
    "documents.document.extracted",
    "documents.document.routed",
    "workflows.process.started",
    "erp_create_invoice outcome",
    "erp_post_invoice outcome",
    "documents.document.filed",
)
"""Some of the steps of an invoice that needs no one, in their order."""


@pytest.fixture
def invoice() -> Callable[[int], dict[str, str]]:
    """The n-th invoice that the demo company expects, as what an agent is asked to hand in."""
    waiting = small_invoices(demo_company())

    def nth(place: int) -> dict[str, str]:
        spec = spec_of(waiting[place])
        return {"name": f"{spec.number}.xml", "content": to_ubl(spec).decode()}

    return nth


async def test_a_pydantic_ai_agent_sees_an_invoice_into_the_books(
    whole_suite: Running, client_python: Callable[[str], str], run: Any, invoice: Any
) -> None:
    task = {
        **invoice(0),
        "url": f"{whole_suite.url}/mcp",
        "token": await whole_suite.token("assistant"),
    }

    ran = await run(
        client_python("pydantic_ai_agent"),
        str(CLIENTS / "pydantic_ai_agent.py"),
        stdin=json.dumps(task),
    )

    assert ran.code == 0, ran.err[-2000:]
    check(json.loads(ran.out), whole_suite)


@pytest.mark.parametrize(("place", "transport"), [(1, "streamable_http"), (2, "sse"), (3, "stdio")])
async def test_langchains_adapters_see_an_invoice_into_the_books(
    place: int,
    transport: str,
    whole_suite: Running,
    client_python: Callable[[str], str],
    run: Any,
    invoice: Any,
    root: Path,
) -> None:
    token = await whole_suite.token("assistant")
    data = whole_suite.host.settings.data
    connection: dict[str, Any] = {"transport": transport}
    if transport == "stdio":
        connection |= json.loads((root / "mcp.json").read_text())["mcpServers"]["registry"]
        connection |= {"cwd": str(root)}
        connection |= {"env": {"SWITCHGEAR_DATA": str(data), "SWITCHGEAR_TOKEN": token}}
    else:
        path = "sse" if transport == "sse" else "mcp"
        connection |= {"url": f"{whole_suite.url}/{path}"}
        connection |= {"headers": {"Authorization": f"Bearer {token}"}}

    ran = await run(
        client_python("langchain_agent"),
        str(CLIENTS / "langchain_agent.py"),
        stdin=json.dumps({**invoice(place), "connection": connection}),
    )

    assert ran.code == 0, ran.err[-2000:]
    check(json.loads(ran.out), whole_suite)


def check(answers: dict[str, Any], suite: Running) -> None:
    """Hold what a client was answered against what should have become of its invoice."""
    receipt, status = answers["documents_submit"], answers["documents_get_status"]
    trace = answers["registry_call_tool"]

    assert {name.split("_")[0] for name in answers["tools"]} == set(suite.host.servers)
    assert answers["registry_search_tools"]["items"][0]["name"] == "documents_submit"
    assert (receipt["state"], receipt["is_duplicate"], receipt["changed"]) == (
        "received",
        False,
        True,
    )
    assert (status["state"], status["document_type"], status["process"]) == (
        "filed",
        "invoice",
        "supplier_invoice",
    )
    assert status["record_uri"].startswith("erp://invoices/")
    assert (trace["correlation_id"], trace["document_id"], trace["record_uri"]) == (
        receipt["correlation_id"],
        receipt["id"],
        status["record_uri"],
    )
    happened = [step["what"] for step in trace["steps"]]
    assert [what for what in happened if what in STEPS] == list(STEPS)
    assert trace["steps"][0]["by"] == "assistant"
