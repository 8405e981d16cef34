"""The tool of who teaches the reader: governed as any other, but in no list that models see."""

from typing import Annotated

from pydantic import Field

from switchgear_documents.backend import DocumentsBackend
from switchgear_documents.models_learning import TemplateProposal
from switchgear_documents.tools import documents
from switchgear_shared.contracts.caller import Caller


@documents.read(permission="documents.reading.teach", cost="heavy", untrusted=True, listed=False)
async def documents_propose_template(
    backend: DocumentsBackend,
    caller: Caller,
    id: Annotated[  # noqa: A002 - either of two
        str, Field(max_length=64, description="A corrected document, or its review.")
    ],
) -> TemplateProposal:
    """Propose a template that reads a supplier's pages as a person corrected them.

    It was tried on the document and on what is filed of the supplier; nothing is stored. Fails
    with conflict where none can be found, invalid_request where nothing was corrected, not_found.
    """
    return await backend.propose_template(caller.tenant, id)
