"""What the documents server proposes to learn."""

from switchgear_documents.models import Answer


class TemplateProposal(Answer):
    """A template that reads a corrected document right, and what it was held to."""

    document_id: str
    supplier: str
    file_name: str
    content: str
    fixed_fields: tuple[str, ...]
    compared_ids: tuple[str, ...]
