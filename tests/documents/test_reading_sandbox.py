"""The reader survives whatever a document does to the process that reads it."""

import asyncio
import datetime as dt
import os
import select
import signal
import subprocess
import sys
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from documents.compound_file import attachment
from documents.reading_of import a_reader
from documents.test_reading_edifact import interchange, invoic
from documents.test_reading_fatturapa import BODY, fattura
from documents.test_reading_mail import INNER, outlook
from documents.test_reading_office import excel, word
from documents.test_reading_statements import MT940, OFX_1, camt
from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_facturx, to_ubl
from switchgear_shared.errors import BackendUnavailableError, NotFoundError, UnreadableDocumentError

SELLER = Party("Seller Ltd", None, "Road 1", "Leeds", "LS1", "GB")
LINE = Line("Bolt", None, None, Decimal(10), "C62", Decimal("1.20"), Decimal(20))
DAY = dt.date(2026, 5, 4)
INVOICE = InvoiceSpec("S-1", DAY, DAY, SELLER, SELLER, "GBP", None, (LINE,))


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    path = tmp_path / "stored"
    path.write_bytes(to_ubl(INVOICE))
    return path


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF that takes over a second to read."""
    path = tmp_path_factory.mktemp("slow") / "slow"
    canvas = Canvas(str(path), pageCompression=1)
    for _ in range(450):
        for line in range(90):
            canvas.drawString(20, 9 * line, "word " * 60)
        canvas.showPage()
    canvas.save()
    return path


def is_alive(pid: int) -> bool:
    """Say whether the process runs; one that nobody has waited for yet is dead too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def pid_at_work(reader: Reader, task: asyncio.Task[Reading], *, but: int = 0) -> int:
    """Return the worker's pid as soon as there is one, which is when its document is sent."""
    while reader.worker_pids in ((), (but,)) and not task.done():  # noqa: ASYNC110 - the reader offers nothing to wait for
        await asyncio.sleep(0)
    assert not task.done(), task.exception()
    return reader.worker_pids[0]


async def test_a_document_is_read_as_in_process(tmp_path: Path) -> None:
    data = to_facturx(INVOICE)
    path = tmp_path / "stored"
    path.write_bytes(data)

    async with a_reader() as reader:
        reading = await reader.read(path, "invoice.pdf")

    today = dt.datetime.now(dt.UTC).date()
    assert reading == read_contents(data, ".pdf", max_pages=500, today=today)


async def test_one_warm_worker_serves_many_documents(invoice: Path) -> None:
    async with a_reader(workers=1) as reader:
        await reader.read(invoice, "a.xml")
        first = reader.worker_pids
        for _ in range(20):
            await reader.read(invoice, "a.xml")

        assert len(first) == 1
        assert reader.worker_pids == first


async def test_a_worker_is_replaced_after_its_share_of_documents(invoice: Path) -> None:
    seen: list[tuple[int, ...]] = []

    async with a_reader(workers=1, documents_per_worker=2) as reader:
        for _ in range(4):
            await reader.read(invoice, "a.xml")
            seen.append(reader.worker_pids)

    assert [len(pids) for pids in seen] == [1, 0, 1, 0]
    assert seen[0] != seen[2]


async def test_no_more_workers_run_than_allowed(invoice: Path) -> None:
    async with a_reader(workers=2) as reader:
        readings = await asyncio.gather(*(reader.read(invoice, "a.xml") for _ in range(12)))

        assert {reading.value("number") for reading in readings} == {"S-1"}
        assert len(reader.worker_pids) == 2


async def test_a_worker_that_hangs_is_killed_and_the_next_document_is_read(invoice: Path) -> None:
    async with a_reader(workers=1, timeout_s=0.5) as reader:
        await reader.read(invoice, "a.xml")
        (stuck,) = reader.worker_pids
        os.kill(stuck, signal.SIGSTOP)

        with pytest.raises(UnreadableDocumentError, match=r"longer than 0\.5 s and was stopped"):
            await reader.read(invoice, "a.xml")

        assert not is_alive(stuck)
        assert (await reader.read(invoice, "a.xml")).value("number") == "S-1"


async def test_a_document_that_takes_too_long_is_refused(slow: Path) -> None:
    async with a_reader(timeout_s=0.05) as reader:
        with pytest.raises(UnreadableDocumentError, match="was stopped") as refused:
            await reader.read(slow, "slow.pdf")

    assert refused.value.retryable is False


