"""The inventory's tools through the whole pipeline: keys, previews, and what is refused."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from inventory.counter import Counter, serving
from inventory.small_inventory import announced, check_books
from switchgear_shared.contracts.pages import encode_cursor

BOLT, GLUE = {"sku": "BOLT-M8", "quantity": "5"}, {"sku": "GLUE_50%", "quantity": "1"}
WRITES: dict[str, dict[str, Any]] = {
    "reserve": {"lines": [BOLT], "location": "JEN", "for_ref": "SO-9"},
    "release": {"for_ref": "SO-2"},
    "transfer": {"lines": [BOLT, GLUE], "from_location": "JEN", "to_location": "HAM"},
    "adjust": {
        "sku": "BOLT-M8",
        "location": "JEN",
        "counted": "85",
        "expected_quantity": "90",
        "reason": "COUNT-2026-11",
    },
    "receive": {"lines": [BOLT], "location": "JEN", "source_ref": "PO-3"},
}
READS: dict[str, dict[str, Any]] = {
    "find_item": {"query": "bolt"},
    "get_stock": {"sku": "BOLT-M8", "location": "JEN", "include": ["lots", "reservations"]},
    "list_low_stock": {"location": "JEN"},
    "list_movements": {"sku": "BOLT-M8", "source_ref": "PO-1", "since": "2026-10-01"},
    "check_availability": {"lines": [BOLT], "location": "JEN", "by_date": "2026-11-10"},
    "propose_reorder": {"location": "JEN", "vendor_id": "acc_1"},
}
CALLS = {**READS, **WRITES}
OTHER = {
    "reserve": "for_ref",
    "release": "for_ref",
    "transfer": "source_ref",
    "adjust": "reason",
    "receive": "source_ref",
}


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncGenerator[Counter]:
    async with serving(tmp_path / "data") as opened:
        yield opened


def put(arguments: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the arguments with `value` at `path`, such as lines.0.sku."""
    head, _, rest = path.partition(".")
    if not rest:
        return {**arguments, head: value}
    if head == "lines":
        _, _, field = rest.partition(".")
        return {**arguments, head: [{**arguments["lines"][0], field: value}]}
    raise AssertionError(path)


@pytest.mark.parametrize("tool", WRITES)
async def test_repeating_a_write_with_its_key_changes_nothing(counter: Counter, tool: str) -> None:
    keyed = {**WRITES[tool], "idempotency_key": "k-1"}
    first = await counter.answer(tool, **keyed)
    events = await announced(counter.database)

    again = await counter.answer(tool, **keyed)
    other = await counter.refusal(tool, **put(keyed, OTHER[tool], "OTHER"))

    assert (first["replayed"], again) == (False, {**first, "replayed": True})
    assert await announced(counter.database) == events
    assert (other.code, other.field) == ("conflict", "idempotency_key")
    await check_books(counter.database)


@pytest.mark.parametrize("tool", WRITES)
async def test_a_preview_shows_the_rows_and_binds_the_write_to_them(
    counter: Counter, tool: str
) -> None:
    shown = await counter.answer(tool, **WRITES[tool], dry_run=True)

    assert await announced(counter.database) == []
    records = {effect["record"] for effect in shown["preview"]["effects"]}
    assert "levels" in records
    assert records & {"movements", "reservations"}
    bound = {**WRITES[tool], "preview_digest": shown["preview"]["preview_digest"]}
    assert (await counter.answer(tool, **bound))["changed"] is True
    await check_books(counter.database)


@pytest.mark.parametrize("tool", WRITES)
async def test_a_write_bound_to_a_preview_of_records_that_moved_is_a_conflict(
    counter: Counter, tool: str
) -> None:
    shown = await counter.answer(tool, **WRITES[tool], dry_run=True)
    for sku in ("BOLT-M8", "HOSE-2", "PUMP-1"):
        lines = [{"sku": sku, "quantity": "1"}]
        await counter.answer("receive", lines=lines, location="JEN", source_ref="PO-8")
        await counter.answer("receive", lines=lines, location="HAM", source_ref="PO-8")

    bound = {**WRITES[tool], "preview_digest": shown["preview"]["preview_digest"]}
    refused = await counter.refusal(tool, **bound)

    assert refused.code == "conflict"
    await check_books(counter.database)


