"""Agents, their API keys, and what a shown credential turns into."""

import asyncio
import hmac
from collections.abc import AsyncGenerator
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    UnauthenticatedError,
)
from switchgear_shared.governance.identity import (
    DEFAULT_AGENTS,
    INTERNAL_AUDIENCE,
    Agent,
    Agents,
    Authenticator,
    Keys,
    Tokens,
    client_credentials,
)
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import AgentRow, migrate_governance
from switchgear_shared.storage.database import Database

AUDIENCE = "http://127.0.0.1:8080/mcp"
BUYER = Agent("buyer", "agent", (), ("erp.order.*", "*.read"))
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.passed_s = 0.0

    def __call__(self) -> float:
        return self.passed_s

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def epoch(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    database = Database.at("governance", data_dir=tmp_path, database_url=None)
    await migrate_governance(database)
    yield database
    await database.close()


@pytest.fixture
async def agents(database: Database, time: Time) -> Agents:
    agents = Agents(database, time.now)
    await agents.add(BUYER)
    return agents


@pytest.fixture
def tokens(tmp_path: Path, time: Time) -> Tokens:
    return Tokens(Keys(tmp_path), "http://127.0.0.1:8080", 3600, time.epoch)


@pytest.fixture
def door(agents: Agents, tokens: Tokens, time: Time) -> Authenticator:
    return Authenticator(agents, tokens, [AUDIENCE, INTERNAL_AUDIENCE], time)


async def test_the_demo_agents_are_registered_once_and_not_reset(agents: Agents) -> None:
    await agents.ensure()
    clerk = await agents.get("clerk")
    await agents.change(replace(clerk, is_disabled=True))
    await agents.ensure()

    listed = {agent.id: agent for agent in await agents.list()}
    expected = {agent.id: agent for agent in (*DEFAULT_AGENTS, BUYER)}
    assert listed == {**expected, "clerk": replace(clerk, is_disabled=True)}


@pytest.mark.parametrize("is_disabled", [True, False])
async def test_disabling_keeps_what_another_changes_at_the_same_time(
    agents: Agents, database: Database, is_disabled: bool
) -> None:
    await agents.change(replace(BUYER, is_disabled=not is_disabled))
    async with database.writing() as session:
        (await session.get_one(AgentRow, (BUYER.tenant, BUYER.id))).scopes = ["*.read"]
        await session.flush()
        switching = asyncio.get_running_loop().create_task(
            agents.switch("buyer", is_disabled=is_disabled), context=Context()
        )
        await asyncio.wait([switching], timeout=0.2)
        assert not switching.done()
    await switching

    assert await agents.get("buyer") == replace(BUYER, scopes=("*.read",), is_disabled=is_disabled)


async def test_an_agent_is_registered_once_per_tenant(agents: Agents) -> None:
    with pytest.raises(ConflictError, match="agent buyer exists"):
        await agents.add(BUYER)

    other = replace(BUYER, tenant=TenantId("other"))
    await agents.add(other)
    assert await agents.get("buyer", TenantId("other")) == other
    with pytest.raises(NotFoundError):
        await agents.get("buyer", TenantId("third"))


async def test_no_agent_is_registered_with_a_scope_for_everything(agents: Agents) -> None:
    with pytest.raises(PolicyDeniedError, match=r"scope \* cannot be granted"):
        await agents.add(Agent("root", "agent", scopes=("*",)))


async def test_an_api_key_is_its_agent(agents: Agents, door: Authenticator) -> None:
    key = await agents.add_key("buyer")

    assert key.startswith("mcpk_")
    assert len(key.split("_", 2)[2]) == 43
    assert await door.authenticate(key) == BUYER.principal


async def test_the_database_holds_no_secret_of_a_key(agents: Agents, database: Database) -> None:
    secret = (await agents.add_key("buyer")).split("_", 2)[2]

    async with database.reading() as session:
        held = str((await session.execute(text("SELECT * FROM api_keys"))).all())
    assert "buyer" in held
    assert secret not in held


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"), id="last letter"),
        pytest.param(lambda key: "mcpk_0000000000000000_" + key.split("_", 2)[2], id="unknown id"),
        pytest.param(lambda key: key.rsplit("_", 1)[0] + "_", id="no secret"),
        pytest.param(lambda _: "mcpk_", id="only the prefix"),
        pytest.param(lambda key: key + "\ud800", id="lone surrogate"),
        pytest.param(lambda key: key.upper(), id="upper case"),
    ],
)
async def test_a_key_that_is_not_exactly_right_is_refused_in_the_same_words(
    spoil: object, agents: Agents, door: Authenticator
) -> None:
    key = await agents.add_key("buyer")

    with pytest.raises(UnauthenticatedError) as caught:
        await door.authenticate(spoil(key))  # type: ignore[operator]

    assert caught.value.message == "the credential is not valid"