async def test_a_document_whose_reader_was_killed_is_read_by_another(slow: Path) -> None:
    async with a_reader(workers=1) as reader:
        task = asyncio.create_task(reader.read(slow, "slow.pdf"))
        os.kill(await pid_at_work(reader, task), signal.SIGKILL)

        assert (await task).media_type == "application/pdf"


async def test_a_document_that_two_readers_died_on_is_refused(slow: Path, invoice: Path) -> None:
    async with a_reader(workers=1) as reader:
        task = asyncio.create_task(reader.read(slow, "slow.pdf"))
        first = await pid_at_work(reader, task)
        os.kill(first, signal.SIGKILL)
        os.kill(await pid_at_work(reader, task, but=first), signal.SIGKILL)

        with pytest.raises(UnreadableDocumentError, match=r"crashed on it \(SIGKILL\)"):
            await task
        assert (await reader.read(invoice, "a.xml")).value("number") == "S-1"


async def test_a_worker_that_died_while_idle_costs_no_document(invoice: Path) -> None:
    async with a_reader(workers=1) as reader:
        await reader.read(invoice, "a.xml")
        (pid,) = reader.worker_pids
        watch = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([watch], [], [], 10)
        os.close(watch)
        assert (await reader.read(invoice, "a.xml")).value("number") == "S-1"
        assert reader.worker_pids != (pid,)


async def test_a_cancelled_read_leaves_nothing_behind_for_the_next(
    slow: Path, invoice: Path
) -> None:
    async with a_reader(workers=1) as reader:
        task = asyncio.create_task(reader.read(slow, "slow.pdf"))
        pid = await pid_at_work(reader, task)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert not is_alive(pid)
        assert (await reader.read(invoice, "a.xml")).value("number") == "S-1"


async def test_a_document_that_needs_too_much_memory_is_refused(
    tmp_path: Path, invoice: Path
) -> None:
    path = tmp_path / "wide"
    path.write_bytes(b"<a>" + b"<b>x</b>" * 2_000_000 + b"</a>")

    async with a_reader(workers=1, memory_mb=400) as reader:
        with pytest.raises(UnreadableDocumentError, match="needs more than 400 MB of memory"):
            await reader.read(path, "wide.xml")
        assert (await reader.read(invoice, "a.xml")).value("number") == "S-1"


async def test_limits_hold_through_the_reader(tmp_path: Path, slow: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(b"x" * 1001)

    async with a_reader(max_pages=10) as reader:
        with pytest.raises(UnreadableDocumentError, match="has 450 pages, at most 10 are read"):
            await reader.read(slow, "slow.pdf")
    async with a_reader(max_bytes=1000) as reader:
        with pytest.raises(UnreadableDocumentError, match="has 1001 bytes, at most 1000"):
            await reader.read(big, "big.txt")
        assert reader.worker_pids == ()


async def test_a_refused_document_keeps_its_worker(tmp_path: Path, invoice: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"<a><b></a>")

    async with a_reader(workers=1) as reader:
        await reader.read(invoice, "a.xml")
        pids = reader.worker_pids
        with pytest.raises(UnreadableDocumentError, match="not well-formed XML"):
            await reader.read(broken, "broken.xml")

        assert reader.worker_pids == pids


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\0.xml", "invoice\u202egpj.xml", "", ".", "x" * 5000, "a.\udcff", "/"],
)
async def test_a_name_opens_nothing_and_breaks_nothing(invoice: Path, name: str) -> None:
    async with a_reader(workers=1) as reader:
        assert (await reader.read(invoice, name)).value("number") == "S-1"


@pytest.mark.parametrize("stored", ["missing", "."])
async def test_a_stored_file_that_is_gone_is_not_found(tmp_path: Path, stored: str) -> None:
    async with a_reader() as reader:
        with pytest.raises(NotFoundError, match="the stored file is gone"):
            await reader.read(tmp_path / stored, "a.xml")


