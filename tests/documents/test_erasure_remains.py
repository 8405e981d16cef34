"""What lies outside of the rows goes after them; a kill anywhere leaves work that is ended."""

from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from documents.archive import Archive, archive
from documents.room import CALLER
from documents.test_attachments import mail
from engines import ENGINES, Engine
from journeys.desk import Samples
from journeys.office import KilledError, taken
from switchgear_documents.erasing import ERASED
from switchgear_documents.remains import Remains
from switchgear_documents.retention_rules import RetentionRules
from switchgear_documents.retention_sweep import RetentionSweep
from switchgear_documents.samples import to_facturx
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.errors import BackendUnavailableError, ConflictError, NotFoundError
from switchgear_shared.governance.approval import Approval, Approvals
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import ApprovalRow
from switchgear_shared.messaging.erasure import EventErasure

pytestmark = pytest.mark.asyncio(loop_scope="session")

LETTER = b"""Dear Sir or Madam,
I am writing to you about the garden. Enclosed please find our brochure.
Yours sincerely,
Ann Weber"""


class Dying:
    """Something whose process is killed at the call of one method, before or after it."""

    def __init__(self, real: Any, method: str, *, after: bool) -> None:
        self._real = real
        self._method = method
        self._after = after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name != self._method:
            return found

        def killed(*arguments: Any, **named: Any) -> Any:
            if self._after:
                result = found(*arguments, **named)
                if isinstance(result, Awaitable):
                    return _then_killed(result)
            raise KilledError

        return killed


async def _then_killed(result: Awaitable[Any]) -> None:
    await result
    raise KilledError


def _dying(place: Archive, part: str, method: str, *, after: bool) -> Remains:
    parts: dict[str, Any] = {
        "files": place.room.files,
        "images": place.images,
        "governance": place.governance,
        "events": place.events,
    }
    parts[part] = Dying(parts[part], method, after=after)
    return Remains(place.database, **parts)


POINTS = [
    ("files", "remove"),
    ("images", "forget"),
    ("governance", "erase"),
    ("events", "erase"),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("part", "method"), POINTS)
