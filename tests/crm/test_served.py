"""The CRM as a client meets it over MCP: bad input, previews, repeats and races."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import CallToolResult

from switchgear_shared.testing import Running, running, settings_for
from switchgear_shared.transports.results import ERROR_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")

EUR: dict[str, str] = {"amount": "1200.50", "currency": "EUR"}
DEAL: dict[str, Any] = {
    "account_id": "acc_x",
    "name": "Crane",
    "amount": EUR,
    "close_on": "2030-01-31",
}
LOG: dict[str, Any] = {"about_id": "acc_x", "kind": "call", "subject": "Hi"}
LONG = "x" * 65
CURSOR = "WyJvdGhlciIsMSwyXQ"
VAST = {"amount": "1" + "0" * 30, "currency": "EUR"}
OF_DEAL = {"opportunity_id": "opp_x"}
NOWHERE = {"street": "", "postal_code": "", "city": "", "country": ""}

INVALID: list[tuple[str, dict[str, Any], str | None]] = [
    ("crm_search", {"query": "a\0b"}, "query"),
    ("crm_search", {"query": ""}, "query"),
    ("crm_search", {"query": "x" * 201}, "query"),
    ("crm_search", {"query": "a", "limit": 51}, "limit"),
    ("crm_search", {"query": "a", "limit": 0}, "limit"),
    ("crm_search", {"query": "example", "cursor": CURSOR}, "cursor"),
    ("crm_get_account", {"account_id": LONG}, "account_id"),
    ("crm_get_account", {"account_id": "a\0"}, "account_id"),
    ("crm_get_account", {"account_id": "a", "include": ["everything"]}, "include.0"),
    ("crm_list_opportunities", {"limit": 51}, "limit"),
    ("crm_list_opportunities", {"cursor": CURSOR}, "cursor"),
    ("crm_list_opportunities", {"min_amount": "5"}, "currency"),
    ("crm_list_opportunities", {"min_amount": VAST["amount"], "currency": "EUR"}, "min_amount"),
    ("crm_list_opportunities", {"min_amount": "5", "currency": "XXX"}, "currency"),
    ("crm_list_opportunities", {"closing_before": "0000-01-01"}, "closing_before"),
    ("crm_list_opportunities", {"stage": "stuck"}, "stage"),
    ("crm_get_opportunity", {"opportunity_id": LONG}, "opportunity_id"),
    ("crm_list_activities", {"about_id": LONG}, "about_id"),
    ("crm_list_activities", {"about_id": "acc_0001", "limit": 51}, "limit"),
    ("crm_list_activities", {"about_id": "acc_0001", "since": "10000-01-01"}, "since"),
    ("crm_describe_pipeline", {"owner": "a\0"}, "owner"),
    ("crm_describe_pipeline", {"owner": "x" * 255}, "owner"),
    ("crm_upsert_account", {}, "name"),
    ("crm_upsert_account", {"name": "   "}, "name"),
    ("crm_upsert_account", {"name": "x" * 121}, "name"),
    ("crm_upsert_account", {"name": "a\0"}, "name"),
    ("crm_upsert_account", {"domain": "https://acme.example.com"}, "domain"),
    ("crm_upsert_account", {"domain": "acme"}, "domain"),
    ("crm_upsert_account", {"name": "A", "currency": "XXX"}, "currency"),
    ("crm_upsert_account", {"name": "A", "owner": "mara"}, "owner"),
    ("crm_upsert_account", {"name": "A", "email": "a@b@c.example.com"}, "email"),
    ("crm_upsert_account", {"name": "A", "phone": "1" * 41}, "phone"),
    ("crm_upsert_account", {"name": "A", "tax_id": "1" * 33}, "tax_id"),
    ("crm_upsert_account", {"name": "A", "industry": "1" * 61}, "industry"),
    ("crm_upsert_account", {"name": "A", "roles": ["friend"]}, "roles.0"),
    ("crm_upsert_account", {"name": "A", "address": {**NOWHERE, "country": "Italy"}}, "address"),
    ("crm_upsert_account", {"name": "A", "address": {**NOWHERE, "street": "x" * 121}}, "address"),
    ("crm_upsert_account", {"name": "A", "address": {**NOWHERE, "city": "x" * 61}}, "address"),
    ("crm_upsert_contact", {"email": "nobody"}, "email"),
    ("crm_upsert_contact", {"email": "a..b@example.com"}, "email"),
    ("crm_upsert_contact", {"email": "x" * 65 + "@example.com"}, "email"),
    ("crm_upsert_contact", {"email": "a@example.com", "last_name": " "}, "last_name"),
    ("crm_upsert_contact", {"email": "a@example.com", "first_name": "x" * 61}, "first_name"),
    ("crm_upsert_contact", {"email": "a@example.com", "job_title": "x" * 61}, "job_title"),
    ("crm_upsert_contact", {"email": "a@nobody.example.com", "last_name": "A"}, "account_id"),
    ("crm_create_opportunity", {**DEAL, "amount": VAST}, "amount.amount"),
    ("crm_create_opportunity", {**DEAL, "amount": {**EUR, "amount": "-1"}}, "amount"),
    ("crm_create_opportunity", {**DEAL, "amount": {**EUR, "currency": "XXX"}}, "amount.currency"),
    ("crm_create_opportunity", {**DEAL, "close_on": "0001-01-01"}, "close_on"),
    ("crm_create_opportunity", {**DEAL, "close_on": "9999-12-31"}, "close_on"),
    ("crm_create_opportunity", {**DEAL, "stage": "won"}, "stage"),
    ("crm_create_opportunity", {**DEAL, "probability_percent": 101}, "probability_percent"),
    ("crm_create_opportunity", {**DEAL, "owner": "mara"}, "owner"),
    ("crm_create_opportunity", {**DEAL, "name": "a\0"}, "name"),
    ("crm_update_opportunity", {**OF_DEAL, "probability_percent": -1}, "probability_percent"),
    ("crm_update_opportunity", {**OF_DEAL, "amount": VAST}, "amount.amount"),
    ("crm_update_opportunity", {**OF_DEAL, "expected_version": "1" * 33}, "expected_version"),
    ("crm_update_opportunity", {**OF_DEAL, "stage": "won"}, None),
    ("crm_move_opportunity", {**OF_DEAL, "to_stage": "stuck"}, "to_stage"),
    ("crm_move_opportunity", {**OF_DEAL, "to_stage": "lost", "reason": " "}, "reason"),
    ("crm_move_opportunity", {**OF_DEAL, "to_stage": "lost", "reason": "x" * 501}, "reason"),
    ("crm_log_activity", {**LOG, "kind": "fax"}, "kind"),
    ("crm_log_activity", {**LOG, "subject": "x" * 201}, "subject"),
    ("crm_log_activity", {**LOG, "note": "x" * 4001}, "note"),
    ("crm_log_activity", {**LOG, "note": "a\0"}, "note"),
]
UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("crm_get_account", {"account_id": "acc_%"}, "account_id"),
    ("crm_get_opportunity", {"opportunity_id": "'"}, "opportunity_id"),
    ("crm_list_activities", {"about_id": "\\"}, "about_id"),
    ("crm_log_activity", LOG, "about_id"),
    ("crm_upsert_account", {"account_id": "acc_x", "phone": "1"}, "account_id"),
    ("crm_upsert_contact", {"email": "a@example.com", "account_id": "acc_x"}, "account_id"),
    ("crm_create_opportunity", DEAL, "account_id"),
    ("crm_create_opportunity", {**DEAL, "account_id": "acc_0001", "contact_id": "_"}, "contact_id"),
    ("crm_update_opportunity", OF_DEAL, "opportunity_id"),
    ("crm_move_opportunity", {**OF_DEAL, "to_stage": "won"}, "opportunity_id"),
]
MAKING: list[tuple[str, dict[str, Any]]] = [
    ("crm_upsert_account", {"name": "Preview AG", "currency": "EUR"}),
    (
        "crm_upsert_contact",
        {"email": "p@new.example.com", "account_id": "acc_0001", "last_name": "P"},
    ),
    ("crm_create_opportunity", {**DEAL, "account_id": "acc_0001"}),
    ("crm_log_activity", {**LOG, "about_id": "acc_0001"}),
]


@dataclass(frozen=True)
class Desk:
    """One agent at the CRM of the demo company; each call is a session of its own."""

    served: Running
    headers: dict[str, str]

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        result = await self._call(tool, arguments)
        assert not result.is_error, result.content
        return result.structured_content or {}

    async def refusal(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        result = await self._call(tool, arguments)
        assert result.is_error, result.structured_content
        return (result.meta or {})[ERROR_KEY]

    async def _call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        async with create_mcp_http_client(headers=self.headers) as http:
            transport = streamable_http_client(f"{self.served.url}/crm/mcp", http_client=http)
            async with Client(transport) as client:
                return await client.call_tool(tool, dict(arguments))

    async def open_deal(self) -> str:
        """Return the id of a new deal of the first account."""
        made = await self.ask("crm_create_opportunity", {**DEAL, "account_id": "acc_0001"})
        return made["id"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Desk]:
    settings = settings_for(tmp_path_factory.mktemp("crm"))
    async with running(settings, ["crm"], demo_data=True) as served:
        token = await served.token("workflows")
        yield Desk(served, {"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(("tool", "arguments", "field"), INVALID)
async def test_bad_input_is_an_invalid_request_that_names_its_field(
    desk: Desk, tool: str, arguments: dict[str, Any], field: str | None
) -> None:
    body = await desk.refusal(tool, arguments)

    assert (body["code"], body["field"], body["outcome"]) == ("invalid_request", field, "not_done")


@pytest.mark.parametrize(("tool", "arguments", "field"), UNKNOWN)
async def test_an_unknown_record_is_not_found(
    desk: Desk, tool: str, arguments: dict[str, Any], field: str
) -> None:
    body = await desk.refusal(tool, arguments)

    assert (body["code"], body["field"]) == ("not_found", field)


@pytest.mark.parametrize("text", ["%", "_", "''", "\\", "*"])
async def test_wildcards_are_taken_as_they_are_written(desk: Desk, text: str) -> None:
    for tool in ("crm_search", "crm_list_opportunities"):
        page = await desk.ask(tool, {"query": text})
        assert (page["total"], page["items"]) == (0, [])


async def test_far_away_dates_filter_like_any_other(desk: Desk) -> None:
    first = await desk.ask("crm_list_opportunities", {"closing_before": "0001-01-01"})
    last = await desk.ask("crm_list_opportunities", {"closing_before": "9999-12-31"})
    every = await desk.ask("crm_list_activities", {"about_id": "acc_0001"})
    early = await desk.ask("crm_list_activities", {"about_id": "acc_0001", "since": "0001-01-01"})
    late = await desk.ask("crm_list_activities", {"about_id": "acc_0001", "since": "9999-12-31"})

    assert (first["total"], late["total"]) == (0, 0)
    assert last["total"] >= 260
    assert early["total"] == every["total"]


async def test_fields_at_their_limits_are_taken(desk: Desk) -> None:
    domain = ".".join(["d" * 50, "e" * 50, "example.com"])
    account: dict[str, Any] = {
        "name": "n" * 120,
        "domain": domain,
        "currency": "EUR",
        "phone": "1" * 40,
        "tax_id": "t" * 32,
        "industry": "i" * 60,
        "address": {
            "street": "s" * 120,
            "postal_code": "p" * 16,
            "city": "c" * 60,
            "country": "DE",
        },
    }
    contact = {
        "email": f"{'l' * 64}@{domain}",
        "first_name": "f" * 60,
        "last_name": "n" * 60,
        "job_title": "j" * 60,
    }

    made = await desk.ask("crm_upsert_account", account)
    person = await desk.ask("crm_upsert_contact", contact)

    read = await desk.ask("crm_get_account", {"account_id": made["id"], "include": ["contacts"]})
    assert {name: read[name] for name in account} == account
    assert [one["id"] for one in read["contacts"]] == [person["id"]]


async def test_a_dry_run_shows_what_a_write_does_and_does_nothing(desk: Desk) -> None:
    deal_id = await desk.open_deal()
    move = {"opportunity_id": deal_id, "to_stage": "lost", "reason": "r" * 500}

    shown = await desk.ask("crm_move_opportunity", {**move, "dry_run": True})
    still = await desk.ask("crm_get_opportunity", {"opportunity_id": deal_id})
    digest = shown["preview"]["preview_digest"]
    done = await desk.ask("crm_move_opportunity", {**move, "preview_digest": digest})

    effects = shown["preview"]["effects"]
    assert [effect["record"] for effect in effects] == ["opportunities"]
    assert (effects[0]["before"]["stage"], effects[0]["after"]["stage"]) == ("qualified", "lost")
    assert still["stage"] == "qualified"
    assert (done["state"], done["version"], done["changed"]) == ("lost", "2", True)


@pytest.mark.parametrize(("tool", "arguments"), MAKING)
async def test_what_a_dry_run_showed_is_what_the_write_does(
    desk: Desk, tool: str, arguments: dict[str, Any]
) -> None:
    shown = await desk.ask(tool, {**arguments, "dry_run": True})
    digest = shown["preview"]["preview_digest"]

    done = await desk.ask(tool, {**arguments, "preview_digest": digest})

    assert [effect["before"] for effect in shown["preview"]["effects"]] == [None]
    assert (done["changed"], done["ref"]) == (True, shown["ref"])


@pytest.mark.parametrize(
    ("tool", "change"),
    [
        ("crm_update_opportunity", {"probability_percent": 33}),
        ("crm_move_opportunity", {"to_stage": "won"}),
    ],
)
async def test_a_preview_of_a_record_that_moved_is_refused(
    desk: Desk, tool: str, change: dict[str, Any]
) -> None:
    deal_id = await desk.open_deal()
    call = {"opportunity_id": deal_id, **change}
    shown = await desk.ask(tool, {**call, "dry_run": True})
    await desk.ask("crm_update_opportunity", {"opportunity_id": deal_id, "name": "Moved"})

    digest = shown["preview"]["preview_digest"]
    body = await desk.refusal(tool, {**call, "preview_digest": digest})

    assert (body["code"], body["field"]) == ("conflict", "preview_digest")
    now = await desk.ask("crm_get_opportunity", {"opportunity_id": deal_id})
    assert (now["stage"], now["probability_percent"]) == ("qualified", 20)


async def test_a_previewed_upsert_is_refused_if_the_record_came_meanwhile(desk: Desk) -> None:
    call = {"email": "late@new.example.com", "account_id": "acc_0001", "last_name": "Late"}
    shown = await desk.ask("crm_upsert_contact", {**call, "dry_run": True})
    await desk.ask("crm_upsert_contact", {**call, "phone": "1"})

    digest = shown["preview"]["preview_digest"]
    body = await desk.refusal("crm_upsert_contact", {**call, "preview_digest": digest})

    assert (body["code"], body["field"]) == ("conflict", "preview_digest")


async def test_twenty_upserts_of_one_address_at_once_make_one_contact(desk: Desk) -> None:
    calls = [
        {
            "email": "Race@New.example.com" if number % 2 else "race@new.example.com",
            "account_id": "acc_0001",
            "last_name": "Race",
            "idempotency_key": f"race-{number}",
        }
        for number in range(20)
    ]

    answers = await asyncio.gather(*(desk.ask("crm_upsert_contact", call) for call in calls))

    assert len({answer["id"] for answer in answers}) == 1
    assert sum(answer["changed"] for answer in answers) == 1
    found = await desk.ask("crm_search", {"query": "race@new.example.com"})
    assert found["total"] == 1


async def test_a_repeated_key_makes_one_opportunity(desk: Desk) -> None:
    call = {**DEAL, "account_id": "acc_0001", "idempotency_key": "crane-once"}

    first = await desk.ask("crm_create_opportunity", call)
    second = await desk.ask("crm_create_opportunity", call)

    assert (second["id"], second["replayed"]) == (first["id"], True)


async def test_a_conflict_hands_over_the_candidates_and_the_version(desk: Desk) -> None:
    account = await desk.ask("crm_get_account", {"account_id": "acc_0001"})
    other = await desk.ask("crm_get_account", {"account_id": "acc_0002"})

    ambiguous = await desk.refusal(
        "crm_upsert_account", {"name": account["name"], "domain": other["domain"]}
    )
    stale = await desk.refusal(
        "crm_upsert_account", {"domain": account["domain"], "expected_version": "99"}
    )

    assert (ambiguous["code"], stale["code"]) == ("conflict", "conflict")
    assert [one["id"] for one in ambiguous["details"]["candidates"]] == ["acc_0001", "acc_0002"]
    assert stale["details"] == {"id": "acc_0001", "version": account["version"]}
