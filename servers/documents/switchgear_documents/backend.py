"""The documents port: what the server's tools need, and what every backend of it promises."""

from datetime import datetime
from typing import Any, Protocol

from switchgear_documents.models import (
    Document,
    DocumentPage,
    DocumentStatus,
    DocumentTypes,
    Duplicates,
    Extraction,
    Submission,
    TextPart,
    Trace,
)
from switchgear_documents.models_failures import DeadLetterPage, DeadLetterRecord, DeadLetterResult
from switchgear_documents.models_learning import TemplateProposal
from switchgear_documents.models_records import (
    ErasureReceipt,
    HoldPage,
    HoldReceipt,
    HoldScope,
    Retention,
)
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.review_models import (
    ClaimFilter,
    Decision,
    ReviewClaim,
    ReviewDetail,
    ReviewPage,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId


class DocumentsBackend(Protocol):
    """Documents with their text, fields and reviews.

    Ids of other tenants are not found. Every change is announced by an event in the same
    transaction. `version` rises with every change of a document.
    """

    async def submit(
        self,
        caller: Caller,
        *,
        name: str,
        content: bytes | None,
        uploaded_sha256: str | None,
        sha256: str | None,
        document_type: DocumentType | None,
    ) -> Submission:
        """Take a document in; the same bytes again are the same document and start nothing."""
        ...

    async def get_status(
        self, tenant: TenantId, *, document_id: str | None, correlation_id: str | None
    ) -> DocumentStatus:
        """Return where the document is; by either id."""
        ...

    async def trace(self, tenant: TenantId, correlation_id: str) -> Trace:
        """Return every step recorded under the correlation ID."""
        ...

    async def search(
        self,
        tenant: TenantId,
        *,
        query: str | None,
        document_type: DocumentType | None,
        state: str | None,
        party: str | None,
        since: datetime | None,
        cursor: str | None,
        limit: int,
    ) -> DocumentPage:
        """Return documents whose name, number, party or text holds `query` literally."""
        ...

    async def get_document(self, tenant: TenantId, document_id: str) -> Document:
        """Return one document."""
        ...

    async def read_text(
        self, tenant: TenantId, document_id: str, *, offset: int, max_chars: int
    ) -> TextPart:
        """Return a part of the text; empty before classification."""
        ...

    async def read_file(self, tenant: TenantId, document_id: str) -> tuple[bytes, str]:
        """Return the bytes as submitted, and their media type."""
        ...

    async def find_duplicates(self, tenant: TenantId, document_id: str) -> Duplicates:
        """Return what may be the same paper; rejected documents are left out."""
        ...

    async def link(self, caller: Caller, document_id: str, record_uri: str) -> WriteResult:
        """Link a document to a record; one that it is linked to already changes nothing."""
        ...

    async def get_extraction(self, tenant: TenantId, document_id: str) -> Extraction:
        """Return the fields read, corrections applied."""
        ...

    async def list_reviews(
        self,
        caller: Caller,
        *,
        state: str,
        claim: ClaimFilter | None,
        document_type: DocumentType | None,
        is_overdue: bool,
        reason: str | None = None,
        cursor: str | None,
        limit: int,
    ) -> ReviewPage:
        """Return reviews, those due first first; `claim` is seen from the caller."""
        ...

    async def get_review(self, tenant: TenantId, review_id: str) -> ReviewDetail:
        """Return a review with all that is needed to decide it."""
        ...

    async def read_page(self, tenant: TenantId, document_id: str, page: int) -> bytes:
        """Return a page, from 1, of a PDF or image as PNG.

        Raises NotFoundError where it has no such page to show.
        """
        ...

    async def claim_review(self, caller: Caller, review_id: str, *, to: str | None) -> ReviewClaim:
        """Claim an open review for a while, or for `to`, whoever held it; again renews.

        Raises ConflictError where another holds it or it is decided, InvalidRequestError where
        `to` decides no reviews.
        """
        ...

    async def release_review(self, caller: Caller, review_id: str) -> ReviewClaim:
        """Give a review back; one that nobody holds stays as it is."""
        ...

    async def decide_review(
        self,
        caller: Caller,
        review_id: str,
        *,
        decision: Decision,
        document_type: DocumentType | None,
        fields: dict[str, str],
        reason: str | None,
        parts: str | None = None,
    ) -> WriteResult:
        """Decide an open review that nobody else holds; a decided one keeps its decision.

        Raises ConflictError otherwise, InvalidRequestError where the file cannot have the `parts`.
        """
        ...

    async def place_hold(
        self, caller: Caller, document_id: str, *, scope: HoldScope, reason: str
    ) -> HoldReceipt:
        """Put a document, or all under its correlation ID, under legal hold.

        One that stands with this scope and reason stays the one it is.
        """
        ...

    async def release_hold(
        self, caller: Caller, document_id: str, *, hold_id: str | None, reason: str
    ) -> HoldReceipt:
        """Release a hold on the document, the only one without `hold_id`; again changes nothing.

        Raises NotFoundError where there is none, ConflictError where there are several.
        """
        ...

    async def list_holds(
        self,
        tenant: TenantId,
        *,
        document_id: str | None,
        is_released: bool,
        cursor: str | None,
        limit: int,
    ) -> HoldPage:
        """Return holds that stand, or those released, the newest first."""
        ...

    async def get_retention(self, tenant: TenantId, document_id: str | None) -> Retention:
        """Return the retention schedule, and where one document stands in it."""
        ...

    async def erasure_facts(self, tenant: TenantId, document_id: str) -> dict[str, str]:
        """Return state and type of a document; of one that is gone, that it is `erased`."""
        ...

    async def erase(self, caller: Caller, document_id: str, *, reason: str) -> ErasureReceipt:
        """Erase a document with what it brought; a tombstone stays. Again changes nothing.

        What another message brought too stays with that one. Raises ConflictError, naming it,
        where a hold, review, process or dead letter stands against it, or it came with a message.
        """
        ...

    async def dispose(self, caller: Caller, document_id: str) -> ErasureReceipt:
        """As `erase`, for a document whose time is over, with all that it brought.

        Raises ConflictError where it is not.
        """
        ...

    async def propose_template(self, tenant: TenantId, subject_id: str) -> TemplateProposal:
        """Derive a template from what was corrected in a document, or in that of a review.

        It was tried: it yields the corrected values, and no filed document of the supplier is
        read worse by it. Raises ConflictError where there is none, InvalidRequestError where
        nothing was corrected.
        """
        ...

    async def list_types(self) -> DocumentTypes:
        """Return every document type."""
        ...

    async def list_dead_letters(
        self,
        tenant: TenantId,
        *,
        failure_group: str | None,
        consumer: str | None,
        event_type: str | None,
        cursor: str | None,
        limit: int,
    ) -> DeadLetterPage:
        """Return dead letters that nobody has decided on, oldest first."""
        ...

    async def get_dead_letter(self, tenant: TenantId, dead_letter_id: str) -> DeadLetterRecord:
        """Return one dead letter whole; of one that is gone, what was decided and why."""
        ...

    async def replay_dead_letters(
        self,
        caller: Caller,
        *,
        dead_letter_id: str | None,
        failure_group: str | None,
        edits: dict[str, Any] | None,
        limit: int,
    ) -> DeadLetterResult:
        """Have one letter, or the oldest of a group, handled again.

        Each is decided on once; what its handler already did is not done twice.
        """
        ...

    async def discard_dead_letters(
        self,
        caller: Caller,
        *,
        dead_letter_id: str | None,
        failure_group: str | None,
        reason: str,
        limit: int,
    ) -> DeadLetterResult:
        """Remove one letter, or the oldest of a group, for good; the reason is kept."""
        ...
