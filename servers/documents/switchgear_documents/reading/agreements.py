"""What a contract settles about itself: between whom, since when, under which law, for how long."""

from collections.abc import Sequence

from switchgear_documents.reading.agreement_dates import read_agreement_date
from switchgear_documents.reading.agreement_parties import read_parties_of
from switchgear_documents.reading.agreement_terms import read_term
from switchgear_documents.reading.governing_law import read_jurisdiction
from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.prose import Prose
from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.words import Page


def read_agreement(pages: Sequence[Page]) -> dict[FieldName, Candidate]:
    """Return what was found, each in its place in the prose."""
    prose = Prose(pages)
    found: dict[FieldName, Candidate | None] = {
        "parties": read_parties_of(pages, prose),
        "date": read_agreement_date(prose),
        "jurisdiction": read_jurisdiction(prose),
        "term": read_term(prose),
    }
    return {name: candidate for name, candidate in found.items() if candidate is not None}