async def test_a_worker_has_no_environment_no_files_and_a_group_of_its_own(
    invoice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHGEAR_SECRET", "canary")
    async with a_reader(workers=1, memory_mb=512) as reader:
        await reader.read(invoice, "a.xml")
        (pid,) = reader.worker_pids
        process = Path(f"/proc/{pid}")
        limits = {
            line[:26].strip(): line[26:].split()[:2]
            for line in (process / "limits").read_text().splitlines()
        }

        assert b"canary" not in (process / "environ").read_bytes()
        assert os.getpgid(pid) == pid
        assert len(list((process / "fd").iterdir())) == 4
        memory = str(512 * 1024 * 1024)
        assert {
            name: limits[name]
            for name in (
                "Max open files",
                "Max processes",
                "Max file size",
                "Max core file size",
                "Max address space",
            )
        } == {
            "Max open files": ["0", "0"],
            "Max processes": ["0", "0"],
            "Max file size": ["0", "0"],
            "Max core file size": ["0", "0"],
            "Max address space": [memory, memory],
        }


async def test_closing_ends_every_worker(invoice: Path) -> None:
    async with a_reader(workers=2) as reader:
        await asyncio.gather(*(reader.read(invoice, "a.xml") for _ in range(6)))
        pids = reader.worker_pids

    assert [is_alive(pid) for pid in pids] == [False, False]
    assert reader.worker_pids == ()


async def test_closing_is_no_fault_of_the_document_being_read(slow: Path) -> None:
    async with a_reader(workers=1) as reader:
        task = asyncio.create_task(reader.read(slow, "slow.pdf"))
        await pid_at_work(reader, task)
        await reader.close()

        with pytest.raises(BackendUnavailableError, match="closed meanwhile"):
            await task
        with pytest.raises(BackendUnavailableError, match="the reader is closed"):
            await reader.read(slow, "slow.pdf")


ORPHANAGE = """
import asyncio, sys
from pathlib import Path
from switchgear_documents.reading.sandbox import Reader

async def main():
    reader = Reader(workers=1)
    await reader.read(Path(sys.argv[1]), "a.xml")
    print(reader.worker_pids[0], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_worker_dies_with_a_parent_that_is_killed(invoice: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANAGE, str(invoice)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        os.kill(pid, signal.SIGSTOP)  # it cannot notice that its input was closed
        parent.kill()
        ended, _, _ = select.select([watch], [], [], 10)
        os.close(watch)

    assert ended == [watch]


def test_importing_the_reader_loads_no_parser() -> None:
    program = (
        "import sys, switchgear_documents.reading.sandbox, switchgear_documents.samples;"
        "print([m for m in ('lxml', 'pypdfium2', 'facturx', 'reportlab', 'stdnum')"
        " if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "[]"


async def test_what_a_message_brings_passes_the_border_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8_000
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Hello", "a@example.com", "b@example.com"
    mail.set_content("Hello\n")
    mail.add_attachment(content, maintype="application", subtype="pdf", filename="a.pdf")
    mail.add_attachment(b"b", maintype="application", subtype="pdf", filename="b.pdf")
    path = tmp_path / "mail"
    path.write_bytes(mail.as_bytes())

    async with a_reader(workers=1) as reader:
        for _ in range(2):
            reading = await reader.read(path, "mail.eml")
            assert [(a.name, a.content) for a in reading.attachments] == [
                ("a.pdf", content),
                ("b.pdf", b"b"),
            ]


@pytest.mark.parametrize(
    ("data", "suffix", "written_as"),
    [
        pytest.param(word(), ".docx", "word", id="word"),
        pytest.param(excel(), ".xlsx", "excel", id="excel"),
        pytest.param(outlook(attachment("i.msg", INNER)), ".msg", "email", id="outlook"),
        pytest.param(MT940.encode(), ".sta", "mt940", id="mt940"),
        pytest.param(OFX_1.encode(), ".ofx", "ofx", id="ofx"),
        pytest.param(camt().encode(), ".xml", "camt", id="camt"),
        pytest.param(fattura(BODY).encode(), ".xml", "fatturapa", id="fatturapa"),
        pytest.param(interchange(invoic()).encode(), ".edi", "edifact", id="edifact"),
        pytest.param(b"<html><body>Hello</body></html>", ".html", "html", id="html"),
    ],
)
async def test_every_format_is_read_without_a_file_or_a_second_import(
    tmp_path: Path, data: bytes, suffix: str, written_as: str
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(data)

    async with a_reader(workers=1) as reader:
        assert (await reader.read(path, f"a{suffix}")).format == written_as
