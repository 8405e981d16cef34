"""Erasure: another person approves it, nothing of the document stays, and the trail verifies."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeys.desk import Answer, Desk, Samples, opened
from switchgear_documents.samples import to_facturx, to_ubl
from switchgear_shared.commands.audit import verified
from switchgear_shared.testing import settings_for, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORD = "Mustermann"
DOCUMENTS = "/api/v1/documents"
WHY = {"reason": "asked by the data subject"}


class Records:
    """The records manager over REST, and whoever approves."""

    def __init__(self, desk: Desk, token: str) -> None:
        self._desk = desk
        self._headers = {"Authorization": f"Bearer {token}"}

    async def asks(self, method: str, path: str, **more: Any) -> tuple[int, Answer]:
        headers = {**self._headers, **more.pop("headers", {})}
        answer = await self._desk.http.request(method, f"/api/v1{path}", headers=headers, **more)
        return answer.status_code, answer.json()

    async def erases(self, identifier: str, **more: Any) -> tuple[int, Answer]:
        return await self.asks("DELETE", f"/documents/{identifier}", params=WHY, **more)

    async def refused(self, identifier: str) -> str:
        """Have an erasure approved and return why it is refused all the same."""
        status, answer = await self.approved(identifier)
        assert (status, answer["error"]["code"]) == (409, "conflict"), answer
        return answer["error"]["message"]

    async def approved(self, identifier: str) -> tuple[int, Answer]:
        status, answer = await self.erases(identifier)
        assert (status, answer["error"]["code"]) == (403, "approval_required"), answer
        approval = answer["error"]["details"]["approval_id"]
        await self._desk.ask(
            "workflows_decide_approval", by="finance", id=approval, decision="approve"
        )
        return await self.erases(identifier)


async def records(desk: Desk) -> Records:
    return Records(desk, await desk.running.token("records"))


def said(data: Path, word: str) -> list[str]:
    """Return every place in the data directory where the word stands."""
    found = [
        str(path.relative_to(data))
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.suffix not in (".db", ".db-wal", ".db-shm", ".log")
        if word.encode() in path.read_bytes()
    ]
    for path in sorted(data.glob("*.db")):
        with closing(sqlite3.connect(path)) as sql:
            tables = [
                n for (n,) in sql.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            for table in tables:
                rows = sql.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608
                if any(word in str(value) for row in rows for value in row):
                    found.append(f"{path.name}:{table}")
    return found


def raw(data: Path, word: str) -> list[str]:
    """Return every file whose bytes hold the word, free pages of databases included."""
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and path.suffix != ".log"]
    return [path.name for path in files if word.encode() in path.read_bytes()]


async def finished(data: Path, *identifiers: str) -> None:
    """Wait until nothing is left to remove of erased documents."""

    async def look() -> bool:
        with closing(sqlite3.connect(data / "documents.db")) as sql:
            rows = sql.execute("SELECT document_id, finished_at FROM erasures").fetchall()
        return {i for i, at in rows if at is not None} >= set(identifiers)

    await until(look)


async def doubtful(desk: Desk, samples: Samples, name: str = f"{WORD}.pdf") -> Answer:
    """Hand in an invoice of the word's that a person has to look at."""
    spec = samples.small()
    seller = replace(spec.seller, name=f"{WORD} GmbH", iban="DE89370400440532013001")
    receipt = await desk.submit(to_facturx(replace(spec, seller=seller)), name)
    await desk.until(receipt, "in_review")
    return receipt


async def rejected(desk: Desk, receipt: Answer) -> Answer:
    await desk.decide(await desk.review(receipt), "reject", reason=f"{WORD} is unknown")
    await desk.until(receipt, "rejected")
    return receipt


async def test_of_an_erased_document_nothing_stays_but_that_it_was_erased(
    own_data: Path, samples: Samples
) -> None:
    async with opened(own_data) as desk:
        manager = await records(desk)
        receipt = await doubtful(desk, samples)
        review = await desk.review(receipt)
        await desk.http.get(f"{DOCUMENTS}/{receipt['id']}/pages/1.png")
        again = await desk.submit(await stored(desk, receipt), f"{WORD} again.pdf")
        assert again["is_duplicate"] is True
        fields = {"supplier": f"Max {WORD}"}
        await desk.decide(review, "correct", fields=fields, reason=f"{WORD}, by phone")
        await rejected(desk, receipt)
        places = {place.split("/")[0] for place in said(own_data, WORD)}
        assert places >= {
            "broker",
            "documents",
            *("audit.db:audit_rows", "documents.db:documents", "documents.db:trace"),
            *("documents.db:reviews", "documents.db:idempotency"),
        }
        assert [path.name for path in (own_data / "pages").rglob("*.png")] == ["1.png"]

        status, answer = await manager.approved(receipt["id"])

        assert (status, answer["state"], answer["erased_ids"]) == (200, "erased", [receipt["id"]])
        await finished(own_data, receipt["id"])
        assert said(own_data, WORD) == []
        assert list((own_data / "pages").rglob("*.png")) == []
        status, answer = await manager.asks("GET", f"/documents/{receipt['id']}")
        gone = f"document {receipt['id']} was erased"
        assert (status, answer["error"]["message"]) == (404, gone)
        assert (await desk.ask("documents_search", state="rejected"))["items"] == []
        await _trace_tells_of_it(desk, receipt)
    assert raw(own_data, WORD) == []
    report = await verified(settings_for(own_data), checkpoints=None, key=None)
    assert report["ok"], report


async def stored(desk: Desk, receipt: Answer) -> bytes:
    """Return the bytes of a document as they are stored."""
    root = desk.running.host.settings.data / "documents"
    return (root / receipt["sha256"][:2] / receipt["sha256"][2:]).read_bytes()


