"""The ERP as a client of MCP sees it: from the quote to the money, previews and bad input."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from switchgear_shared.demo_company import demo_company
from switchgear_shared.testing import running, settings_for

Answer = dict[str, Any]
COMPANY = demo_company()
HUGE = "1" + "0" * 30


class Desk:
    """A client of the ERP's tools, in the name of a service."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, tool: str, **arguments: Any) -> Answer:
        """Return the answer of a call that must succeed."""
        result = await self._client.call_tool(f"erp_{tool}", arguments)
        assert not result.is_error, result
        assert result.structured_content is not None
        return result.structured_content

    async def refusal(self, tool: str, **arguments: Any) -> tuple[str, str | None]:
        """Return code and field of a call that must fail."""
        result = await self._client.call_tool(f"erp_{tool}", arguments)
        assert result.is_error, result
        assert result.meta is not None
        error = result.meta["io.switchgear/error"]
        return error["code"], error["field"]


@asynccontextmanager
async def opened(data: Path) -> AsyncGenerator[Desk]:
    settings = settings_for(data, rate_limit="100000/minute")
    async with running(settings, ["erp"], demo_data=True) as suite:
        headers = {"Authorization": f"Bearer {await suite.token('workflows')}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as http,
            Client(streamable_http_client(f"{suite.url}/erp/mcp", http_client=http)) as client,
        ):
            yield Desk(client)


def customer() -> str:
    return next(
        party.id
        for party in COMPANY.accounts
        if "customer" in party.roles and party.currency == "EUR" and party.credit_limit
    )


async def test_an_order_goes_from_the_quote_to_the_money(tmp_path: Path) -> None:
    sku = COMPANY.items[0].sku
    lines = [{"sku": sku, "quantity": "1", "unit_price": "10"}]
    async with opened(tmp_path) as desk:
        party = customer()
        quote = await desk.call("price_order", party_id=party, lines=lines)
        made = await desk.call("create_order", kind="sale", party_id=party, lines=lines)
        order = {"order_id": made["id"]}
        for state in ("quoted", "confirmed"):
            moved = await desk.call("advance_order", **order, to=state)
            assert (moved["state"], moved["changed"]) == (state, True)
        await desk.call("fulfil_order", **order)
        bill = await desk.call("create_invoice", direction="receivable", party_id=party, **order)
        posted = await desk.call("post_invoice", invoice_id=bill["id"])
        paid = await desk.call(
            "record_payment", invoice_id=bill["id"], expected_version=posted["version"]
        )
        done = await desk.call("advance_order", **order, to="processed")
        read = await desk.call("get_order", **order, include=["lines", "shipments", "invoices"])

    assert (paid["state"], done["state"]) == ("paid", "processed")
    assert read["gross"] == quote["gross"]
    assert [line["fulfilled"] for line in read["lines"]] == ["1"]
    assert [line["quantity"] for line in read["shipments"][0]["lines"]] == ["1"]
    assert [invoice["ref"] for invoice in read["invoices"]] == [posted["ref"]]


async def test_a_party_is_made_sold_to_and_put_away_while_nothing_is_of_it(tmp_path: Path) -> None:
    """Putting it away stands in no list, and goes by name at the ERP's own address."""
    new = {"name": "Neu & Söhne KG", "roles": ["customer"], "address": {"city": "Ulm"}}
    lines = [{"sku": COMPANY.items[0].sku, "quantity": "1"}]
    async with opened(tmp_path) as desk:
        seen = await desk.call("create_party", **new, dry_run=True)
        made = await desk.call(
            "create_party", **new, preview_digest=seen["preview"]["preview_digest"]
        )
        same = await desk.refusal("create_party", **new, payment_days=10)
        paid = await desk.refusal("create_party", **{**new, "iban": "DE89370400440532013000"})
        gone = await desk.call("deactivate_party", party_id=made["id"])
        remade = await desk.call("create_party", **new, idempotency_key="once-more")
        await desk.call("create_order", kind="sale", party_id=remade["id"], lines=lines)
        stays = await desk.refusal("deactivate_party", party_id=remade["id"])

    assert {effect["record"] for effect in seen["preview"]["effects"]} == {
        "parties",
        "number_series",
    }
    assert same == ("conflict", "name")
    assert paid == ("approval_required", None)
    assert gone["state"] == "inactive"
    assert stays == ("conflict", "party_id")


async def test_a_preview_shows_what_moves_and_holds_only_while_nothing_moved(
    tmp_path: Path,
) -> None:
    sku = COMPANY.items[0].sku
    lines = [{"sku": sku, "quantity": "5", "unit_price": "1"}]
    async with opened(tmp_path) as desk:
        taken = {"kind": "sale", "party_id": customer(), "lines": lines}
        seen = await desk.call("create_order", **taken, dry_run=True)
        assert {effect["record"] for effect in seen["preview"]["effects"]} == {
            "orders",
            "order_lines",
            "number_series",
        }
        digest = seen["preview"]["preview_digest"]
        made = await desk.call("create_order", **taken, preview_digest=digest)
        order = {"order_id": made["id"]}
        for state in ("quoted", "confirmed"):
            await desk.call("advance_order", **order, to=state)
        ship = {**order, "lines": [{"sku": sku, "quantity": "1"}]}
        first = (await desk.call("fulfil_order", **ship, dry_run=True))["preview"]
        assert {effect["record"] for effect in first["effects"]} == {
            "orders",
            "order_lines",
            "fulfilments",
            "fulfilment_lines",
        }
        assert (await desk.call("get_order", **order, include=["shipments"]))["shipments"] == []
        digest = first["preview_digest"]
        await desk.call("fulfil_order", **ship, preview_digest=digest)
        stale = await desk.refusal(
            "fulfil_order", **ship, preview_digest=digest, idempotency_key="later"
        )
        bill = await desk.call(
            "create_invoice", direction="receivable", party_id=customer(), **order
        )
        await desk.call("post_invoice", invoice_id=bill["id"])
        money = {"invoice_id": bill["id"], "amount": "1"}
        paying = (await desk.call("record_payment", **money, dry_run=True))["preview"]
        assert {effect["record"] for effect in paying["effects"]} == {
            "invoices",
            "payments",
            "journal_entries",
            "journal_lines",
        }
        await desk.call("record_payment", **money)
        digest = paying["preview_digest"]
        moved = await desk.refusal(
            "record_payment", **money, preview_digest=digest, idempotency_key="later"
        )

    assert stale == moved == ("conflict", "preview_digest")


