"""The CRM's tools as a client sees them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from switchgear_crm.backend import CrmBackend
from switchgear_crm.tools import crm as tools
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError


async def call(
    crm: CrmBackend, caller: Caller, name: str, arguments: Mapping[str, Any]
) -> BaseModel:
    tool = tools.tools[name]
    tool.validator.validate(dict(arguments))
    return await tool.run(crm, caller, arguments)


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
        "crm_create_opportunity",
        "crm_describe_pipeline",
        "crm_get_account",
        "crm_get_opportunity",
        "crm_list_activities",
        "crm_list_opportunities",
        "crm_log_activity",
        "crm_move_opportunity",
        "crm_search",
        "crm_update_opportunity",
        "crm_upsert_account",
        "crm_upsert_contact",
    ]
    assert sum(map(len, seen)) / 4 <= 4000
    assert sum(map(len, seen)) / len(seen) <= 1200
    assert [tool.name for tool in listed if len(tool.description.splitlines()[0]) > 80] == []


async def test_every_tool_answers_through_its_schema(crm: CrmBackend, caller: Caller) -> None:
    answers = {
        "crm_search": {"query": "müller", "kind": "account"},
        "crm_get_account": {"account_id": "acc_mueller", "include": ["contacts"]},
        "crm_list_opportunities": {
            "stage": "open",
            "owner": "mara@example.com",
            "closing_before": "2027-01-01",
            "min_amount": "100",
            "currency": "EUR",
        },
        "crm_get_opportunity": {"opportunity_id": "opp_1"},
        "crm_list_activities": {"about_id": "acc_mueller", "since": "2026-10-02"},
        "crm_log_activity": {"about_id": "acc_mueller", "kind": "call", "subject": "Hi"},
        "crm_describe_pipeline": {"owner": "mara@example.com"},
        "crm_upsert_account": {
            "name": "Kranbau GmbH",
            "domain": "kranbau.example.com",
            "currency": "EUR",
            "roles": ["customer"],
            "owner": "jon@example.com",
            "address": {"street": "Kai 1", "postal_code": "1", "city": "Kiel", "country": "DE"},
        },
        "crm_upsert_contact": {"email": "o.lang@kranbau.example.com", "last_name": "Lang"},
        "crm_create_opportunity": {
            "account_id": "acc_mueller",
            "name": "Crane",
            "amount": {"amount": "1200.50", "currency": "EUR"},
            "close_on": "2027-01-31",
        },
        "crm_update_opportunity": {"opportunity_id": "opp_1", "probability_percent": 55},
        "crm_move_opportunity": {"opportunity_id": "opp_3", "to_stage": "won"},
    }

    found = {name: await call(crm, caller, name, given) for name, given in answers.items()}

    assert getattr(found["crm_search"], "total", None) == 1
    assert getattr(found["crm_get_account"], "contact_count", None) == 2
    assert getattr(found["crm_list_opportunities"], "total", None) == 1
    assert getattr(found["crm_get_opportunity"], "ref", None) == "OPP-1"
    assert getattr(found["crm_list_activities"], "total", None) == 2
    states = {
        name: answer.state for name, answer in found.items() if isinstance(answer, WriteResult)
    }
    assert states == {
        "crm_log_activity": "logged",
        "crm_upsert_account": "created",
        "crm_upsert_contact": "created",
        "crm_create_opportunity": "qualified",
        "crm_update_opportunity": "proposal",
        "crm_move_opportunity": "won",
    }


@pytest.mark.parametrize(
    ("given", "missing"), [({"min_amount": "5"}, "currency"), ({"currency": "EUR"}, "min_amount")]
)
async def test_an_amount_without_its_currency_is_refused(
    crm: CrmBackend, caller: Caller, given: dict[str, str], missing: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await call(crm, caller, "crm_list_opportunities", given)

    assert refused.value.field == missing


async def test_the_account_resource_has_all_parts(crm: CrmBackend, caller: Caller) -> None:
    template = tools.resources[0]
    variables = template.match("crm://accounts/acc_mueller")

    assert variables is not None
    assert variables == {"id": "acc_mueller"}
    body = await template.tool.run(crm, caller, variables)
    account = json.loads(getattr(body, "text", ""))
    assert (account["id"], len(account["contacts"]), len(account["activities"])) == (
        "acc_mueller",
        2,
        3,
    )


async def test_ids_and_stages_are_completed(crm: CrmBackend, caller: Caller) -> None:
    assert await tools.completions["account_id"](crm, caller, "Weid") == ["acc_weidner"]
    assert await tools.completions["id"](crm, caller, "Weid") == ["acc_weidner"]
    assert await tools.completions["opportunity_id"](crm, caller, "pilot") == ["opp_3"]
    assert await tools.completions["owner"](crm, caller, "jon") == ["jon@example.com"]
    assert await tools.completions["stage"](crm, caller, "P") == ["proposal"]
    assert await tools.completions["to_stage"](crm, caller, "w") == ["won"]


@pytest.mark.parametrize("typed", ["a\0", "\0", "\ud800", "%", "_", "'", "\\"])
async def test_odd_text_completes_to_nothing(crm: CrmBackend, caller: Caller, typed: str) -> None:
    for complete in tools.completions.values():
        assert await complete(crm, caller, typed) == []


def test_the_meeting_prompt_names_the_account_and_the_tools() -> None:
    prompt = tools.prompts["prepare_customer_meeting"]

    text = prompt.render(account_id="acc_1")

    assert [argument.name for argument in prompt.arguments] == ["account_id"]
    assert "acc_1" in text
    assert {name for name in tools.tools if name in text} == {
        "crm_get_account",
        "crm_list_activities",
    }


@pytest.mark.parametrize("owner", ["", "mara@example.com"])
def test_the_review_prompt_names_the_owner_and_the_tools(owner: str) -> None:
    prompt = tools.prompts["review_pipeline"]

    text = prompt.render(owner=owner)

    assert [(blank.name, blank.required) for blank in prompt.arguments] == [("owner", False)]
    assert owner in text
    assert {name for name in tools.tools if name in text} == {
        "crm_describe_pipeline",
        "crm_get_opportunity",
        "crm_list_opportunities",
    }
