"""A new customer where CRM and ERP are one Tryton, and where only the ERP is."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_tryton import Command, over_tryton

from journeys.office import opened_office

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the customers that it counts on."""
    return tryton_script("start")


@pytest.mark.parametrize("systems", [("erp",), ("crm", "erp")])
async def test_a_new_customer_is_one_party_in_tryton(
    tmp_path: Path, tryton: dict[str, Any], systems: tuple[str, ...]
) -> None:
    told = {name: value for one in systems for name, value in over_tryton(tryton, one).items()}
    word = uuid4().hex[:8]
    given: dict[str, Any] = {
        "name": f"Qzwertz {word} AG",
        "domain": f"{word}.example.com",
        "currency": "EUR",
        "contact": {"email": f"kim@{word}.example.com", "last_name": "Adler"},
        "address": {"city": "Emden", "country": "DE"},
    }
    patience = {"attempt_timeout_s": 60, "call_timeout_s": 120}
    async with opened_office(tmp_path / "data", **(told | patience)) as office:
        await office.host.agents.ensure()
        started = await office.started("customer_onboarding", **given)
        await office.manager().resume(started)
        process = await office.process(started)
        found = await office.ask("erp_find_party", query=given["name"], role="customer")
        by_account = await office.ask("erp_find_party", query=process["result"]["account_id"])

    assert process["state"] == "completed", process["reason"]
    same = [one for one in found["items"] if one["name"] == given["name"]]
    assert [one["id"] for one in same] == [process["result"]["party_id"]]
    assert [one["id"] for one in by_account["items"][:1]] == [process["result"]["party_id"]]
    assert same[0]["city"] == "Emden"
    assert process["result"]["left_to_do"] == []
