"""A document comes in once, whatever it is called and whoever brings it again."""

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from sqlalchemy import func, select

import switchgear_documents
from engines import ENGINES, Engine
from journeys.desk import Answer, Desk, Samples
from ready_databases import migrated
from switchgear_documents.intake import Intake
from switchgear_documents.samples import to_ubl
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.governance.identity import Agent
from switchgear_shared.storage.files import Files
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.transports.results import ERROR_KEY

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIGRATIONS = Path(switchgear_documents.__file__).parent / "migrations"


def letter(samples: Samples) -> bytes:
    """Return a text that nobody handed in before."""
    return f"Dear Sir or Madam, about {samples.small().number}. Yours sincerely, Ann".encode()


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def document(desk: Desk, receipt: Answer) -> Answer:
    return await desk.ask("documents_get", document_id=receipt["id"])


async def test_a_receipt_names_the_document_the_work_and_the_bytes(
    desk: Desk, samples: Samples
) -> None:
    content = letter(samples)

    receipt = await desk.submit(content, "letter.txt")

    assert receipt["sha256"] == hashed(content)
    assert (receipt["changed"], receipt["is_duplicate"], receipt["state"]) == (
        True,
        False,
        "received",
    )
    seen = await document(desk, receipt)
    assert (seen["name"], seen["size_bytes"], seen["submitted_by"]) == (
        "letter.txt",
        len(content),
        "assistant",
    )
    assert (await desk.until(receipt))["correlation_id"] == receipt["correlation_id"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("/etc/cron.d/job", "job"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", ".."),
        ("a/", "document"),
        ("\u202e\u200b", "document"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("  spaces.txt ", "spaces.txt"),
        ("名前 für Ünïcode.txt", "名前 für Ünïcode.txt"),
        ("x" * 200, "x" * 200),
    ],
)
async def test_a_file_name_is_metadata_and_never_a_path(
    desk: Desk, samples: Samples, name: str, kept: str
) -> None:
    receipt = await desk.submit(letter(samples), name)

    assert (await document(desk, receipt))["name"] == kept
    sha256 = receipt["sha256"]
    assert f"{sha256[:2]}/{sha256[2:]}" in desk.stored()
    await desk.until(receipt)


@pytest.mark.parametrize(
    ("changes", "code", "message", "field"),
    [
        ({"name": "x" * 300}, "invalid_request", "name: ", "name"),
        ({"name": ""}, "invalid_request", "is shorter than 1 character", "name"),
        ({"name": "a\0b.pdf"}, "invalid_request", "text holds a NUL character", "name"),
        ({"content": "%%%"}, "invalid_request", "content is not base64", "content"),
        ({"content": ""}, "invalid_request", "the document is empty", "content"),
        ({"content": None}, "invalid_request", "give content or resource_uri", "content"),
        ({"sha256": "0" * 64}, "invalid_request", f", not {'0' * 64}", "sha256"),
        ({"sha256": "zz"}, "invalid_request", "does not match", "sha256"),
        ({"resource_uri": f"upload://{'0' * 64}"}, "invalid_request", "not both", "content"),
        (
            {"content": None, "resource_uri": f"upload://{'0' * 64}"},
            "not_found",
            f"no upload under way has the hash {'0' * 64}",
            None,
        ),
        ({"resource_uri": "file:///etc/passwd"}, "invalid_request", "not match", "resource_uri"),
        ({"type": "spell"}, "invalid_request", "spell", "type"),
        ({"encoding": "rot13"}, "invalid_request", "rot13", "encoding"),
    ],
)
async def test_what_cannot_be_taken_in_is_refused_and_leaves_nothing(
    desk: Desk, changes: dict[str, Any], code: str, message: str, field: str | None
) -> None:
    before = desk.stored()
    content = base64.b64encode(b"Never to be stored").decode()

    refused = await desk.refusal(
        "documents_submit", **{"name": "x.txt", "content": content, **changes}
    )

    assert (refused["code"], refused["field"]) == (code, field)
    assert message in refused["message"]
    assert desk.stored() == before


async def test_a_checksum_in_capitals_is_the_same_checksum(desk: Desk, samples: Samples) -> None:
    content = letter(samples)

    receipt = await desk.submit(content, sha256=hashed(content).upper())

    assert receipt["sha256"] == hashed(content)
    await desk.until(receipt)


async def test_plain_text_needs_no_base64(desk: Desk, samples: Samples) -> None:
    content = letter(samples).decode()

    receipt = await desk.ask("documents_submit", name="a.txt", content=content, encoding="text")

    assert receipt["sha256"] == hashed(content.encode())
    await desk.until(receipt)


async def test_the_same_file_handed_in_eight_times_at_once_is_one_document(
    desk: Desk, samples: Samples
) -> None:
    spec = samples.small()

    receipts = await asyncio.gather(
        *(desk.submit(to_ubl(spec), f"copy {number}.xml") for number in range(8))
    )

    assert len({receipt["id"] for receipt in receipts}) == 1
    assert len({receipt["correlation_id"] for receipt in receipts}) == 1
    assert sorted(receipt["is_duplicate"] for receipt in receipts) == [False] + [True] * 7
    assert (await desk.until(receipts[0]))["state"] == "filed"
    assert [state for state, _ in await desk.booked(spec.number)] == ["posted"]


async def test_a_key_that_is_repeated_answers_the_first_receipt_and_no_other_document(
    desk: Desk, samples: Samples
) -> None:
    content = letter(samples)
    first = await desk.submit(content, "a.txt", idempotency_key="mail-7")
    again = await desk.submit(content, "a.txt", idempotency_key="mail-7")
    encoded = base64.b64encode(letter(samples)).decode()
    other = await desk.refusal(
        "documents_submit", name="a.txt", content=encoded, idempotency_key="mail-7"
    )

    assert again == {**first, "replayed": True}
    assert other["code"] == "conflict"
    await desk.until(first)


async def test_another_tenant_sees_nothing_and_has_a_document_of_its_own(
    desk: Desk, samples: Samples
) -> None:
    host = desk.running.host
    tenant = TenantId("globex")
    stranger = Agent(
        "stranger", "agent", ("assistant",), ("*.read", "documents.document.submit"), tenant
    )
    await host.agents.add(stranger)
    token = host.tokens.issue(stranger.principal, "urn:switchgear:suite").token
    headers = {"Authorization": f"Bearer {token}"}
    content = letter(samples)
    ours = await desk.submit(content, "ours.txt")
    await desk.until(ours)

    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(f"{desk.running.url}/mcp", http_client=http)) as client,
    ):
        by_hash = await client.call_tool(
            "documents_submit", {"name": "x", "resource_uri": f"upload://{ours['sha256']}"}
        )
    seen = await desk.http.get(f"/api/v1/documents/{ours['id']}", headers=headers)
    theirs = await desk.http.post(
        "/api/v1/documents", headers=headers, files={"file": ("theirs.txt", content)}
    )

    assert (by_hash.meta or {})[ERROR_KEY]["code"] == "not_found"
    assert (seen.status_code, seen.json()["error"]["code"]) == (404, "not_found")
    assert (theirs.status_code, theirs.json()["is_duplicate"]) == (202, False)
    assert theirs.json()["id"] != ours["id"]


