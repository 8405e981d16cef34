"""What a message brings becomes documents of their own, once, linked to it, and within bounds."""

import base64
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from documents.room import Room, room
from engines import ENGINES, Engine
from journeys.desk import Samples
from journeys.office import Office
from switchgear_documents import attachments
from switchgear_documents.samples import to_ubl
from switchgear_documents.tables import DocumentRecord, ReviewRecord

pytestmark = pytest.mark.asyncio(loop_scope="session")


def mail(*brought: tuple[str, bytes | EmailMessage], subject: str = "Invoice") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.com", "b@example.com"
    message.set_content("Please find attached.\n")
    for name, content in brought:
        if isinstance(content, bytes):
            message.add_attachment(content, maintype="application", subtype="xml", filename=name)
        else:
            message.add_attachment(content)
    return message


async def all_documents(place: Room) -> list[DocumentRecord]:
    async with place.database.reading() as session:
        query = select(DocumentRecord).order_by(DocumentRecord.received_at, DocumentRecord.id)
        return list(await session.scalars(query))


def assert_only_documents_are_stored(place: Room, documents: list[DocumentRecord]) -> None:
    """What was refused left no bytes that no erasure would find."""
    root = place.files.path(documents[0].sha256).parents[1]
    stored = {path.parent.name + path.name for path in root.rglob("*") if path.is_file()}
    assert stored == {record.sha256 for record in documents}


async def reasons(place: Room) -> list[str]:
    async with place.database.reading() as session:
        reviews = await session.scalars(select(ReviewRecord))
        return [reason for review in reviews for reason in review.reasons]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("times", [1, 2])
async def test_an_invoice_in_a_message_is_a_document_of_its_own_and_comes_once(
    engine: Engine, times: int, tmp_path: Path, invoices: Samples
) -> None:
    invoice = to_ubl(invoices.small())
    content = mail(("a.xml", invoice), ("again.xml", invoice)).as_bytes()
    async with room(engine, tmp_path) as place:
        identifier = ""
        for _ in range(times):
            identifier = await place.submit(content, "mail.eml")
            await place.deliver(times)

        parent, child = await all_documents(place)
        assert (parent.id, parent.document_type, parent.state) == (identifier, "email", "filed")
        assert (parent.parent_id, parent.root_id) == (None, None)
        assert (child.document_type, child.state, child.name) == ("invoice", "routed", "a.xml")
        assert (child.parent_id, child.root_id) == (parent.id, parent.id)
        assert (child.correlation_id, child.submitted_by) == ("cor_1", "agent")
        assert await reasons(place) == []


async def test_bytes_that_are_a_document_already_stay_the_one_they_are(
    tmp_path: Path, invoices: Samples
) -> None:
    invoice = to_ubl(invoices.small())
    async with room("sqlite", tmp_path) as place:
        before = await place.submit(invoice, "before.xml")
        await place.submit(mail(("a.xml", invoice)).as_bytes(), "1.eml")
        await place.submit(mail(("b.xml", invoice), subject="Reminder").as_bytes(), "2.eml")
        await place.deliver()

        assert len(await all_documents(place)) == 3
        assert (await place.document(before)).parent_id is None


async def test_a_name_within_a_message_is_metadata_and_never_a_path(tmp_path: Path) -> None:
    names = ["../../etc/passwd", "C:\\evil.txt", "invoice\u202efdp.exe"]
    content = mail(*((name, str(n).encode()) for n, name in enumerate(names))).as_bytes()
    async with room("sqlite", tmp_path) as place:
        await place.submit(content, "mail.eml")
        await place.deliver()

        found = {record.name for record in await all_documents(place)}
    assert found == {"mail.eml", "passwd", "evil.txt", "invoicefdp.exe"}


async def test_messages_in_messages_are_opened_so_deep_and_no_deeper(tmp_path: Path) -> None:
    message = mail(("a.xml", b"<deep/>"), subject="0")
    for depth in range(1, attachments.MOST_DEPTH + 1):
        message = mail(("", message), subject=str(depth))
    async with room("sqlite", tmp_path) as place:
        await place.submit(message.as_bytes(), "mail.eml")
        await place.deliver()

        found = await all_documents(place)
        assert len(found) == attachments.MOST_DEPTH + 1
        assert len({record.root_id for record in found}) == 2
        assert await reasons(place) == [
            "attachments_all_taken: what messages bring is not taken in deeper than 4"
        ]
        assert_only_documents_are_stored(place, found)


@pytest.mark.parametrize(("most", "taken"), [(2, 2), (3, 3), (4, 3)])
async def test_a_message_becomes_so_many_documents_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, taken: int
) -> None:
    monkeypatch.setattr(attachments, "MOST_OF_ONE", most)
    inner = mail(("b.xml", b"<b/>"), ("c.xml", b"<c/>"), subject="Inner")
    async with room("sqlite", tmp_path) as place:
        await place.submit(mail(("", inner)).as_bytes(), "mail.eml")
        await place.deliver()

        assert_only_documents_are_stored(place, await all_documents(place))
        found = [r for r in await all_documents(place) if r.parent_id is not None]
        told = [r for r in await reasons(place) if r.startswith("attachments_all_taken")]
    assert len(found) == taken
    assert told == (["attachments_all_taken: one message becomes at most 2 documents"] * (most < 3))


async def test_an_attachment_that_the_store_refuses_is_told_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room("sqlite", tmp_path) as place:
        content = mail(("big.xml", b"<big>" + b"x" * 5_000 + b"</big>"), ("a.xml", b"<a/>"))
        await place.submit(content.as_bytes(), "mail.eml")
        monkeypatch.setattr(place.files, "_max_bytes", 1_000)
        await place.deliver()

        assert [r.name for r in await all_documents(place)] == ["mail.eml", "a.xml"]
        assert any(r.startswith("attachments_all_taken: 'big.xml': ") for r in await reasons(place))


async def test_the_type_a_sender_names_is_that_of_the_attachments(tmp_path: Path) -> None:
    text = b"<p>My drill is broken, I want a refund</p>"
    async with room("sqlite", tmp_path) as place:
        await place.submit(mail(("a.html", text)).as_bytes(), "mail.eml", "complaint")
        await place.deliver()

        parent, child = await all_documents(place)
    assert (parent.document_type, child.document_type) == ("email", "complaint")


async def test_status_particulars_and_trace_tell_where_a_document_came_from(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    content = mail(("a.xml", to_ubl(spec)), subject=f"Invoice {spec.number}").as_bytes()

    async def ask(tool: str, **arguments: Any) -> dict[str, Any]:
        return await office.ask(tool, **arguments)

    encoded = base64.b64encode(content).decode()
    receipt = await ask("documents_submit", name="mail.eml", content=encoded)
    await office.deliver()

    under = {"correlation_id": receipt["correlation_id"]}
    parent = await ask("documents_get_status", **under)
    assert (parent["id"], parent["parent_id"], parent["state"]) == (receipt["id"], None, "filed")
    particulars = await ask("documents_get", document_id=receipt["id"])
    ((brought),) = particulars["attachments"]
    assert brought["name"] == "a.xml"
    child = await ask("documents_get_status", document_id=brought["id"])
    assert (child["parent_id"], child["state"]) == (receipt["id"], "filed")
    assert (await ask("documents_get", document_id=brought["id"]))["parent_id"] == receipt["id"]
    trace = await ask("documents_trace", **under)
    assert (trace["document_id"], trace["parent_id"]) == (receipt["id"], None)
    assert {receipt["id"], brought["id"]} <= {step["subject"] for step in trace["steps"]}
    assert await office.booked(spec.number) == ["posted"]
