"""The inventory's tools as a client sees them."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.tools import inventory as tools
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError


async def call(
    inventory: InventoryBackend, caller: Caller, name: str, arguments: Mapping[str, Any]
) -> BaseModel:
    tool = tools.tools[name]
    tool.validator.validate(dict(arguments))
    return await tool.run(inventory, caller, arguments)


def test_the_tools_are_those_of_the_catalogue_and_fit_their_budget() -> None:
    listed = tools.listed()
    seen = [
        json.dumps(
            {"name": t.name, "description": t.description, "inputSchema": t.input_schema},
            separators=(",", ":"),
        )
        for t in listed
    ]

    assert [tool.name for tool in listed] == [
        "inventory_adjust",
        "inventory_check_availability",
        "inventory_find_item",
        "inventory_get_stock",
        "inventory_list_low_stock",
        "inventory_list_movements",
        "inventory_propose_reorder",
        "inventory_receive",
        "inventory_release",
        "inventory_reserve",
        "inventory_transfer",
    ]
    assert sum(map(len, seen)) / 4 <= 4000
    assert sum(map(len, seen)) / len(seen) <= 1400
    whole = sum(map(len, seen)) + sum(len(json.dumps(tool.output_schema)) for tool in listed)
    assert whole / 4 <= 8000
    assert [tool.name for tool in listed if len(tool.description.splitlines()[0]) > 80] == []


async def test_every_tool_answers_through_its_schema(
    inventory: InventoryBackend, caller: Caller
) -> None:
    answers = {
        "inventory_find_item": {"query": "bolt", "limit": 5},
        "inventory_get_stock": {"sku": "BOLT-M8", "location": "JEN"},
        "inventory_list_low_stock": {"location": "JEN"},
        "inventory_list_movements": {"source_ref": "PO-1", "since": "2026-10-01"},
        "inventory_receive": {
            "lines": [{"sku": "HOSE-2", "quantity": "1.5"}],
            "location": "JEN",
            "source_ref": "PO-9",
        },
    }

    found = {name: await call(inventory, caller, name, given) for name, given in answers.items()}

    assert getattr(found["inventory_find_item"], "total", None) == 1
    assert getattr(found["inventory_get_stock"], "on_hand", None) == 90
    assert getattr(found["inventory_list_low_stock"], "total", None) == 2
    assert getattr(found["inventory_list_movements"], "total", None) == 2
    assert getattr(found["inventory_receive"], "state", None) == "received"


@pytest.mark.parametrize(
    "line",
    [
        {"sku": "HOSE-2", "quantity": 1.5},
        {"sku": "HOSE-2", "quantity": "-1"},
        {"sku": "HOSE-2", "quantity": "1e3"},
        {"sku": "HOSE-2", "quantity": "1", "price": "5"},
        {"quantity": "1"},
    ],
)
def test_a_line_that_is_not_exact_is_refused_by_the_schema_or_the_model(
    line: dict[str, Any],
) -> None:
    tool = tools.tools["inventory_receive"]
    given = {"lines": [line], "location": "JEN", "source_ref": "PO-9"}

    def check() -> None:
        tool.validator.validate(given)
        tool.arguments.model_validate(given)

    with pytest.raises((jsonschema_rs.ValidationError, ValueError)):
        check()


async def test_stock_of_nothing_is_refused(inventory: InventoryBackend, caller: Caller) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await call(inventory, caller, "inventory_get_stock", {"location": "JEN"})

    assert refused.value.field == "sku"


async def test_the_item_resource_has_its_stock(inventory: InventoryBackend, caller: Caller) -> None:
    template = tools.resources[0]
    variables = template.match("inventory://items/BOLT-M8")

    assert variables is not None
    assert variables == {"sku": "BOLT-M8"}
    body = await template.tool.run(inventory, caller, variables)
    assert json.loads(getattr(body, "text", ""))["on_hand"] == "110"


async def test_skus_and_locations_are_completed(
    inventory: InventoryBackend, caller: Caller
) -> None:
    assert await tools.completions["sku"](inventory, caller, "bolt") == ["BOLT-M8"]
    assert await tools.completions["location"](inventory, caller, "j") == ["JEN"]


@pytest.mark.parametrize(
    ("given", "words"),
    [({}, "all warehouses"), ({"location": "JEN"}, "inventory_list_low_stock with location JEN")],
)
def test_the_reorder_prompt_names_the_warehouse_and_the_tools(
    given: dict[str, str], words: str
) -> None:
    text = tools.prompts["plan_reorder"].render(**given)

    assert words in text
    assert {name for name in tools.tools if name in text} == {
        "inventory_list_low_stock",
        "inventory_list_movements",
        "inventory_propose_reorder",
    }