@pytest.mark.parametrize("engine", ENGINES)
async def test_on_every_engine_a_race_of_submissions_has_one_winner(
    engine: Engine, tmp_path: Path
) -> None:
    async with migrated(engine, "documents", tmp_path, [MIGRATIONS]) as database:
        intake = Intake(database, Files(tmp_path / "files", max_bytes=1000))

        async def submit(number: int) -> tuple[str, bool]:
            caller = Caller(
                tenant=TenantId("acme"),
                principal_id="agent",
                requested_by="agent",
                correlation_id=CorrelationId(f"cor_{number}"),
            )
            async with database.unit_of_work():
                receipt = await intake.submit(
                    caller,
                    name="x.txt",
                    content=b"the same bytes",
                    uploaded_sha256=None,
                    sha256=None,
                    document_type=None,
                )
            return receipt.id, receipt.is_duplicate

        answers = await asyncio.gather(*(submit(number) for number in range(6)))

        async with database.reading() as session:
            rows = await session.scalar(select(func.count()).select_from(DocumentRecord))
            events = await session.scalar(select(func.count()).select_from(outbox))
    assert len({identifier for identifier, _ in answers}) == 1
    assert sorted(duplicate for _, duplicate in answers) == [False] + [True] * 5
    assert (rows, events) == (1, 1)
