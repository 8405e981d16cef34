"""What the description of an invoice says about us: document, work, order and writes."""

import re
from dataclasses import dataclass
from hashlib import sha256

from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.storage.tryton.texts import literal, marked

_WORK_CHARACTERS = 8
_MARK = re.compile(
    r"(?:document (?P<document>.+) \((?P<work>[0-9a-f]{8})\)(?P<anew> anew)?)?(?:, )?"
    r"(?:for (?P<order>(?:sale|purchase)-\d+))?"
    r" ?\[(?P<reference>(?:sg-|write_)[0-9a-f]+)\]",
    re.DOTALL,
)
_POSTING = re.compile(r" ?\(posted by ((?:sg-|write_)[0-9a-f]+)\)$")


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made a draft of what; `work` names the piece of work, `order` what it bills.

    A draft whose document was read `anew` was there before.
    """

    reference: str
    document: str | None = None
    work: str | None = None
    order: str | None = None
    is_anew: bool = False

    def text(self) -> str:
        """Return the description that says so."""
        anew = " anew" if self.is_anew else ""
        parts = [
            *([f"document {self.document} ({self.work}){anew}"] if self.document else []),
            *([f"for {self.order}"] if self.order else []),
        ]
        return marked(", ".join(parts), self.reference).strip()


def mark_in(description: str | None) -> Mark | None:
    """Return the mark in a description, None where it is not ours."""
    found = _MARK.fullmatch(_POSTING.sub("", description or ""))
    if found is None:
        return None
    said = found.groupdict()
    return Mark(
        reference=said["reference"],
        document=said["document"],
        work=said["work"],
        order=said["order"],
        is_anew=said["anew"] is not None,
    )


def posting_of(description: str | None) -> str | None:
    """Return the write that posts the invoice, or was about to."""
    found = _POSTING.search(description or "")
    return found.group(1) if found else None


def with_posting(description: str | None, reference: str) -> str:
    """Return a description that says which write posts the invoice."""
    return f"{_POSTING.sub('', description or '')} (posted by {reference})".strip()


def work_of(correlation_id: CorrelationId) -> str:
    """Return the short name of a piece of work."""
    return sha256(correlation_id.encode()).hexdigest()[:_WORK_CHARACTERS]


def document_pattern(document: str) -> str:
    """Return what `like` finds the invoices of a document by, and perhaps others."""
    return f"{literal(f'document {document} (')}%"


def pattern_of(document: str, work: str) -> str:
    """Return what `like` finds the drafts of a document and a piece of work by."""
    return f"{literal(f'document {document} ({work})')}%"
