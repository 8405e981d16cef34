"""The models of a catalogue made ready for the documents server."""

from pathlib import Path

from switchgear_documents.asking.catalogue import load_catalogue
from switchgear_documents.asking.provider import LanguageModel
from switchgear_documents.asking.router import ModelRouter
from switchgear_documents.asking.second_opinion import SecondOpinion
from switchgear_documents.asking.spending import Spending
from switchgear_shared.contracts.event_data import DocumentModelAsked
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.observability.metrics import Metrics
from switchgear_shared.storage.database import Database


def open_second_opinion(
    file: Path | None, database: Database, metrics: Metrics
) -> SecondOpinion | None:
    """Return what asks the models of the file; None without one.

    Raises InvalidRequestError for a catalogue that cannot be used, a missing key among it.
    """
    if file is None:
        return None
    catalogue = load_catalogue(file)

    def count(decision: DocumentModelAsked) -> None:
        metrics.model_asked(decision.model, decision.task, decision.outcome, decision.cost_micro)

    models = [LanguageModel(entry) for entry in catalogue.models]
    router = ModelRouter(catalogue, Spending(database, catalogue), models, on_decision=count)
    return SecondOpinion(router)


def model_findings(file: Path | None) -> tuple[tuple[str, str], ...]:
    """Return a line for each model, or why there is none."""
    if file is None:
        return (("language models", "ok: none is asked (SWITCHGEAR_DOCUMENT_MODELS)"),)
    try:
        catalogue = load_catalogue(file)
    except SwitchgearError as error:
        return (("language models", f"missing: {error.message}"),)
    return tuple(
        (f"language model {entry.name}", f"ok: {entry.model} for {', '.join(sorted(entry.tasks))}")
        for entry in catalogue.models
    )