async def test_a_large_payment_waits_for_approval_as_a_large_posting_does(tmp_path: Path) -> None:
    large = next(
        invoice
        for invoice in COMPANY.invoices
        if invoice.state == "posted" and not invoice.payments and invoice.gross.amount > 50_000
    )
    async with opened(tmp_path) as desk:
        code, _ = await desk.refusal("record_payment", invoice_id=large.id)
        part = await desk.call("record_payment", invoice_id=large.id, amount="1")

    assert code == "approval_required"
    assert part["state"] == "posted"


async def test_a_list_with_a_wrong_limit_or_cursor_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        for tool in ("list_orders", "list_invoices", "find_party", "find_product"):
            query = {"query": "ab"} if tool.startswith("find") else {}
            for limit in (0, 51, 10**30):
                code, _ = await desk.refusal(tool, **query, limit=limit)
                assert code == "invalid_request"
            assert len((await desk.call(tool, **query, limit=50))["items"]) <= 50
        for tool in ("list_orders", "list_invoices"):
            for cursor in ("x", "%", "AAAA", "e30"):
                assert await desk.refusal(tool, cursor=cursor) == ("invalid_request", "cursor")


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE orders; --", "\\", "nul\0"])
async def test_text_means_itself_in_every_argument(tmp_path: Path, text: str) -> None:
    sku, party = COMPANY.items[0].sku, customer()
    line = {"sku": sku, "quantity": "1"}
    order = {"kind": "sale", "party_id": party, "lines": [line]}
    async with opened(tmp_path) as desk:
        for tool in ("find_party", "find_product", "list_orders", "list_invoices"):
            if text.isprintable():
                assert (await desk.call(tool, query=text * 2))["total"] == 0
            else:
                assert (await desk.refusal(tool, query=text))[0] == "invalid_request"
        codes = {
            (await desk.refusal(tool, **arguments))[0]
            for tool, arguments in (
                ("price_order", {"party_id": text, "lines": [line]}),
                ("price_order", {"party_id": party, "lines": [{**line, "sku": text}]}),
                ("create_order", {**order, "party_id": text}),
                ("create_order", {**order, "lines": [{**line, "sku": text}]}),
                ("advance_order", {"order_id": text, "to": "quoted"}),
                ("fulfil_order", {"order_id": text}),
                ("get_order", {"order_id": text}),
                ("get_order", {"ref": text}),
                ("get_invoice", {"invoice_id": text}),
                ("post_invoice", {"invoice_id": text}),
                ("record_payment", {"invoice_id": text}),
                ("match_invoice", {"invoice_id": text}),
                ("get_balances", {"party_id": text}),
            )
        }
        total = (await desk.call("list_orders", limit=1))["total"]

    assert codes == {"not_found" if text.isprintable() else "invalid_request"}
    assert total == len(COMPANY.orders)


async def test_amounts_and_counts_out_of_bounds_are_refused(tmp_path: Path) -> None:
    line = {"sku": COMPANY.items[0].sku, "quantity": "1"}
    order = {"kind": "sale", "party_id": customer(), "lines": [line]}
    async with opened(tmp_path) as desk:
        before = await desk.call("get_balances")
        for quantity in (HUGE, "-1", "0", "1e5", "NaN", "999999999999", ""):
            bad = {**order, "lines": [{**line, "quantity": quantity}]}
            for tool in ("price_order", "create_order"):
                assert (await desk.refusal(tool, **bad))[0] == "invalid_request"
        for count in (501, 5_000, 10_000):
            many = {**order, "lines": [line] * count}
            assert (await desk.refusal("create_order", **many))[0] == "invalid_request"
        after = await desk.call("get_balances")
        total = (await desk.call("list_orders", limit=1))["total"]

    assert after["trial_balance"] == before["trial_balance"]
    assert total == len(COMPANY.orders)


async def test_a_number_that_another_order_took_does_not_spoil_a_preview(tmp_path: Path) -> None:
    line = {"sku": COMPANY.items[0].sku, "quantity": "5", "unit_price": "1"}
    taken = {"kind": "sale", "party_id": customer(), "lines": [line]}
    async with opened(tmp_path) as desk:
        seen = await desk.call("create_order", **taken, dry_run=True)
        other = await desk.call("create_order", **taken)
        made = await desk.call(
            "create_order",
            **taken,
            preview_digest=seen["preview"]["preview_digest"],
            idempotency_key="previewed",
        )

    assert other["ref"] == seen["ref"]
    assert made["ref"] not in {None, other["ref"]}
