"""What processes share that begin with a document: its fields, its party, doubts about it."""

from collections.abc import Mapping
from typing import Any, Literal

from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import AwaitReview, Done, End, Rejected, Work

_SHORTEST_QUERY = 2


async def read_document(
    tools: ProcessTools, work: Work, document_type: str, words: str
) -> dict[str, Any] | Rejected:
    """Return the reading as it stands now, corrections included, if it is of the type.

    `fields` has the values by name, `failed` the checks that it did not pass; `words` say what
    the document should be.
    """
    extraction = await tools.read(work, "documents_get_extraction", document_id=work.document_id)
    if extraction["document_type"] != document_type:
        return Rejected(f"the document is no {words} but: {extraction['document_type']}")
    fields = {field["name"]: field["value"] for field in extraction["fields"]}
    failed = [check["name"] for check in extraction["checks"] if not check["passed"]]
    return {"fields": fields, "lines": extraction["lines"], "failed": failed}


async def find_party(
    tools: ProcessTools,
    work: Work,
    role: Literal["customer", "vendor"],
    *,
    vat_id: str | None,
    name: str | None,
) -> dict[str, Any] | str:
    """Return the one party with this VAT id, else with exactly this name, or why there is none."""
    code, written = spelled(vat_id), name or ""
    word = "supplier" if role == "vendor" else "customer"
    query = code or written
    if len(query) < _SHORTEST_QUERY:
        return f"the document names no {word}"
    try:
        found = await tools.read(work, "erp_find_party", query=query[:200], role=role, limit=10)
    except InvalidRequestError as refusal:
        return f"the ERP refuses: {refusal.message}"
    matches = [
        party
        for party in found["items"]
        if (spelled(party["vat_id"]) == code if code else is_same(party["name"], written))
    ]
    if len(matches) == 1:
        return matches[0]
    what = f"unknown {word}" if not matches else f"{len(matches)} {word}s match"
    return f"{what}: {written} {code}".strip()


def doubt(work: Work, *reasons: str, then: End | None = None) -> End:
    """Ask a person, unless one has already accepted these very doubts; then go on with `then`."""
    if then is not None and set(reasons) <= set(work.data.get("accepted", ())):
        return then
    return AwaitReview(reasons)


def accepting(work: Work, *reasons: str, then: Mapping[str, Any] | None = None) -> End:
    """Ask a person, who may accept the document as it is; `then` is kept for later steps."""
    detail = {"matched": False, "accepted": reasons}
    return doubt(work, *reasons, then=Done(detail=detail, data=then or {}))


def refused(refusal: SwitchgearError) -> AwaitReview:
    """Ask a person about what the ERP does not take."""
    return AwaitReview((f"the ERP refuses: {refusal.message}",))


def spelled(code: str | None) -> str:
    """Return a VAT id or an IBAN in one spelling."""
    return "".join(c for c in code or "" if c.isalnum()).upper()


def is_same(one: str, other: str) -> bool:
    """Whether two names differ in spaces and capitals at most."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