async def test_a_kill_at_any_point_leaves_work_that_the_next_try_ends(
    tmp_path: Path, part: str, method: str, after: bool
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        await place.note_call("Ann")
        sha256 = (await place.room.document(identifier)).sha256
        await place.erase(identifier)

        with pytest.raises(KilledError):
            await _dying(place, part, method, after=after).finish("acme", identifier)

        assert await place.remains().pending() == [("acme", identifier)]
        assert place.room.files.holds(sha256) is ((part, after) == ("files", False))
        assert (await place.verified()).ok
        assert await place.remains().finish("acme", identifier) is True
        assert not place.room.files.holds(sha256)
        assert await place.arguments() == [None]
        assert (await place.verified()).ok
        tombstone = (await place.tombstones())[identifier]
        assert (tombstone.sha256, tombstone.review_ids) == (None, [])
        assert tombstone.finished_at is not None
        assert await place.remains().pending() == []
        assert await place.remains().finish("acme", identifier) is False


async def _erase_and_die(place: Archive, identifier: str) -> None:
    async with place.database.unit_of_work():
        await place.erase(identifier)
        raise KilledError


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_kill_before_the_commit_leaves_the_document_whole(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        with pytest.raises(KilledError):
            await _erase_and_die(place, identifier)

        assert (await place.room.document(identifier)).state == "filed"
        assert await place.tombstones() == {}
        assert await taken(place.database) == []


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_event_of_an_erasure_ends_it_and_late_events_of_it_change_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        identifier = await place.room.submit(LETTER, "letter.txt")
        (received,) = await taken(place.database)
        await place.room.stages.classify(received)
        told = await taken(place.database)

        await place.erase(identifier)
        (erased,) = await taken(place.database)
        assert (erased.type, erased.subject) == (ERASED, identifier)
        await place.remains().follow(erased)
        for event in (received, *told):
            late = event.model_copy(update={"id": f"{event.id[:30]}_late"})
            for consumer in place.room.stages.consumers():
                if consumer.event_type in (late.type, ">"):
                    await consumer.handle(late)

        assert await place.ids() == set()
        assert await taken(place.database) == []
        assert await place.remains().pending() == []


async def test_bytes_that_another_tenant_has_too_stay(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        other = CALLER.model_copy(update={"tenant": TenantId("other")})
        await place.room.intake.submit(
            other,
            name="same.txt",
            content=LETTER,
            uploaded_sha256=None,
            sha256=None,
            document_type=None,
        )
        sha256 = (await place.room.document(identifier)).sha256
        await place.room.deliver()

        await place.erase(identifier)
        await place.remains().finish("acme", identifier)

        assert place.room.files.holds(sha256)


async def test_an_erasure_waits_for_open_approvals_and_their_words_go_with_it(
    tmp_path: Path,
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        approvals, asked = await _asked(place, identifier)
        await place.erase(identifier)

        assert await place.remains().finish("acme", identifier) is False
        assert await place.remains().pending() == [("acme", identifier)]
        await approvals.decide(asked.id, "deny", Principal("finance", "person", CALLER.tenant))
        assert await place.remains().finish("acme", identifier) is True

        seen = await approvals.get(CALLER.tenant, asked.id)
        assert (seen.summary, dict(seen.arguments)) == ("its subject was erased", {})
        assert await place.remains().pending() == []


async def _asked(place: Archive, identifier: str) -> tuple[Approvals, Approval]:
    approvals = Approvals(place.governance_database, timedelta(hours=1))
    asked = await approvals.request(
        principal=Principal("clerk", "person", CALLER.tenant),
        digest="a" * 64,
        server="documents",
        tool="documents_decide_review",
        kinds=["owner"],
        summary="Ann",
        arguments={"document_id": identifier, "name": "Ann"},
        facts={},
        correlation_id=CorrelationId("cor_9"),
    )
    return approvals, asked


@pytest.mark.parametrize("is_decided", [True, False])
async def test_the_sweep_takes_an_erasure_up_again_when_its_approval_is_decided_or_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_decided: bool
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        approvals, asked = await _asked(place, identifier)
        await place.erase(identifier)
        tools: Any = None  # nothing is due by schedule
        sweep = RetentionSweep(place.database, RetentionRules.of({}), place.remains(), tools)
        erase, passes = place.governance.erase, list[str]()

        async def counted(*given: Any, **named: Any) -> int:
            passes.append("pass")
            return await erase(*given, **named)

        monkeypatch.setattr(place.governance, "erase", counted)
        for _ in range(3):
            await sweep.sweep()
        assert (len(passes), await place.remains().pending()) == (1, [("acme", identifier)])

        if is_decided:
            await approvals.decide(asked.id, "deny", Principal("finance", "person", CALLER.tenant))
        else:
            async with place.governance_database.writing() as session:
                row = await session.get_one(ApprovalRow, (CALLER.tenant, asked.id))
                row.expires_at = row.created_at
        for _ in range(2):
            await sweep.sweep()

        assert (len(passes), await place.remains().pending()) == (2, [])
        assert (await approvals.get(CALLER.tenant, asked.id)).summary == "its subject was erased"


async def test_an_approval_decided_while_its_subject_is_erased_loses_its_words_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        approvals, asked = await _asked(place, identifier)
        await place.erase(identifier)
        erase = place.governance.erase

        async def decided_after(*given: Any, **named: Any) -> int:
            count = await erase(*given, **named)
            await approvals.decide(asked.id, "deny", Principal("finance", "person", CALLER.tenant))
            return count

        monkeypatch.setattr(place.governance, "erase", decided_after)
        for _ in range(2):
            await place.remains().finish("acme", identifier)

        assert (await approvals.get(CALLER.tenant, asked.id)).summary == "its subject was erased"
        assert await place.remains().pending() == []


async def test_an_approval_asked_while_its_subject_is_erased_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        await place.erase(identifier)
        erase, asked = place.governance.erase, list[tuple[Approvals, Approval]]()

        async def asked_after(*given: Any, **named: Any) -> int:
            count = await erase(*given, **named)
            if not asked:
                asked.append(await _asked(place, identifier))
            return count

        monkeypatch.setattr(place.governance, "erase", asked_after)
        assert not await place.remains().finish("acme", identifier)
        (approvals, approval) = asked[0]
        decider = Principal("finance", "person", CALLER.tenant)
        await approvals.decide(approval.id, "deny", decider)
        assert await place.remains().finish("acme", identifier)

        seen = await approvals.get(CALLER.tenant, approval.id)
        assert seen.summary == "its subject was erased"


class BreakingEvents(EventErasure):
    """Fails at one document in a way that nobody foresaw."""

    broken = ""

    async def erase(self, *arguments: Any, ids: tuple[str, ...], **named: Any) -> int:
        if self.broken in ids:
            raise RuntimeError
        return await super().erase(*arguments, ids=ids, **named)


async def test_one_erasure_that_breaks_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        first = await place.settled(LETTER, "letter.txt")
        second = await place.settled(LETTER.replace(b"garden", b"house"), "other.txt")
        await place.erase(first)
        await place.erase(second)
        events = BreakingEvents(place.bus)
        events.broken = first
        parts: Any = (place.database, place.room.files, place.images, place.governance, events)
        tools: Any = None  # nothing is due by schedule
        sweep = RetentionSweep(place.database, RetentionRules.of({}), Remains(*parts), tools)

        await sweep.sweep()

        assert await place.remains().pending() == [("acme", first)]


async def test_a_page_drawn_while_its_bytes_are_erased_does_not_come_back(
    tmp_path: Path, invoices: Samples
) -> None:
    async with archive("sqlite", tmp_path) as place:
        files, reader = place.room.files, place.room.reader
        stored = await files.put(to_facturx(invoices.small()))
        rendering = reader.render

        async def erased_meanwhile(path: Path, page: int) -> bytes:
            content = await rendering(path, page)
            files.remove(stored.sha256)
            place.images.forget(stored.sha256)
            return content

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "render", erased_meanwhile)
            assert await place.images.png(stored.sha256, 1)

        assert list((tmp_path / "pages").rglob("*.png")) == []


async def test_a_disk_that_refuses_leaves_the_erasure_pending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        await place.erase(identifier)

        def refuse(self: Path, missing_ok: bool = False) -> None:
            raise PermissionError(self, missing_ok)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            with pytest.raises(BackendUnavailableError, match="refuses to remove"):
                await place.remains().finish("acme", identifier)

        assert await place.remains().pending() == [("acme", identifier)]


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_message_goes_with_what_it_brought_and_not_with_what_others_brought_too(
    engine: Engine, tmp_path: Path
) -> None:
    shared, own = LETTER, LETTER.replace(b"garden", b"house")
    async with archive(engine, tmp_path) as place:
        first = await place.room.submit(mail(("a.txt", shared), ("b.txt", own)).as_bytes(), "1.eml")
        await place.room.deliver()
        second = await place.room.submit(
            mail(("a.txt", shared), subject="Again").as_bytes(), "2.eml"
        )
        await place.room.deliver()
        by_name = {(await place.room.document(i)).name: i for i in await place.ids()}

        receipt = await place.erase(first)

        assert set(receipt.erased_ids) == {first, by_name["b.txt"]}
        assert await place.ids() == {second, by_name["a.txt"]}
        kept = await place.room.document(by_name["a.txt"])
        assert (kept.parent_id, kept.root_id) == (second, second)
        with pytest.raises(ConflictError, match=f"came with document {second}"):
            await place.erase(by_name["a.txt"])
        with pytest.raises(NotFoundError, match="was erased"):
            await place.holds.place_hold(
                CALLER, by_name["b.txt"], scope="document", reason="a matter"
            )
