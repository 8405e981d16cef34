"""What the records of governance say of a subject goes for good; the chain stays whole."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import switchgear_shared.governance
from engines import ENGINES, Engine
from journeys.office import KilledError
from ready_databases import migrated
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, TenantId, utc_now
from switchgear_shared.errors import AuditUnavailableError
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.audit_erasure import Erasure
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.audit_verify import BadRow, verify
from switchgear_shared.governance.erasure import GovernanceErasure, Subject
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.principal import Principal
from switchgear_shared.storage.database import Database

WORD = "Mustermann"
MIGRATIONS = Path(switchgear_shared.governance.__file__).parent / "migrations"
SUBJECT = Subject(
    tenant=DEFAULT_TENANT,
    correlation_id="cor_1",
    services=("workflows",),
    ids=("doc_1",),
    tools=("documents_decide_review",),
    since=utc_now() - timedelta(hours=1),
)


@dataclass
class Records:
    audit: Audit
    database: Database
    governance: Database
    erasure: GovernanceErasure
    key: CheckpointKey

    async def note(self, correlation_id: str, **more: Any) -> None:
        arguments = {"name": WORD, **more.pop("arguments", {})}
        more = {"principal": "workflows", **more}
        await self.audit.append(
            AuditEvent("intent", correlation_id=correlation_id, arguments=arguments, **more)
        )

    async def said(self, correlation_id: str, tenant: TenantId = DEFAULT_TENANT) -> list[Any]:
        found = await AuditTrail(self.database).find(tenant, correlation_id)
        return [r.event["arguments"].get("name") for r in found if r.event["kind"] == "intent"]

    async def bad(self) -> BadRow | None:
        return (await verify(self.database, self.key.public)).first_bad


@asynccontextmanager
async def records(engine: Engine, folder: Path) -> AsyncGenerator[Records]:
    async with (
        migrated(engine, "audit", folder, [MIGRATIONS / "audit"]) as database,
        migrated(engine, "governance", folder, [MIGRATIONS / "governance"]) as own,
    ):
        audit = Audit(database, folder)
        erasure = GovernanceErasure(audit, database, own, folder)
        yield Records(audit, database, own, erasure, CheckpointKey(folder))
        await audit.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_all_that_services_did_under_a_correlation_goes_and_the_chain_verifies(
    engine: Engine, tmp_path: Path
) -> None:
    async with records(engine, tmp_path) as place:
        await place.note("cor_1")
        await place.note("cor_2")
        await place.note("cor_1", idempotency_key=WORD, detail={"message": WORD})

        assert await place.erasure.erase(SUBJECT, by="records") == 2

        first, second, erasure = await AuditTrail(place.database).find(DEFAULT_TENANT, "cor_1")
        assert [row.event["arguments"] for row in (first, second)] == [{}, {}]
        assert (second.event["idempotency_key"], second.event["detail"]) == (None, {})
        assert (first.event["is_erased"], first.event["kind"]) == (True, "intent")
        assert (erasure.event["kind"], erasure.event["principal"]) == ("erased", "records")
        assert erasure.event["detail"]["rows"] == [first.seq, second.seq]
        assert await place.said("cor_2") == [WORD]
        report = await verify(place.database, place.key.public)
        assert (report.ok, report.rows, report.erased) == (True, 4, 2)
        assert await place.erasure.erase(SUBJECT, by="records") == 0


@pytest.mark.parametrize("engine", ENGINES)
async def test_where_others_share_the_correlation_only_rows_that_name_the_subject_go(
    engine: Engine, tmp_path: Path
) -> None:
    async with records(engine, tmp_path) as place:
        await place.note("cor_1", arguments={"document_id": "doc_1"})
        await place.note("cor_1", arguments={"document_id": "doc_2"})
        await place.note("cor_9", arguments={"id": "doc_1"}, tool="documents_decide_review")
        await place.note("cor_9", arguments={"id": "doc_1"}, tool="documents_get")
        await place.note("cor_1", arguments={"id": "doc_1"}, tenant=TenantId("other"))

        await place.erasure.erase(replace(SUBJECT, services=()), by="records")

        assert await place.said("cor_1") == [None, WORD]
        assert await place.said("cor_9") == [None, WORD]
        assert await place.said("cor_1", TenantId("other")) == [WORD]
        assert await place.bad() is None


@pytest.mark.parametrize("signed", ["", "AAAA", "*", None, "ours", "copied"])
async def test_an_erasure_that_the_key_did_not_sign_excuses_no_payload_that_is_gone(
    tmp_path: Path, signed: str | None
) -> None:
    """Who can write to the database can append a row; they have no key."""
    now = utc_now()
    async with records("sqlite", tmp_path) as place:
        await place.note("cor_1")
        await place.note("cor_2")
        ours = Erasure(DEFAULT_TENANT, "cor_9", now, [2]).to_detail(place.key.private)
        other = Erasure(DEFAULT_TENANT, "cor_9", now, [1]).to_detail(place.key.private)
        signatures = {"ours": ours["signature"], "copied": other["signature"]}
        detail = {"rows": [2], "signature": signatures.get(signed or "", signed)}
        await place.audit.append(
            AuditEvent("erased", correlation_id="cor_9", time=now, detail=detail)
        )
        with closing(sqlite3.connect(tmp_path / "audit.db")) as sql, sql:
            sql.execute("UPDATE audit_rows SET payload = NULL WHERE seq = 2")

        bad = BadRow("default", 2, "its payload is gone and no signed erasure names it")
        assert await place.bad() == (None if signed == "ours" else bad)


@pytest.mark.parametrize("engine", ENGINES)
async def test_what_others_did_under_a_correlation_that_a_caller_chose_stays(
    engine: Engine, tmp_path: Path
) -> None:
    earlier = SUBJECT.since - timedelta(seconds=1)
    async with records(engine, tmp_path) as place:
        await place.note("cor_1", principal="clerk", tool="erp_post_invoice")
        await place.note("cor_1", time=earlier)
        await place.note("cor_1", principal="clerk", arguments={"id": "doc_1"})
        approvals = Approvals(place.governance, timedelta(hours=1))
        asked = [
            await ask(approvals, digest, principal)
            for digest, principal in (("a" * 64, "clerk"), ("b" * 64, "workflows"))
        ]
        for each in asked:
            await approvals.decide(each, "approve", Principal("finance", "person"))

        assert await place.erasure.erase(SUBJECT, by="records") == 1

        assert await place.said("cor_1") == [WORD, WORD, None]
        seen = [await approvals.get(DEFAULT_TENANT, each) for each in asked]
        assert [dict(approval.arguments) for approval in seen] == [{"name": WORD}, {}]


async def test_a_submission_goes_that_began_before_its_document_came(tmp_path: Path) -> None:
    subject = replace(SUBJECT, tools=("documents_submit",))
    earlier = SUBJECT.since - timedelta(seconds=1)
    call = {"tool": "documents_submit", "principal": "clerk"}
    async with records("sqlite", tmp_path) as place:
        await place.note("cor_1", **call, arguments_digest="d" * 64, time=earlier)
        await place.note("cor_1", **call, arguments_digest="d" * 64, detail={"id": "doc_1"})
        await place.note("cor_1", **call, arguments_digest="e" * 64)
        await place.note("cor_9", **call, arguments_digest="d" * 64, time=earlier)

        await place.erasure.erase(subject, by="records")

        assert await place.said("cor_1") == [None, None, WORD]
        assert await place.said("cor_9") == [WORD]


class DyingDatabase(Database):
    """A database whose process is killed before it writes."""

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        raise KilledError
        yield


async def test_a_call_that_named_the_subject_in_its_answer_alone_goes_with_its_intent(
    tmp_path: Path,
) -> None:
    async with records("sqlite", tmp_path) as place:
        call = {"tool": "documents_decide_review", "arguments_digest": "d" * 64}
        await place.note("cor_9", **call)
        await place.note("cor_9", **call, detail={"id": "doc_1"})
        await place.note("cor_9", tool="documents_decide_review", arguments_digest="e" * 64)

        assert await place.erasure.erase(SUBJECT, by="records") == 2

        assert await place.said("cor_9") == [None, None, WORD]


async def test_killed_between_the_naming_row_and_the_erasing_it_is_ended_by_the_same_call(
    tmp_path: Path,
) -> None:
    async with records("sqlite", tmp_path) as place:
        await place.note("cor_1")
        dying = DyingDatabase.at("audit", data_dir=tmp_path, database_url=None)
        erasure = GovernanceErasure(place.audit, dying, place.governance, tmp_path)
        with pytest.raises(KilledError):
            await erasure.erase(SUBJECT, by="r")
        await dying.close()
        assert (await place.said("cor_1"), await place.bad()) == ([WORD], None)

        await place.erasure.erase(SUBJECT, by="records")

        assert (await place.said("cor_1"), await place.bad()) == ([None], None)


async def test_nothing_is_erased_that_cannot_be_recorded(tmp_path: Path) -> None:
    async with records("sqlite", tmp_path) as place:
        await place.note("cor_1")
        await place.audit.close()

        with pytest.raises(AuditUnavailableError):
            await place.erasure.erase(SUBJECT, by="records")

        assert await place.said("cor_1") == [WORD]


async def test_a_payload_that_goes_beside_those_named_is_found(tmp_path: Path) -> None:
    async with records("sqlite", tmp_path) as place:
        await place.note("cor_1")
        await place.note("cor_2")
        await place.erasure.erase(SUBJECT, by="records")
        with closing(sqlite3.connect(tmp_path / "audit.db")) as sql, sql:
            sql.execute("UPDATE audit_rows SET payload = NULL WHERE seq = 2")

        bad = await place.bad()

    assert bad == BadRow("default", 2, "its payload is gone and no signed erasure names it")


async def ask(approvals: Approvals, digest: str, principal: str = "workflows") -> str:
    approval = await approvals.request(
        principal=Principal(principal, "service" if principal == "workflows" else "person"),
        digest=digest,
        server="documents",
        tool="documents_decide_review",
        kinds=["owner"],
        summary=WORD,
        arguments={"name": WORD},
        facts={},
        correlation_id=CorrelationId("cor_1"),
    )
    return approval.id


async def test_decided_approvals_lose_what_was_asked_and_open_ones_keep_it(tmp_path: Path) -> None:
    async with records("sqlite", tmp_path) as place:
        approvals = Approvals(place.governance, timedelta(hours=1))
        asked = [await ask(approvals, digest) for digest in ("a" * 64, "b" * 64)]
        await approvals.decide(asked[0], "approve", Principal("finance", "person"))

        await place.erasure.erase(SUBJECT, by="records")

        seen = [await approvals.get(DEFAULT_TENANT, each) for each in asked]
        assert [(a.state, dict(a.arguments)) for a in seen] == [
            ("approved", {}),
            ("open", {"name": WORD}),
        ]
        assert seen[0].summary == "its subject was erased"