async def test_an_unknown_key_id_costs_the_comparison_a_known_one_does(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await agents.add_key("buyer")
    compared: list[int] = []
    compare = hmac.compare_digest

    def counting(left: str, right: str) -> bool:
        compared.append(len(left))
        return compare(left, right)

    monkeypatch.setattr("switchgear_shared.governance.agents.hmac.compare_digest", counting)
    for key in (known, known + "x", "mcpk_00_x"):
        compared.clear()
        try:
            await agents.by_key(key)
        except UnauthenticatedError:
            assert key != known
        assert compared == [64]


async def test_a_revoked_key_ends_within_five_seconds(
    agents: Agents, door: Authenticator, time: Time
) -> None:
    key = await agents.add_key("buyer")
    await door.authenticate(key)
    (listed,) = await agents.list_keys("buyer")
    await agents.revoke_key(listed.id)

    time.passed_s += 5
    with pytest.raises(UnauthenticatedError):
        await door.authenticate(key)


async def test_a_key_ends_when_it_expires(agents: Agents, time: Time) -> None:
    key = await agents.add_key("buyer", expires_at=START + timedelta(seconds=60))
    time.passed_s = 59
    assert (await agents.by_key(key)).agent == BUYER
    time.passed_s = 60
    with pytest.raises(UnauthenticatedError):
        await agents.by_key(key)


async def test_a_disabled_agents_token_and_key_end_within_five_seconds(
    agents: Agents, door: Authenticator, tokens: Tokens, time: Time
) -> None:
    shown = [await agents.add_key("buyer"), tokens.issue(BUYER.principal, AUDIENCE).token]
    for credential in shown:
        assert await door.authenticate(credential) == BUYER.principal
    await agents.change(replace(BUYER, is_disabled=True))

    time.passed_s += 5
    for credential in shown:
        with pytest.raises(UnauthenticatedError):
            await door.authenticate(credential)


async def test_a_token_loses_the_scopes_and_roles_its_agent_lost(
    agents: Agents, door: Authenticator, tokens: Tokens
) -> None:
    token = tokens.issue(replace(BUYER, roles=("clerk",)).principal, AUDIENCE).token
    await agents.change(replace(BUYER, scopes=("*.read", "crm.*")))

    assert await door.authenticate(token) == replace(BUYER.principal, scopes=("*.read",))


async def test_an_assertion_is_taken_for_a_party_that_is_not_registered(
    door: Authenticator, tokens: Tokens
) -> None:
    local = Principal("stdio", "agent", roles=("assistant",), requested_by="someone")

    assert await door.authenticate(tokens.assertion(local)) == local


async def test_an_edge_without_the_internal_audience_takes_no_assertion(
    agents: Agents, tokens: Tokens
) -> None:
    edge = Authenticator(agents, tokens, [AUDIENCE])

    with pytest.raises(UnauthenticatedError):
        await edge.authenticate(tokens.assertion(BUYER.principal))


async def test_client_credentials_give_a_token_for_a_whole_key_or_its_secret(
    agents: Agents, tokens: Tokens, door: Authenticator
) -> None:
    key = await agents.add_key("buyer")

    for secret in (key, key.split("_", 2)[2]):
        token = await client_credentials(
            agents, tokens, [AUDIENCE], client_id="buyer", client_secret=secret, scope="*.read"
        )
        principal = await door.authenticate(token.token)
        assert principal == replace(BUYER.principal, scopes=("*.read",))


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_token_ends_with_the_key_that_it_was_given_for(
    is_whole: bool, agents: Agents, tokens: Tokens, door: Authenticator, time: Time
) -> None:
    kept, lost = await agents.add_key("buyer"), await agents.add_key("buyer")

    async def token_for(key: str) -> str:
        secret = key if is_whole else key.split("_", 2)[2]
        token = await client_credentials(
            agents, tokens, [AUDIENCE], client_id="buyer", client_secret=secret
        )
        return token.token

    stays, goes = await token_for(kept), await token_for(lost)
    await door.authenticate(goes)
    await agents.revoke_key(lost.split("_")[1])

    time.passed_s += 5
    with pytest.raises(UnauthenticatedError):
        await door.authenticate(goes)
    assert await door.authenticate(stays) == BUYER.principal


async def test_a_token_ends_when_its_key_expires(
    agents: Agents, tokens: Tokens, door: Authenticator, time: Time
) -> None:
    key = await agents.add_key("buyer", expires_at=START + timedelta(seconds=60))
    token = await client_credentials(
        agents, tokens, [AUDIENCE], client_id="buyer", client_secret=key
    )

    time.passed_s = 59
    await door.authenticate(token.token)
    time.passed_s = 64
    with pytest.raises(UnauthenticatedError):
        await door.authenticate(token.token)


async def test_a_token_names_no_key_of_another_party(
    agents: Agents, tokens: Tokens, door: Authenticator
) -> None:
    await agents.add(Agent("seller", "agent"))
    key = await agents.add_key("seller")
    token = tokens.issue(BUYER.principal, AUDIENCE, api_key_id=key.split("_")[1])

    with pytest.raises(UnauthenticatedError):
        await door.authenticate(token.token)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, UnauthenticatedError),
        ({"client_id": "clerk"}, UnauthenticatedError),
        ({"client_id": "nobody", "client_secret": "x"}, UnauthenticatedError),
        ({"resource": "http://other/mcp"}, InvalidRequestError),
        ({"resource": INTERNAL_AUDIENCE}, InvalidRequestError),
        ({"scope": "erp.invoice.post"}, PolicyDeniedError),
        ({"scope": "*"}, PolicyDeniedError),
    ],
)
async def test_client_credentials_refuse_what_the_agent_has_not(
    changes: dict[str, str], error: type[Exception], agents: Agents, tokens: Tokens
) -> None:
    asked = {"client_id": "buyer", "client_secret": await agents.add_key("buyer"), **changes}

    with pytest.raises(error):
        await client_credentials(agents, tokens, [AUDIENCE], **asked)
