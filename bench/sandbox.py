"""What reading costs as the pipeline pays for it: through the sandbox, with the memory it takes.

One worker, one document after another: `a second` counts the processor time of the worker and of
the process that asks it, so it is what one core does; `wall` is what a caller waits, which is more
where others use the machine too. E-invoices of 60 lines are held to their schema and to the rules
of EN 16931; the PDFs are invented ones of every type and language, told, read and checked. With a
folder, the PDFs in it are read too, each once at least. Run:
`.venv/bin/python bench/sandbox.py [READS] [FOLDER]`.
"""

import asyncio
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from documents import LONG  # pyright: ignore[reportAttributeAccessIssue] - the file beside this
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.samples import to_cii, to_facturx, to_ubl
from switchgear_shared.errors import UnreadableDocumentError

READS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else None
TICKS = os.sysconf("SC_CLK_TCK")
MOST_PDFS = 150


def samples() -> dict[str, tuple[str, list[bytes]]]:
    """Return the documents of each kind with the ending of their names."""
    drafts = [draft(place, seed=77) for place in range(MOST_PDFS)]
    pages = [to_pdf(one, Random(place)) for place, one in enumerate(drafts)]  # noqa: S311
    given = sorted(FOLDER.rglob("*.pdf")) if FOLDER else []
    return {
        "UBL, 60 lines": (".xml", [to_ubl(LONG)]),
        "CII, 60 lines": (".xml", [to_cii(LONG)]),
        "Factur-X, 60 lines": (".pdf", [to_facturx(LONG)]),
        "PDF, every type": (".pdf", pages),
        **(
            {f"PDF, {FOLDER}"[-22:]: (".pdf", [file.read_bytes() for file in given])}
            if given
            else {}
        ),
    }


def used_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def highest_mb(pid: int) -> float:
    """Return the most memory that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def measure(name: str, suffix: str, files: list[Path]) -> None:
    """Read the files in turn in a worker of their own, and print what it took."""
    reads = max(READS, len(files))
    reader = Reader(workers=1, documents_per_worker=reads + len(files) + 1, engines=())
    try:
        for file in files:
            await read(reader, file, suffix)
        (pid,) = reader.worker_pids
        began, ours = used_s(pid), time.process_time()
        waits: list[float] = []
        for place in range(reads):
            started = time.perf_counter()
            await read(reader, files[place % len(files)], suffix)
            waits.append(time.perf_counter() - started)
        spent = used_s(pid) - began + time.process_time() - ours
        waits.sort()
        p50, p95 = (1000 * waits[math.ceil(share * reads) - 1] for share in (0.5, 0.95))
        print(f"{name:22}{reads / spent:>10.0f}{p50:>10.1f}{p95:>10.1f}{highest_mb(pid):>12.0f}")
    finally:
        await reader.close()


async def read(reader: Reader, file: Path, suffix: str) -> None:
    """Read a file; one that is refused counts too."""
    with suppress(UnreadableDocumentError):
        await reader.read(file, f"document{suffix}")


async def main() -> None:
    """Print a row for each kind of document."""
    columns = f"{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'worker MB':>12}"
    print(f"{'':22}{columns}")
    with TemporaryDirectory() as folder:
        for name, (suffix, contents) in samples().items():
            files = [Path(folder) / f"{place}{suffix}" for place in range(len(contents))]
            for file, content in zip(files, contents, strict=True):
                file.write_bytes(content)
            await measure(name, suffix, files)


if __name__ == "__main__":
    asyncio.run(main())
