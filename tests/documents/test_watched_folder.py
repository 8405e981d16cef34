"""A folder whose files are handed in: each once, whole, and never one that is still written to."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from documents.test_attachments import mail
from journeys.desk import Desk, Samples, opened
from switchgear_documents.samples import to_ubl
from switchgear_documents.watched_folder import DONE, FAILED, WatchedFolder
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage.files import Files
from switchgear_shared.testing import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGEST = 300_000


class Clock:
    """Seconds that pass when the test says so."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Submitting:
    """Stands where the tools are: takes what comes, or fails as it is told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.error: Exception | None = None

    async def call(self, tool: str, arguments: dict[str, Any], **_: Any) -> dict[str, Any]:
        assert tool == "documents_submit"
        if self.error is not None:
            raise self.error
        self.taken.append(arguments["name"])
        return {"correlation_id": "cor_1", "id": "doc_1"}


class Place:
    """A watched folder with a clock of the test's own."""

    def __init__(self, root: Path) -> None:
        self.path = root / "inbox"
        self.path.mkdir()
        self.clock, self.tools = Clock(), Submitting()

        async def tools() -> Any:
            return self.tools

        files = Files(root / "store", max_bytes=LARGEST)
        self.folder = WatchedFolder(
            self.path, files, tools, party="clerk", settle_s=2, clock=self.clock
        )

    def names(self, where: str = "") -> list[str]:
        """Return the names of the files there."""
        return sorted(p.name for p in (self.path / where).iterdir() if not p.is_dir())

    async def settled(self) -> int:
        """Look, wait, and look again."""
        await self.folder.look()
        self.clock.now_s += 2
        return await self.folder.look()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(("after_s", "moved"), [(1.9, 0), (2.0, 1), (2.1, 1)])
async def test_a_file_is_taken_once_it_has_stayed_as_it_is(
    place: Place, after_s: float, moved: int
) -> None:
    (place.path / "a.txt").write_text("a letter")

    await place.folder.look()
    place.clock.now_s += after_s

    assert await place.folder.look() == moved
    assert place.names(DONE) == ["a.txt"] * moved
    assert place.tools.taken == ["a.txt"] * moved


async def test_a_file_that_grows_settles_anew(place: Place) -> None:
    file = place.path / "a.txt"
    file.write_text("half")
    await place.folder.look()
    place.clock.now_s += 2
    file.write_text("half and half")

    assert await place.folder.look() == 0
    place.clock.now_s += 2
    assert await place.folder.look() == 1


@pytest.mark.parametrize(
    "name", [".hidden", "a.pdf.part", "a.TMP", "a.crdownload", "a.partial", "a.filepart"]
)
async def test_what_is_named_as_unfinished_is_left_alone(place: Place, name: str) -> None:
    (place.path / name).write_text("a letter")

    assert await place.settled() == 0
    assert place.names() == [name]


async def test_a_folder_within_is_left_alone(place: Place) -> None:
    (place.path / "sub").mkdir()
    (place.path / "sub" / "a.txt").write_text("a letter")

    assert await place.settled() == 0


