"""`switchgear documents learn`: what people corrected becomes a template, or an example."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_shared.commands.console import call_tool, run, settings_with, show
from switchgear_shared.commands.operations import AsJson, Data, documents
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.settings import Settings

Acting = Annotated[str, typer.Option("--as", help="The registered party that acts.")]

_PART = 20_000

learn = typer.Typer(no_args_is_help=True, help="Teach the reader what people corrected.")


def register() -> None:
    """Add these commands to the group `documents`."""
    documents.add_typer(learn, name="learn")


@learn.command("template")
def template(
    subject_id: Annotated[str, typer.Argument(help="A corrected document, or its review.")],
    write: Annotated[
        bool, typer.Option("--write", help="Put it where templates are read from.")
    ] = False,
    acting: Acting = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Derive a supplier's template from a correction, try it, and show it; --write keeps it."""
    settings = settings_with(data=data)
    folder = settings.document_templates
    if write and folder is None:
        raise typer.BadParameter(
            "SWITCHGEAR_DOCUMENT_TEMPLATES names no folder", param_hint="--write"
        )
    proposal = run(
        call_tool(
            settings, "documents", "documents_propose_template", {"id": subject_id}, acting=acting
        )
    )
    if write and folder is not None:
        file = folder / proposal["file_name"]
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        temporary.write_text(proposal["content"], encoding="utf-8")
        temporary.replace(file)
    if as_json:
        show({**proposal, "is_written": write}, as_json=True)
        return
    typer.echo(proposal["content"], nl=False)
    fixed, compared = ", ".join(proposal["fixed_fields"]), len(proposal["compared_ids"])
    typer.echo(f"# reads {fixed} as corrected; {compared} filed documents are read no worse")
    typer.echo(f"# {'wrote' if write else 'would be'} {proposal['file_name']}")


@learn.command("example")
def example(
    document_id: Annotated[str, typer.Argument(help="A filed document.")],
    acting: Acting = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Keep a filed document's text and type as an example for `documents train`."""
    settings = settings_with(data=data)
    if settings.document_examples is None:
        raise typer.BadParameter(
            "SWITCHGEAR_DOCUMENT_EXAMPLES names no folder", param_hint="document_id"
        )
    file = run(_kept(settings, ExampleFolder(settings.document_examples), document_id, acting))
    show({"document_id": document_id, "file": str(file)}, as_json=as_json)


async def _kept(settings: Settings, folder: ExampleFolder, document_id: str, acting: str) -> Path:
    named = {"document_id": document_id}

    async def call(tool: str, **more: Any) -> dict[str, Any]:
        return await call_tool(settings, "documents", tool, {**named, **more}, acting=acting)

    found = await call("documents_get")
    if found["state"] != "filed" or found["document_type"] is None:
        raise ConflictError(f"document {document_id} is {found['state']}, not filed")
    if found["document_type"] == BUNDLE:
        raise ConflictError(f"document {document_id} is a bundle: keep its parts")
    text, offset = "", 0
    while offset is not None:
        part = await call("documents_read_text", offset=offset, max_chars=_PART)
        text, offset = text + part["text"], part["next_offset"]
    if not text.strip():
        raise ConflictError(f"document {document_id} has no text")
    file = folder.add(document_id, found["document_type"], text, document_id)
    try:
        await call("documents_get_status")  # it may have been erased meanwhile
    except NotFoundError:
        folder.remove(document_id)
        raise
    return file