async def _trace_tells_of_it(desk: Desk, receipt: Answer) -> None:
    trace = await desk.ask("documents_trace", correlation_id=receipt["correlation_id"])
    assert (trace["state"], trace["document_id"]) == ("erased", receipt["id"])
    steps = {step["what"]: step for step in trace["steps"]}
    assert steps["documents.document.erased"]["by"] == "records"
    assert steps["documents.document.erased"]["detail"]["reason"] == WHY["reason"]
    assert steps["documents.review.decided"]["by"] == "clerk"
    assert steps["documents_submit outcome"]["outcome"] == "ok"


async def test_a_posted_invoice_leaves_the_processes_and_stays_in_the_books(
    own_data: Path, samples: Samples
) -> None:
    spec = samples.small()
    named = replace(spec, seller=replace(spec.seller, name=f"{spec.seller.name} {WORD}"))
    async with opened(own_data) as desk:
        manager = await records(desk)
        receipt = await desk.submit(to_ubl(named), f"{WORD}.xml")
        await desk.until(receipt, "filed")
        process = await desk.process(receipt, "completed")

        assert (await manager.approved(receipt["id"]))[0] == 200

        await finished(own_data, receipt["id"])
        await desk.process(receipt, "completed")

        async def forgotten() -> Answer | None:
            seen = await desk.ask("workflows_get", id=process["id"])
            return seen if seen["reason"] == "its document was erased" else None

        seen = await until(forgotten)
        assert {step["name"] for step in seen["steps"]} == {s["name"] for s in process["steps"]}
        assert [step["detail"] for step in seen["steps"]] == [{}] * len(seen["steps"])
        assert [state for state, _ in await desk.booked(spec.number)] == ["posted"]
        assert said(own_data, WORD) == []
        trace = await desk.ask("documents_trace", correlation_id=receipt["correlation_id"])
        assert trace["record_uri"] == process["result"]["record_uri"]
    assert (await verified(settings_for(own_data), checkpoints=None, key=None))["ok"]


async def test_erasing_again_changes_nothing_and_asks_nobody(desk: Desk, samples: Samples) -> None:
    manager = await records(desk)
    receipt = await rejected(desk, await doubtful(desk, samples))
    await manager.approved(receipt["id"])

    status, answer = await manager.erases(receipt["id"])

    assert (status, answer["changed"], answer["erased_ids"]) == (200, False, [])


async def test_the_same_bytes_are_a_new_document_after_the_erasure(
    desk: Desk, samples: Samples
) -> None:
    manager = await records(desk)
    receipt = await rejected(desk, await doubtful(desk, samples))
    content = await stored(desk, receipt)
    await manager.approved(receipt["id"])
    await finished(desk.running.host.settings.data, receipt["id"])

    later = await desk.submit(content, "again.pdf")

    assert (later["is_duplicate"], later["id"] == receipt["id"]) == (False, False)
    assert (await desk.until(later))["state"] == "in_review"


async def test_a_preview_shows_the_tombstone_needs_no_approval_and_erases_nothing(
    desk: Desk, samples: Samples
) -> None:
    manager = await records(desk)
    receipt = await rejected(desk, await doubtful(desk, samples))

    status, answer = await manager.asks(
        "DELETE", f"/documents/{receipt['id']}", params={**WHY, "dry_run": "true"}
    )

    effects = {e["record"]: e for e in answer["preview"]["effects"]}
    assert (status, list(effects)) == (200, ["erasures"])
    assert WORD not in str(answer)
    assert (await desk.status(receipt))["state"] == "rejected"


async def test_who_asks_for_an_erasure_cannot_approve_it_and_others_cannot_ask(
    desk: Desk, samples: Samples
) -> None:
    receipt = await rejected(desk, await doubtful(desk, samples))
    path = f"{DOCUMENTS}/{receipt['id']}"
    for party in ("assistant", "clerk", "operator", "finance"):
        answer = await desk.http.delete(path, params=WHY, headers=await desk.headers(party))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "policy_denied")
    _, answer = await (await records(desk)).erases(receipt["id"])
    refusal = await desk.refusal(
        "workflows_decide_approval",
        by="clerk",
        id=answer["error"]["details"]["approval_id"],
        decision="approve",
    )
    assert refusal["code"] in ("not_found", "policy_denied")


async def test_what_is_still_in_hands_is_not_erased(desk: Desk, samples: Samples) -> None:
    manager = await records(desk)
    reviewed = await doubtful(desk, samples)
    review = await desk.review(reviewed)
    waiting = await desk.submit(to_ubl(samples.case("approval")), "large.xml")
    process = await desk.process(waiting, "waiting_approval")

    assert await manager.refused(reviewed["id"]) == (
        f"document {reviewed['id']} waits for review {review['id']}"
    )
    assert await manager.refused(waiting["id"]) == (
        f"document {waiting['id']} is in process {process['id']}, which is not over"
    )


@pytest.mark.parametrize(
    ("params", "field"),
    [({}, "reason"), ({"reason": "no"}, "reason"), ({"reason": "why", "force": "1"}, "force")],
)
async def test_an_erasure_needs_a_reason_and_takes_nothing_else(
    desk: Desk, params: dict[str, str], field: str
) -> None:
    status, answer = await (await records(desk)).asks("DELETE", "/documents/doc_1", params=params)

    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert field in answer["error"]["message"]


async def test_the_tools_of_the_records_are_in_no_list_and_governed_as_any_other(
    desk: Desk,
) -> None:
    async with desk.direct("documents", by="assistant") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("documents_list_holds", {})

    assert not names & {"documents_erase", "documents_dispose", "documents_list_holds"}
    assert result.is_error
    assert getattr(result.content[0], "text", "").startswith("policy_denied: ")
