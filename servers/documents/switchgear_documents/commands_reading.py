"""`switchgear documents evaluate`, `generate`, `train`: what reading is worth, and its lessons."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from switchgear_documents.evaluation.manifest import load
from switchgear_documents.evaluation.observations import (
    Observation,
    observe,
    observe_in_process,
)
from switchgear_documents.evaluation.report import report
from switchgear_documents.evaluation.tables import lines_of
from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.reading.engines import ENGINES, EngineName, missing_reason
from switchgear_documents.reading.sandbox import Reader
from switchgear_shared.commands.console import run, settings_with, show
from switchgear_shared.commands.operations import documents
from switchgear_shared.settings import Settings

Folder = Annotated[Path, typer.Argument(help="A folder with documents and a manifest.json.")]


def register() -> None:
    """Add these commands to the group `documents`."""
    documents.command()(evaluate)
    documents.command()(generate)
    documents.command()(train)
    documents.command()(calibrate)


def evaluate(
    folder: Folder,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Without the sandbox: for files you trust.")
    ] = False,
    pages_only: Annotated[
        bool, typer.Option("--pages-only", help="Take the XML out of hybrid PDFs first.")
    ] = False,
    groups: Annotated[
        list[str] | None, typer.Option("--group", help="Only this format group; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Read documents of known truth with the product's reader, and say how well it did."""
    seen = run(_observed(folder, groups, in_process=in_process, pages_only=pages_only))
    if not seen:
        raise typer.BadParameter(f"no document is of the group {', '.join(groups or ())}")
    measured = report(seen)
    if as_json:
        show(measured.as_json(), as_json=True)
    else:
        typer.echo("\n".join(lines_of(measured)))


async def _observed(
    folder: Path, groups: list[str] | None, *, in_process: bool, pages_only: bool
) -> list[Observation]:
    entries = [entry for entry in load(folder) if not groups or entry.group in groups]
    settings = settings_with()
    if in_process:
        pages = settings.document_max_pages
        watched = observe_in_process(folder, entries, max_pages=pages, pages_only=pages_only)
        return [seen async for seen in watched]
    async with _reader(settings) as reader:
        return [seen async for seen in observe(folder, entries, reader, pages_only=pages_only)]


@asynccontextmanager
async def _reader(
    settings: Settings, engines: Sequence[EngineName] = ENGINES
) -> AsyncGenerator[Reader]:
    reader = Reader(
        engines=engines,
        timeout_s=settings.document_timeout_s,
        memory_mb=settings.document_memory_mb,
        max_pages=settings.document_max_pages,
        max_bytes=settings.document_max_bytes,
    )
    try:
        yield reader
    finally:
        await reader.close()


def generate(
    folder: Annotated[Path, typer.Argument(help="Where to write the files.")],
    count: Annotated[int, typer.Option("--count", min=1, max=100_000)] = 140,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same files.")] = 1,
    stacks: Annotated[
        bool, typer.Option("--stacks", help="Files of several invoices and what came with them.")
    ] = False,
) -> None:
    """Write documents of our own invention, of every type in six languages, and their truth."""
    from switchgear_documents.generating.collection import (  # noqa: PLC0415 - brings a drawer
        generate as write,
    )
    from switchgear_documents.generating.stacks import generate_stacks  # noqa: PLC0415 - same

    rows = (generate_stacks if stacks else write)(folder, count, seed)
    typer.echo(f"wrote {len(rows)} documents to {folder}")


def train(
    folders: Annotated[list[Path], typer.Argument(help="Folders with a manifest.json each.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the model.")] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Measure on documents kept apart.")
    ] = False,
) -> None:
    """Learn to tell types by words, and write the model with its card; needs the extra `train`.

    What `documents learn example` kept is learned from too, where a folder is set for it.
    Without `--out` nothing is written. The temperature is fitted on verdicts about sources that
    were not learned from, so `--out` measures too.
    """
    from switchgear_documents.training import lesson  # noqa: PLC0415 - brings numpy and more

    if out is None and not cross_validate:
        raise typer.BadParameter("say --out DIR, --cross-validate, or both")
    kept = settings_with().document_examples
    if kept is not None and not ExampleFolder(kept).is_empty:
        folders = [*folders, kept]
    for line in run(_lesson(lesson.learn, folders, out)):
        typer.echo(line)


def calibrate(
    folders: Annotated[list[Path], typer.Argument(help="Folders with a manifest.json each.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the tables.")] = None,
) -> None:
    """Measure how sure each field may be, on pages of known truth read in this process.

    What is printed was measured on sources kept apart; what `--out` writes is learned from all.
    """
    from switchgear_documents.training import sureness  # noqa: PLC0415 - brings numpy and more

    pages = settings_with().document_max_pages
    observations = run(sureness.observed(folders, max_pages=pages))
    measured = list(sureness.lines_of(sureness.apart(observations)))
    typer.echo("\n".join(measured))
    if out is not None:
        sureness.write(out, sureness.fit(observations), measured)
        typer.echo(f"wrote {sureness.NAME} to {out}")


async def _lesson(
    learn: Callable[[list[Path], list[Reader], Path | None], Awaitable[list[str]]],
    folders: list[Path],
    out: Path | None,
) -> list[str]:
    """Give the lesson a reader for each engine that is installed, or one without any."""
    settings = settings_with()
    alone: list[list[EngineName]] = [[name] for name in ENGINES if missing_reason(name) is None]
    async with AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(_reader(settings, engines)) for engines in alone or [[]]
        ]
        return await learn(folders, readers, out)
