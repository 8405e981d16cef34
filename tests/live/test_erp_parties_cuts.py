"""New parties in a real Tryton whose answers get lost on the way, or where others come between."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from live_erp import ErpSuite, serving_erp
from live_goods import new_iban
from live_line import BusyLine, Line, on_line
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

PARTY = "model.party.party"


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the parties that it counts on."""
    return tryton_script("start")


@pytest.fixture
def name() -> str:
    """A name that no other test has, and its key too."""
    return f"Brixen {uuid4().hex}"


@pytest.fixture(params=[Line])
def line(request: pytest.FixtureRequest) -> httpx2.AsyncHTTPTransport:
    return request.param()


busy = pytest.mark.parametrize("line", [BusyLine], indirect=True)


@pytest.fixture
async def suite(
    tmp_path: Path, tryton: dict[str, Any], line: httpx2.AsyncHTTPTransport
) -> AsyncIterator[ErpSuite]:
    async with (
        serving_erp(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "erp", tryton, line),
    ):
        yield suite


async def named(client: TrytonClient, name: str) -> list[dict[str, Any]]:
    """Return the parties of that name in Tryton, those put away too."""
    domain = [["name", "=", name], ["active", "in", [True, False]]]
    return [*(await client.search("party.party", domain, ["active"], limit=10)).records]


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_party_whose_creation_broke_is_there_once(
    suite: ErpSuite, client: TrytonClient, line: Line, name: str, is_heard: bool
) -> None:
    ask = {"name": name, "roles": ["customer"]}
    line.method, line.is_heard = f"{PARTY}.create", is_heard

    error = await suite.refusal("create_party", key=name.split()[1], **ask)
    done = await suite.answer("create_party", key=name.split()[1], **ask)

    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
    assert [f"party-{one['id']}" for one in await named(client, name)] == [done["id"]]
    assert (done["state"], done["replayed"]) == ("active", is_heard)
    assert await suite.events() == ["erp.party.created"]


async def test_a_party_whose_answer_was_lost_stays_though_another_was_made_since(
    suite: ErpSuite, client: TrytonClient, line: Line, name: str
) -> None:
    ask = {"name": name, "roles": ["customer"]}
    line.method = f"{PARTY}.create"
    await suite.refusal("create_party", key=name.split()[1], **ask)
    [ours] = await named(client, name)
    await client.call("party.party", "create", [{"name": name}])

    done = await suite.answer("create_party", key=name.split()[1], **ask)

    assert (done["id"], done["state"]) == (f"party-{ours['id']}", "active")
    assert len(await named(client, name)) == 2


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_party_whose_putting_away_broke_is_put_away_once(
    suite: ErpSuite, client: TrytonClient, line: Line, name: str, is_heard: bool
) -> None:
    made = await suite.answer("create_party", name=name, roles=["customer"])
    line.method, line.is_heard = f"{PARTY}.write", is_heard

    error = await suite.refusal("deactivate_party", key=name.split()[1], party_id=made["id"])
    done = await suite.answer("deactivate_party", key=name.split()[1], party_id=made["id"])

    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
    assert (done["state"], done["changed"]) == ("inactive", True)
    assert [one["active"] for one in await named(client, name)] == [False]
    assert await suite.events() == ["erp.party.created", "erp.party.deactivated"]


@busy
async def test_a_party_that_another_made_just_before_stays_alone(
    suite: ErpSuite, client: TrytonClient, line: BusyLine, name: str
) -> None:
    async def meanwhile() -> None:
        await client.call("party.party", "create", [{"name": name}])

    line.method, line.meanwhile = f"{PARTY}.create", meanwhile

    error = await suite.refusal("create_party", name=name, roles=["vendor"])

    [other] = await named(client, name)
    assert (error.code, error.field, error.outcome) == ("conflict", "name", "not_done")
    assert error.details["party_id"] == f"party-{other['id']}"
    assert await suite.events() == []


@busy
async def test_a_party_that_is_used_while_it_is_put_away_stays_in_use(
    suite: ErpSuite, client: TrytonClient, line: BusyLine, name: str
) -> None:
    made = await suite.answer("create_party", name=name, roles=["customer"])

    async def meanwhile() -> None:
        order = {"party": int(made["id"].partition("-")[2])}
        await client.call("sale.sale", "create", [order])

    line.method, line.meanwhile = f"{PARTY}.write", meanwhile

    error = await suite.refusal("deactivate_party", party_id=made["id"])

    assert (error.code, error.outcome) == ("conflict", "not_done")
    assert [one["active"] for one in await named(client, name)] == [True]


async def test_an_account_that_the_crm_made_in_the_same_tryton_is_a_party_too(
    suite: ErpSuite, client: TrytonClient, name: str
) -> None:
    """Its identifiers have no type, as the marks of our writes have none."""
    marks = {"identifiers": [["create", [{"code": "sg-0a1b"}, {"code": "26-1234567"}]]]}
    await client.call("party.party", "create", [{"name": name, **marks}])

    found = await suite.answer("find_party", query=name)

    assert [(one["name"], one["vat_id"]) for one in found["items"]] == [(name, "26-1234567")]


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_bank_account_comes_with_its_party_though_the_line_broke(
    suite: ErpSuite, client: TrytonClient, line: Line, name: str, is_heard: bool
) -> None:
    iban = new_iban()
    ask: dict[str, Any] = {"name": name, "roles": ["vendor"], "iban": iban}
    line.method, line.is_heard = f"{PARTY}.create", is_heard

    error = await suite.refusal("create_party", key=name.split()[1], **ask)
    done = await suite.answer("create_party", key=name.split()[1], **ask)

    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
    assert [f"party-{one['id']}" for one in await named(client, name)] == [done["id"]]
    assert await owners(client, iban) == [int(done["id"].removeprefix("party-"))]


@busy
async def test_an_account_goes_with_the_party_that_gives_way(
    suite: ErpSuite, client: TrytonClient, line: BusyLine, name: str
) -> None:
    async def meanwhile() -> None:
        await client.call("party.party", "create", [{"name": name}])

    line.method, line.meanwhile = f"{PARTY}.create", meanwhile
    iban = new_iban()

    error = await suite.refusal("create_party", name=name, roles=["vendor"], iban=iban)

    assert (error.code, error.field, error.outcome) == ("conflict", "name", "not_done")
    assert await owners(client, iban) is None


async def test_a_new_bank_account_is_approved_by_another_person(
    tmp_path: Path, tryton: dict[str, Any], client: TrytonClient, name: str
) -> None:
    """The rule holds over Tryton as over our tables."""
    iban = new_iban()
    ask = {"name": name, "roles": ["vendor"], "iban": iban}
    async with serving_erp(tmp_path / "ruled", tryton, policies=None) as suite:
        asked = await suite.refusal("create_party", key=name.split()[1], **ask)
        before = await named(client, name)
        finance = (await suite.host.agents.get("finance")).principal
        await suite.host.approvals.decide(asked.details["approval_id"], "approve", finance)
        done = await suite.answer("create_party", key=name.split()[1], **ask)

    assert (asked.code, before) == ("approval_required", [])
    assert await owners(client, iban) == [int(done["id"].removeprefix("party-"))]


async def owners(client: TrytonClient, iban: str) -> list[int] | None:
    """Return whose account it is in Tryton, None where there is none."""
    domain = [["numbers.number_compact", "=", iban]]
    page = await client.search("bank.account", domain, ["owners"], limit=2)
    return page.records[0]["owners"] if page.records else None
