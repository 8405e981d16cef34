"""`switchgear documents models`: which models may be asked, how they do and what they cost."""

from pathlib import Path
from typing import Annotated, Any

import typer

from switchgear_documents.asking.catalogue import MICRO, Catalogue, load_catalogue
from switchgear_documents.asking.provider import LanguageModel
from switchgear_documents.asking.questions import which_type
from switchgear_documents.asking.spending import Spent, spent_on
from switchgear_shared.commands.console import run, settings_with, show
from switchgear_shared.commands.operations import documents
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database

_COLUMNS = ("name", "model", "tasks", "answered", "failed", "spent_today", "latency_ms")
_LETTER = "Dear Sir or Madam, please find attached our invoice no. 17 over 40.00 EUR."


def register() -> None:
    """Add the command to the group `documents`."""
    documents.command()(models)


def models(
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask each a small question now; it costs a little.")
    ] = False,
    tenant: Annotated[str, typer.Option("--tenant", help="Whose spending.")] = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="Data directory.")] = None,
) -> None:
    """List the language models that may be asked about documents, with today's calls and cost."""
    settings = settings_with(data=data)
    rows = run(_rows(settings, TenantId(tenant), ask=ask))
    columns = (*_COLUMNS, "asked_now") if ask else _COLUMNS
    show(rows, as_json=as_json, columns=columns)
    if ask and any(row["asked_now"] != "ok" for row in rows):
        raise typer.Exit(1)


async def _rows(settings: Settings, tenant: TenantId, *, ask: bool) -> list[dict[str, Any]]:
    if settings.document_models is None:
        raise InvalidRequestError("no models are configured: SWITCHGEAR_DOCUMENT_MODELS")
    catalogue = load_catalogue(settings.document_models)
    database = Database.at("documents", data_dir=settings.data, database_url=settings.database_dsn)
    try:
        spent = {one.model: one for one in await spent_on(database, tenant, utc_now().date())}
    finally:
        await database.close()
    rows = [_row(catalogue, place, spent) for place in range(len(catalogue.models))]
    if ask:
        for row, entry in zip(rows, catalogue.models, strict=True):
            row["asked_now"] = await _asked(LanguageModel(entry))
    return rows


async def _asked(model: LanguageModel) -> str:
    try:
        await model.ask(which_type(_LETTER, len(_LETTER)))
    except SwitchgearError as error:
        return f"{error.code}: {error.message}"
    finally:
        await model.close()
    return "ok"


def _row(catalogue: Catalogue, place: int, spent: dict[str, Spent]) -> dict[str, Any]:
    entry = catalogue.models[place]
    today = spent.get(entry.name)
    cost = (today.cost_micro if today else 0) / MICRO
    return {
        "name": entry.name,
        "model": entry.model,
        "tasks": ", ".join(sorted(entry.tasks)),
        "answered": today.answered if today else 0,
        "failed": today.failed if today else 0,
        "spent_today": f"{cost:.6f} {catalogue.currency}",
        "latency_ms": today.latency_ms if today else None,
    }
