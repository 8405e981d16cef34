"""The tools of the workflows server, over MCP."""

from typing import Any

import pytest
from mcp_types import ResourceTemplateReference

from journeys.desk import Desk, Samples
from switchgear_documents.samples import to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def filed(desk: Desk, samples: Samples) -> dict[str, Any]:
    """Hand in an invoice and wait until it is posted; return its process."""
    receipt = await desk.submit(to_ubl(samples.small()))
    await desk.until(receipt, "filed")
    return await desk.process(receipt, "completed")


async def test_a_process_is_found_by_its_id_and_by_its_correlation_id(
    desk: Desk, samples: Samples
) -> None:
    process = await filed(desk, samples)

    by_id = await desk.ask("workflows_get", id=process["id"])
    by_correlation = await desk.ask("workflows_get", correlation_id=process["correlation_id"])

    del by_id["freshness"], by_correlation["freshness"], process["freshness"]
    assert by_id == by_correlation == process
    proposed = process["result"]["payment_proposal"]
    invoice = await desk.ask("erp_get_invoice", invoice_id=process["result"]["invoice_id"])
    assert proposed == {
        "pay_on": invoice["due_on"],
        "amount": invoice["gross"]["amount"],
        "currency": invoice["gross"]["currency"],
        "party_id": invoice["party_id"],
        "has_account": True,
        "reference": invoice["external_ref"],
    }
    assert process["result"]["record_uri"] == f"erp://invoices/{process['result']['invoice_id']}"
    assert (process["waits_for"], process["reason"], process["requested_by"]) == (
        None,
        None,
        "assistant",
    )


async def test_a_process_that_is_not_named_or_not_there_is_refused(desk: Desk) -> None:
    assert await desk.refusal("workflows_get") == {
        "code": "invalid_request",
        "message": "give id or correlation_id",
        "field": "id",
    }
    unknown = await desk.refusal("workflows_get", id="prc_0")
    assert (unknown["code"], unknown["message"]) == ("not_found", "no process prc_0")
    unheard = await desk.refusal("workflows_get", correlation_id="cor_0")
    assert (unheard["code"], unheard["message"]) == ("not_found", "no process under cor_0")


async def test_pages_of_processes_are_stable_while_new_ones_start(
    desk: Desk, samples: Samples
) -> None:
    ids = [(await filed(desk, samples))["id"] for _ in range(3)][::-1]
    first = await desk.ask("workflows_list", limit=2)
    await filed(desk, samples)
    second = await desk.ask("workflows_list", limit=2, cursor=first["next_cursor"])

    assert [row["id"] for row in first["items"]] == ids[:2]
    assert second["items"][0]["id"] == ids[2]
    assert first["truncated"] is True


async def test_processes_are_filtered_by_kind_state_and_start(desk: Desk, samples: Samples) -> None:
    process = await filed(desk, samples)
    since = process["started_at"]

    assert [r["id"] for r in (await desk.ask("workflows_list", since=since))["items"]] == [
        process["id"]
    ]
    done = await desk.ask("workflows_list", state="completed", process="supplier_invoice", limit=50)
    assert process["id"] in {row["id"] for row in done["items"]}
    for none in ({"state": "failed"}, {"process": "reorder"}):
        assert (await desk.ask("workflows_list", **none))["items"] == []


@pytest.mark.parametrize(
    ("cursor", "message"),
    [
        ("nonsense", "the cursor is not one of ours"),
        ("WyJkb2N1bWVudHMiLCJkb2NfMSJd", "the cursor belongs to another listing"),
        ("WyJwcm9jZXNzZXMiLCJwcmNfMSJd", "the cursor is not one of ours"),
    ],
)
async def test_a_foreign_cursor_is_refused(desk: Desk, cursor: str, message: str) -> None:
    assert await desk.refusal("workflows_list", cursor=cursor) == {
        "code": "invalid_request",
        "message": message,
        "field": "cursor",
    }


async def test_the_kinds_of_process_are_described(desk: Desk) -> None:
    answer = await desk.ask("workflows_describe")

    kinds = {kind["process"]: kind for kind in answer["items"]}
    assert kinds["supplier_invoice"] == {
        "process": "supplier_invoice",
        "version": 2,
        "starts_with": ["documents.document.routed"],
        "steps": ["read", "supplier", "draft", "match", "post", "propose_payment"],
        "undoes": [],
        "waits_for": ["governance.approval.decided", "documents.review.decided"],
        "input_schema": None,
    }
    order = kinds["customer_order"]
    assert order["starts_with"] == ["workflows_start", "documents.document.routed"]
    assert order["undoes"] == ["order", "reserve", "confirm"]
    assert order["input_schema"]["required"] == ["party_id", "lines"]
    assert order["input_schema"]["additionalProperties"] is False


async def test_a_process_is_a_resource_and_its_id_completes(desk: Desk, samples: Samples) -> None:
    process = await filed(desk, samples)
    async with desk.direct("workflows") as client:
        read = await client.read_resource(f"workflows://processes/{process['id']}")
        completed = await client.complete(
            ref=ResourceTemplateReference(type="ref/resource", uri="workflows://processes/{id}"),
            argument={"name": "id", "value": process["id"][:12]},
        )
        prompt = await client.get_prompt("review_approvals")

    text = getattr(read.contents[0], "text", "")
    assert f'"id":"{process["id"]}"' in text
    assert completed.completion.values == [process["id"]]
    assert "workflows_list_approvals" in getattr(prompt.messages[0].content, "text", "")
