"""Approvals: asked once, decided by another, used once, on whichever process."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from engines import ENGINES, place
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, TenantId
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
)
from switchgear_shared.governance.approval import Approval, Approvals, Grant, approval_digest
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import migrate_governance
from switchgear_shared.storage.database import Database

WORKFLOWS = Principal("workflows", "service", requested_by="clerk")
FINANCE = Principal("finance", "person", roles=("approver",))
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
ARGUMENTS = {"invoice_id": "inv_1", "iban": "DE89370400440532013000", "password": "x"}


class Time:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=ENGINES)
async def databases(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[list[Database]]:
    """Two doors to one database, as two processes have them."""
    async with place(request.param, "governance", tmp_path) as chosen:
        both = [chosen.open(), chosen.open()]
        await migrate_governance(both[0])
        yield both


@pytest.fixture
def changes() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def both(databases: list[Database], time: Time, changes: list[tuple[str, str]]) -> list[Approvals]:
    async def note(session: AsyncSession, approval: Approval) -> None:
        assert session.in_transaction()
        changes.append((approval.id, approval.state))

    return [Approvals(database, timedelta(hours=72), note, time) for database in databases]


@pytest.fixture
def approvals(both: list[Approvals]) -> Approvals:
    return both[0]


def digest_of(**changes: Any) -> str:
    bound: dict[str, Any] = {
        "principal": WORKFLOWS,
        "tool": "erp_post_invoice",
        "pin": "p1",
        "arguments": ARGUMENTS,
        "facts": {"amount_company_minor": 250_000},
    }
    return approval_digest(**{**bound, **changes})


async def ask(approvals: Approvals, **changes: Any) -> Approval:
    asked: dict[str, Any] = {
        "principal": WORKFLOWS,
        "digest": digest_of(),
        "server": "erp",
        "tool": "erp_post_invoice",
        "kinds": {"finance"},
        "summary": "Post invoice INV-1 of 2,500.00 EUR",
        "arguments": ARGUMENTS,
        "facts": {"amount_company_minor": 250_000},
        "correlation_id": CorrelationId("cor_1"),
    }
    return await approvals.request(**{**asked, **changes})


async def test_an_open_request_shows_what_is_asked_without_secrets(approvals: Approvals) -> None:
    approval = await ask(approvals)

    assert approval == Approval(
        id=approval.id,
        tenant=DEFAULT_TENANT,
        digest=digest_of(),
        state="open",
        server="erp",
        tool="erp_post_invoice",
        kinds=("finance",),
        summary="Post invoice INV-1 of 2,500.00 EUR",
        arguments={**ARGUMENTS, "password": "[redacted]"},
        facts={"amount_company_minor": 250_000},
        principal_id="workflows",
        requested_by="clerk",
        correlation_id=CorrelationId("cor_1"),
        created_at=START,
        expires_at=START + timedelta(hours=72),
    )
    assert await approvals.get(DEFAULT_TENANT, approval.id) == approval


async def test_what_a_party_asked_for_under_its_keys_is_found_while_it_may_be_used(
    approvals: Approvals, time: Time
) -> None:
    """An underscore in a key is an underscore."""

    async def asked(key: str, **changes: Any) -> str:
        return (await ask(approvals, digest=key, asked_under=key, **changes)).id

    opened = await asked("prc_1:post:0")
    granted = await asked("prc_1:post:1")
    await approvals.decide(granted, "approve", FINANCE)
    denied = await asked("prc_1:post:2")
    await approvals.decide(denied, "deny", FINANCE)
    await asked("prcx1:post:0")
    await asked("prc_12:post:0")
    await asked("prc_1:post:3", principal=replace(WORKFLOWS, id="documents"))
    await asked("prc_1:post:4", principal=replace(WORKFLOWS, tenant=TenantId("other")))
    await ask(approvals, digest="without a key")

    async def found() -> set[str]:
        kept = await approvals.asked_under(DEFAULT_TENANT, "workflows", "prc_1:")
        return {approval.id for approval in kept}

    assert await found() == {opened, granted}
    time.now += timedelta(hours=72)
    assert await found() == set()


async def test_processes_that_ask_at_once_open_one_request(
    both: list[Approvals], changes: list[tuple[str, str]]
) -> None:
    asked = await asyncio.gather(*(ask(both[i % 2]) for i in range(10)))

    assert len({approval.id for approval in asked}) == 1
    assert changes == [(asked[0].id, "open")]


@pytest.mark.parametrize(
    "by",
    [
        Principal("clerk", "person"),
        Principal("workflows", "service"),
        Principal("helper", "agent", requested_by="clerk"),
    ],
)
async def test_nobody_behind_the_request_decides_it(by: Principal, approvals: Approvals) -> None:
    approval = await ask(approvals)

    with pytest.raises(PolicyDeniedError):
        await approvals.decide(approval.id, "approve", by)
    assert await approvals.get(DEFAULT_TENANT, approval.id) == approval


async def test_a_person_of_another_tenant_finds_nothing_to_decide(approvals: Approvals) -> None:
    approval = await ask(approvals)

    with pytest.raises(NotFoundError):
        await approvals.decide(approval.id, "approve", replace(FINANCE, tenant=TenantId("b")))
    with pytest.raises(NotFoundError):
        await approvals.get(TenantId("b"), approval.id)
    assert await approvals.list(TenantId("b")) == ((), None)


async def test_a_decision_stands(approvals: Approvals, changes: list[tuple[str, str]]) -> None:
    approval = await ask(approvals)
    decided = await approvals.decide(approval.id, "approve", FINANCE, "as ordered")

    assert decided == replace(
        approval, state="approved", decided_by="finance", decided_at=START, reason="as ordered"
    )
    assert await approvals.decide(approval.id, "approve", FINANCE) == decided
    with pytest.raises(ConflictError, match="is approved by finance"):
        await approvals.decide(approval.id, "deny", FINANCE)
    assert changes == [(approval.id, "open"), (approval.id, "approved")]


async def test_two_people_who_decide_at_once_get_one_decision(both: list[Approvals]) -> None:
    approval = await ask(both[0])
    others = [replace(FINANCE, id=f"finance-{i}") for i in range(6)]

    results = await asyncio.gather(
        *(
            both[i % 2].decide(approval.id, "approve" if i % 2 else "deny", by)
            for i, by in enumerate(others)
        ),
        return_exceptions=True,
    )

    decided = await both[0].get(DEFAULT_TENANT, approval.id)
    agreed = [result for result in results if isinstance(result, Approval)]
    assert len(agreed) == 3
    assert set(map(repr, agreed)) == {repr(decided)}
    assert sum(isinstance(result, ConflictError) for result in results) == 3


async def test_an_approval_is_used_by_one_call_which_may_come_again(both: list[Approvals]) -> None:
    approval = await ask(both[0])
    assert await both[0].claim(digest_of(), "call-1") is None
    await both[0].decide(approval.id, "approve", FINANCE)

    assert await both[0].claim(digest_of(facts={}), "call-1") is None
    grant = Grant(DEFAULT_TENANT, approval.id, frozenset({"finance"}))
    assert await both[0].claim(digest_of(), "call-1") == grant
    assert await both[1].claim(digest_of(), "call-1") == grant
    assert await both[1].claim(digest_of(), "call-2") is None


async def test_an_approval_given_back_by_its_user_is_there_for_the_next(
    both: list[Approvals], changes: list[tuple[str, str]]
) -> None:
    approval = await ask(both[0])
    await both[0].decide(approval.id, "approve", FINANCE)
    grant = await both[0].claim(digest_of(), "call-1")
    assert grant is not None

    await both[1].release(grant, "call-2")
    assert await both[1].claim(digest_of(), "call-2") is None
    await both[1].release(grant, "call-1")
    assert await both[1].claim(digest_of(), "call-2") == grant
    assert changes == [(approval.id, state) for state in ("open", "approved", "used", "used")]


async def test_of_calls_that_claim_at_once_one_gets_the_approval(
    both: list[Approvals], changes: list[tuple[str, str]]
) -> None:
    approval = await ask(both[0])
    await both[0].decide(approval.id, "approve", FINANCE)

    claimed = await asyncio.gather(*(both[i % 2].claim(digest_of(), f"c{i}") for i in range(10)))

    assert [grant.id for grant in claimed if grant] == [approval.id]
    assert changes[-1] == (approval.id, "used")
    assert len(changes) == 3


async def test_an_undecided_request_expires_and_may_be_asked_anew(
    approvals: Approvals, time: Time, changes: list[tuple[str, str]]
) -> None:
    first = await ask(approvals)
    time.now += timedelta(hours=72)

    with pytest.raises(ConflictError, match="is expired"):
        await approvals.decide(first.id, "approve", FINANCE)
    second = await ask(approvals)
    assert second.id != first.id
    assert changes == [(first.id, "open"), (first.id, "expired"), (second.id, "open")]


async def test_an_unused_approval_expires(approvals: Approvals, time: Time) -> None:
    approval = await ask(approvals)
    await approvals.decide(approval.id, "approve", FINANCE)
    time.now += timedelta(hours=72)

    assert await approvals.claim(digest_of(), "call-1") is None
    assert await approvals.expire() == 1
    assert await approvals.expire() == 0
    assert (await approvals.get(DEFAULT_TENANT, approval.id)).state == "expired"


async def test_a_denial_stands_for_its_process_and_not_for_another(approvals: Approvals) -> None:
    approval = await ask(approvals)
    await approvals.decide(approval.id, "deny", FINANCE, "wrong vendor")

    with pytest.raises(PolicyDeniedError, match="was denied by finance: wrong vendor"):
        await ask(approvals)
    assert (await ask(approvals, correlation_id=CorrelationId("cor_2"))).state == "open"
    assert await approvals.claim(digest_of(), "call-1") is None


async def test_a_listing_goes_on_where_its_page_ended(approvals: Approvals, time: Time) -> None:
    ids: list[str] = []
    for i in range(5):
        time.now += timedelta(seconds=i % 2)
        ids.append((await ask(approvals, digest=f"{i}")).id)
    await approvals.decide(ids[0], "deny", FINANCE)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page, cursor = await approvals.list(DEFAULT_TENANT, limit=2, cursor=cursor)
        seen += [approval.id for approval in page]

    assert cursor is None
    assert sorted(seen) == sorted(ids)
    opened, _ = await approvals.list(DEFAULT_TENANT, state="open")
    assert {approval.id for approval in opened} == set(ids[1:])
    with pytest.raises(InvalidRequestError):
        await approvals.list(DEFAULT_TENANT, cursor="x")


async def test_what_fails_to_be_announced_is_not_decided(
    databases: list[Database], approvals: Approvals
) -> None:
    approval = await ask(approvals)

    async def fail(_session: AsyncSession, _approval: Approval) -> None:
        raise RuntimeError("no outbox")

    with pytest.raises(RuntimeError):
        await Approvals(databases[1], timedelta(hours=1), fail, Time()).decide(
            approval.id, "approve", FINANCE
        )
    assert (await approvals.get(DEFAULT_TENANT, approval.id)).state == "open"