BAD: list[tuple[str, str, Any]] = [
    *(
        (tool, "lines.0.quantity", amount)
        for tool in ("reserve", "transfer", "receive", "check_availability")
        for amount in ("0", "-1", "1" + "0" * 30, "1e3", 1.5, "NaN", "0.0000001")
    ),
    *(
        (tool, "lines.0.sku", text)
        for tool in ("reserve", "transfer", "receive", "check_availability")
        for text in ("", "x" * 65, "BOLT\0", "BOLT\ud800")
    ),
    *((tool, "lines", []) for tool in ("reserve", "transfer", "receive", "check_availability")),
    *((tool, "lines", [BOLT] * 101) for tool in ("reserve", "transfer", "receive")),
    *(
        (tool, "location", text)
        for tool in ("reserve", "receive", "adjust", "check_availability", "propose_reorder")
        for text in ("", "x" * 17, "J\0", "J\udfff")
    ),
    ("reserve", "for_ref", " "),
    ("reserve", "for_ref", "x" * 65),
    ("reserve", "expires_at", "2026-11-03"),
    ("reserve", "expires_at", "2026-11-03T10:00:00"),
    ("reserve", "expires_at", "0001-01-01T00:00:00Z"),
    ("reserve", "expires_at", "9999-12-31T23:59:59Z"),
    ("release", "for_ref", "SO\0"),
    ("release", "reservation_id", "x" * 65),
    ("transfer", "source_ref", "\ud800"),
    ("transfer", "lines.0.lot", "L\0"),
    ("transfer", "lines.0.lot", "x" * 65),
    ("adjust", "counted", "-1"),
    ("adjust", "counted", "1" + "0" * 30),
    ("adjust", "delta", "1"),
    ("adjust", "expected_quantity", "-1"),
    ("adjust", "reason", ""),
    ("adjust", "reason", "x" * 81),
    ("adjust", "reason", "\0"),
    ("adjust", "expires_on", "0001-01-01"),
    ("adjust", "expires_on", "10000-01-01"),
    ("receive", "lines.0.expires_on", "never"),
    ("check_availability", "by_date", "0001-01-01"),
    ("check_availability", "by_date", "2026-11-31"),
    ("propose_reorder", "vendor_id", "acc\0"),
    ("find_item", "query", "\ud800"),
    ("find_item", "barcode", "'"),
    ("get_stock", "include", ["history"]),
    ("list_movements", "source_ref", "PO\0"),
    ("list_movements", "since", "0000-01-01"),
    *(
        (tool, "limit", limit)
        for tool in ("find_item", "list_low_stock", "list_movements", "propose_reorder")
        for limit in (0, 51, "5")
    ),
    *(
        (tool, "cursor", cursor)
        for tool in ("find_item", "list_low_stock", "list_movements", "propose_reorder")
        for cursor in ("", "?", "x" * 501, encode_cursor("crm.accounts", ["a", "b"]))
    ),
]


async def test_every_tool_answers_through_its_schema(counter: Counter) -> None:
    listed = counter.host.servers["inventory"].pipeline.toolset.tools
    for name, arguments in CALLS.items():
        shown = {"dry_run": True} if name in WRITES else {}
        answer = await counter.answer(name, **arguments, **shown)
        jsonschema_rs.validate(listed[f"inventory_{name}"].output_schema, answer)


async def test_what_is_not_well_formed_is_refused_and_changes_nothing(counter: Counter) -> None:
    refused = [await counter.refusal(tool, **put(CALLS[tool], path, v)) for tool, path, v in BAD]

    assert [
        (case, error)
        for case, error in zip(BAD, refused, strict=True)
        if error.code != "invalid_request"
    ] == []
    assert await announced(counter.database) == []
    await check_books(counter.database)


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "BOLT%", "BOLT_M8", "' OR 1=1 --"])
async def test_wildcards_and_quotes_are_plain_text_everywhere(counter: Counter, text: str) -> None:
    found = await counter.answer("find_item", query=text)
    moved = await counter.answer("list_movements", sku=text, source_ref=text)
    low = await counter.answer("propose_reorder", vendor_id=text)
    nothing = await counter.answer("release", for_ref=text)
    unknown = [
        await counter.refusal("get_stock", sku=text),
        await counter.refusal("list_low_stock", location=text),
        await counter.refusal("release", reservation_id=text),
        *[
            await counter.refusal(tool, **put(CALLS[tool], "lines.0.sku", text))
            for tool in ("reserve", "transfer", "receive", "check_availability")
        ],
        await counter.refusal("adjust", **put(CALLS["adjust"], "sku", text)),
        await counter.refusal("adjust", **put(CALLS["adjust"], "location", text)),
    ]

    assert [item["sku"] for item in found["items"] if not found["approximate"]] == (
        ["GLUE_50%"] if text in ("%", "_") else []
    )
    assert (moved["items"], low["items"], nothing["changed"]) == ([], [], False)
    assert {error.code for error in unknown} == {"not_found"}


async def test_reading_and_writing_at_the_limits_succeeds(counter: Counter) -> None:
    for tool in ("find_item", "list_low_stock", "list_movements", "propose_reorder"):
        assert await counter.answer(tool, limit=50)
        assert await counter.answer(tool, limit=1)
    await counter.answer("list_movements", since="0001-01-01")
    assert (await counter.answer("list_movements", since="9999-12-31"))["items"] == []
    lines = [{"sku": "HOSE-2", "quantity": "0.000001"}] * 100
    await counter.answer("reserve", lines=lines, for_ref="x" * 64, location="JEN")
    await counter.answer("adjust", **{**WRITES["adjust"], "reason": "x" * 80})
    await counter.answer("check_availability", lines=lines, by_date="9999-12-31")
    await check_books(counter.database)


async def test_a_second_writer_with_another_key_gets_no_stock_that_the_first_has(
    counter: Counter,
) -> None:
    outcomes = await asyncio.gather(
        *(
            counter.call(
                "reserve",
                {
                    "lines": [{"sku": "BOLT-M8", "quantity": "20"}],
                    "location": "JEN",
                    "for_ref": "SO-9",
                    "idempotency_key": f"k-{number % 4}",
                },
            )
            for number in range(16)
        )
    )

    held = {one.unwrap()["id"] for one in outcomes if one.error is None}
    assert len(held) == 3
    assert {one.error.code for one in outcomes if one.error} == {"conflict"}
    await check_books(counter.database)