async def test_links_and_special_files_are_refused_unopened(place: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (place.path / "link.txt").symlink_to(secret)
    os.mkfifo(place.path / "pipe.txt")

    assert await place.settled() == 2
    assert place.tools.taken == []
    assert place.names(FAILED) == [
        "link.txt",
        "link.txt.error.txt",
        "pipe.txt",
        "pipe.txt.error.txt",
    ]
    assert secret.read_text() == "secret"


@pytest.mark.parametrize(
    ("size", "where"), [(0, FAILED), (1, DONE), (LARGEST, DONE), (LARGEST + 1, FAILED)]
)
async def test_a_file_may_be_as_large_as_a_document(place: Place, size: int, where: str) -> None:
    (place.path / "a.txt").write_bytes(b"x" * size)

    await place.settled()

    assert "a.txt" in place.names(where)
    if where == FAILED:
        said = (place.path / FAILED / "a.txt.error.txt").read_text()
        assert said.startswith("invalid_request: the document is ")


async def test_a_fault_of_ours_leaves_the_file_for_later(place: Place) -> None:
    (place.path / "a.txt").write_text("a letter")
    place.tools.error = BackendUnavailableError("the database is away")

    assert await place.settled() == 0
    assert place.names() == ["a.txt"]

    place.tools.error = None
    assert await place.settled() == 1
    assert place.names(DONE) == ["a.txt"]


async def test_a_file_that_is_written_to_as_it_is_taken_is_left_for_later(
    place: Place, tmp_path: Path
) -> None:
    file = place.path / "a.txt"
    file.write_text("half")

    async def tools_while_it_grows() -> Any:
        file.write_text(file.read_text() + " more")
        return place.tools

    files = Files(tmp_path / "other", max_bytes=LARGEST)
    folder = WatchedFolder(place.path, files, tools_while_it_grows, party="clerk", settle_s=0)

    assert await folder.look() == 0
    assert (place.names(), place.tools.taken) == (["a.txt"], [])


async def test_a_file_of_the_same_name_overwrites_none(place: Place) -> None:
    for text in ("first", "second", "third"):
        (place.path / "a.txt").write_text(text)
        await place.settled()

    assert place.names(DONE) == ["a (2).txt", "a (3).txt", "a.txt"]
    assert (place.path / DONE / "a.txt").read_text() == "first"


async def test_a_name_that_is_no_text_is_taken(place: Place) -> None:
    (place.path / os.fsdecode(b"a\xff.txt")).write_text("a letter")

    assert await place.settled() == 1
    assert place.tools.taken == ["a?.txt"]


async def test_two_that_watch_take_each_file_once(place: Place, tmp_path: Path) -> None:
    """The second waits until the first lets go."""
    first_tools, second_tools = Submitting(), Submitting()
    files = Files(tmp_path / "other", max_bytes=LARGEST)

    def watching(tools: Any) -> WatchedFolder:
        async def tools_of() -> Any:
            return tools

        return WatchedFolder(place.path, files, tools_of, party="clerk", settle_s=0)

    first, second = watching(first_tools), watching(second_tools)
    running = [asyncio.create_task(first.run())]
    await asyncio.sleep(0.05)
    running.append(asyncio.create_task(second.run()))
    for number in range(5):
        (place.path / f"{number}.txt").write_text(f"letter {number}")
    try:

        async def all_done() -> bool:
            return len(place.names(DONE)) == 5

        await until(all_done, timeout_s=10)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    assert sorted(first_tools.taken) == [f"{number}.txt" for number in range(5)]
    assert second_tools.taken == []


@pytest_asyncio.fixture(loop_scope="session")
async def inbox(own_data: Path, tmp_path: Path) -> AsyncGenerator[tuple[Desk, Path]]:
    folder = tmp_path / "inbox"
    async with opened(own_data, intake_folder=folder, intake_settle_s=0.1) as desk:
        yield desk, folder


async def _found(desk: Desk, name: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        page = await desk.ask("documents_search", query=name)
        return next((row for row in page["items"] if row["name"] == name), None)

    return await until(look, timeout_s=20)


async def test_an_invoice_laid_into_the_folder_is_posted_once(
    inbox: tuple[Desk, Path], samples: Samples
) -> None:
    """Laid there again, as after a kill before it was moved, it is the same document."""
    desk, folder = inbox
    spec = samples.small()
    content = to_ubl(spec)
    for _ in range(2):
        (folder / "laid.tmp").write_bytes(content)
        (folder / "laid.tmp").rename(folder / "laid-there.xml")

        async def is_gone() -> bool:
            return not (folder / "laid-there.xml").exists()

        await until(is_gone, timeout_s=20)
    row = await _found(desk, "laid-there.xml")
    status = await desk.until({"id": row["id"]})

    assert status["state"] == "filed"
    assert [state for state, _ in await desk.booked(spec.number)] == ["posted"]
    assert len(list((folder / DONE).iterdir())) == 2


async def test_what_an_e_mail_file_brings_is_a_document_of_its_own(
    inbox: tuple[Desk, Path], samples: Samples
) -> None:
    desk, folder = inbox
    spec = samples.small()
    (folder / "message.eml").write_bytes(mail(("brought.xml", to_ubl(spec))).as_bytes())

    message = await _found(desk, "message.eml")
    brought = await _found(desk, "brought.xml")

    assert (await desk.until({"id": brought["id"]}))["state"] == "filed"
    assert (await desk.ask("documents_get", document_id=brought["id"]))["parent_id"] == (
        message["id"]
    )
    whole = await desk.ask("documents_get", document_id=message["id"])
    assert whole["submitted_by"] == "clerk"


async def test_nothing_is_handed_in_for_a_party_that_is_disabled(inbox: tuple[Desk, Path]) -> None:
    """The file lies beside the reason, to be laid into the folder again."""
    desk, folder = inbox
    await desk.running.host.agents.switch("clerk", is_disabled=True)
    (folder / "refused.txt").write_text("a letter")
    said = folder / FAILED / "refused.txt.error.txt"

    async def is_refused() -> bool:
        return said.exists() and said.stat().st_size > 0

    await until(is_refused, timeout_s=20)
    await desk.running.host.agents.switch("clerk", is_disabled=False)

    assert said.read_text() == "policy_denied: agent clerk is disabled\n"
    assert (folder / FAILED / "refused.txt").read_text() == "a letter"
