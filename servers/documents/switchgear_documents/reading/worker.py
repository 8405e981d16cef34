"""The child process that reads documents: it limits itself, then serves one file at a time.

Frames in both directions are a length (four bytes, big endian) and that much JSON; a request's
JSON is followed by the file's bytes, an answer's by the reading, as JSON too, and the bytes of its
attachments, or by the picture of a page, or by the parts of a file. Started by `Reader`, never by
hand.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import struct
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from switchgear_documents.reading.engines import EngineName, MissingEngineError, load_engine
from switchgear_shared.errors import UnreadableDocumentError

if TYPE_CHECKING:
    from switchgear_documents.reading.ocr import Ocr

LENGTH = struct.Struct(">I")

_PR_SET_PDEATHSIG = 1
_MEGABYTE = 1024 * 1024
_YOUNG_OBJECTS = 50_000
"""About as many as two pages full of words are made of."""


@dataclass(frozen=True)
class Limits:
    """What one worker may use; `documents` is how many it reads before it is replaced.

    A worker with an `engine` reads scans too: at most `ocr_max_pages` of a document, each of at
    most `ocr_max_pixels`. `tessdata` is the folder of tesseract's language data,
    `templates` that of what was taught about suppliers.
    """

    cpu_s: float
    memory_mb: int
    max_pages: int
    documents: int
    parent_pid: int
    engine: EngineName | None = None
    tessdata: str | None = None
    ocr_max_pages: int = 0
    ocr_max_pixels: int = 0
    templates: str | None = None


def main() -> None:
    """Serve until the parent closes our input, dies, or a document breaks us."""
    limits = Limits(**json.loads(sys.argv[1]))
    _die_with(limits.parent_pid)
    requests, answers = _take_over_streams()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # threads would only cost memory
    from switchgear_documents.reading import contents, cutting, rehearsal  # noqa: PLC0415 - heavy
    from switchgear_documents.reading.rendering import render_page  # noqa: PLC0415 - heavy
    from switchgear_documents.reading.templates import (  # noqa: PLC0415 - heavy
        Template,
        load_templates,
    )

    try:
        ocr = _load_ocr(limits)
    except MissingEngineError as error:
        _send(answers, {"missing": str(error)})
        return
    templates = load_templates(Path(limits.templates)) if limits.templates else ()
    rehearsal.rehearse(ocr)
    _collect_seldom()
    _limit(limits)
    _send(answers, {"ready": True})
    while (header := _receive(requests)) is not None:
        data = requests.read(header["size"])
        _allow_cpu(limits.cpu_s)
        today = datetime.now(UTC).date()
        broken: str | None = None
        try:
            if "page" in header:
                png = render_page(data, header["page"], max_pixels=limits.ocr_max_pixels)
                _send(answers, {"picture": len(png)}, png)
                continue
            if "ranges" in header:
                parts = list(cutting.cut(data, header["ranges"]))
                _send(answers, {"parts": list(map(len, parts))}, *parts)
                continue
            reading = contents.read_contents(
                data,
                header["suffix"],
                max_pages=limits.max_pages,
                today=today,
                ocr=ocr,
                templates=templates
                if header["templates"] is None
                else tuple(map(Template.model_validate, header["templates"])),
            )
        except UnreadableDocumentError as error:
            _send(answers, {"unreadable": error.message})
        except MemoryError:
            broken = f"it needs more than {limits.memory_mb} MB of memory"
        except Exception as error:  # noqa: BLE001 - whatever a stranger's file breaks ends here
            broken = f"the reader failed on it: {_where(error)}"
        else:
            said = reading.model_dump_json().encode()
            contents_ = (attachment.content for attachment in reading.attachments)
            _send(answers, {"reading": len(said)}, said, *contents_)
        if broken is not None:  # only now is what the document took up free again
            _send(answers, {"broken": broken})
            return


def _load_ocr(limits: Limits) -> "Ocr | None":
    """Load the engine, told to use no other thread: there will be none to have."""
    if limits.engine is None:
        return None
    os.environ.update(OMP_THREAD_LIMIT="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    from switchgear_documents.reading.ocr import Ocr  # noqa: PLC0415 - heavy

    engine = load_engine(limits.engine, limits.tessdata)
    return Ocr(engine, limits.ocr_max_pages, limits.ocr_max_pixels)


def _collect_seldom() -> None:
    """Leave what is loaded out of garbage collection: a page's words alone set off dozens."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def _die_with(parent_pid: int) -> None:
    """Ask the kernel to kill us when the parent dies, however it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit("the parent is gone")


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for frames; what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


def _limit(limits: Limits) -> None:
    """Give up files, sockets, children, core dumps and memory beyond the limit, for good."""
    memory = limits.memory_mb * _MEGABYTE
    cpu = ceil(limits.cpu_s + 1) * (limits.documents + 1)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _allow_cpu(seconds: float) -> None:
    """Let the next document use this much processor time."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = ceil(time.process_time() + seconds + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (min(allowed, hard), hard))


def _receive(requests: BinaryIO) -> dict[str, Any] | None:
    length = requests.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    return json.loads(requests.read(LENGTH.unpack(length)[0]))


def _send(answers: BinaryIO, answer: dict[str, Any], *contents: bytes) -> None:
    body = json.dumps(answer).encode()
    answers.write(LENGTH.pack(len(body)) + body)
    answers.writelines(contents)
    answers.flush()


def _where(error: Exception) -> str:
    """Name the fault and its line, without the document's text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


if __name__ == "__main__":
    main()
