"""One document and everything that happened to it: every step, who took it, when and why."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from switchgear_console.listing import Listing
from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import SwitchgearError

_ROOMS = {
    "review_id": "/reviews/",
    "approval_id": "/approvals/",
    "document_id": "/documents/",
    "dead_letter_id": "/dead-letters/",
}
_ENDINGS = (" outcome", " intent", " denied", " approval")
_STATES = ("received", "classified", "extracted", "in_review", "routed", "filed", "rejected")
_MOST_LINKS = 50
_MOST_TOLD = 4
_BRIEF_CHARS = 60
_ENDED = ("outcome", "denied", "approval")
_SAID = ("id", "reason", "reasons", "message", "outcome", "replayed", "resume", "expires_at")


class DocumentRoom:
    """The pages that follow documents."""

    async def list(self, visit: Visit) -> Response:
        """Return documents that match, most recently received first."""
        found = await Listing.of(visit, "documents_search", ("query", "state", "party"))
        return visit.page(
            "documents.html",
            status=found.status,
            title="Documents",
            error=found.error,
            found=found,
            states=_STATES,
        )

    async def show(self, visit: Visit) -> Response:
        """Return a document with its trace, its process and what stands open about it."""
        document = await visit.read("documents_get", document_id=visit.part("document_id"))
        return await self._page(visit, document["correlation_id"], document)

    async def trace(self, visit: Visit) -> Response:
        """Return what happened under a correlation ID, whether a document is part of it or not."""
        return await self._page(visit, visit.part("correlation_id"), None)

    async def _page(self, visit: Visit, correlation_id: str, document: Answer | None) -> Response:
        trace = await visit.read("documents_trace", correlation_id=correlation_id)
        if document is None and trace["document_id"]:
            document = await _or_none(visit, "documents_get", document_id=trace["document_id"])
        status = None
        if document is not None:
            status = await _or_none(visit, "documents_get_status", document_id=document["id"])
        letters = await _or_none(visit, "documents_list_dead_letters", limit=_MOST_LINKS)
        return visit.page(
            "document.html",
            title=document["name"] if document else correlation_id,
            document=document,
            correlation_id=correlation_id,
            trace=trace,
            steps=_steps(trace["steps"]),
            open_review=status["open_review_id"] if status else None,
            process=await _or_none(visit, "workflows_get", correlation_id=correlation_id),
            letters=[
                letter
                for letter in (letters or {"items": []})["items"]
                if letter["correlation_id"] == correlation_id
            ],
        )


async def _or_none(visit: Visit, tool: str, **arguments: Any) -> Answer | None:
    """Return what a tool answers, None where there is nothing, or nothing for this party."""
    try:
        return await visit.read(tool, **arguments)
    except SwitchgearError:
        return None


def _steps(trace: list[Answer]) -> list[Answer]:
    """Return the steps as people read them; an intent stands only where no outcome followed."""
    steps = [_step(step) for step in trace]
    ended = {_key(step) for step in steps if step["kind"] in _ENDED}
    return [step for step in steps if step["kind"] != "intent" or _key(step) not in ended]


def _key(step: Answer) -> tuple[str, Any]:
    return step["what"], step["detail"].get("idempotency_key")


def _step(step: Answer) -> Answer:
    """Return a step as people read it: what it was apart from how it was recorded."""
    what, kind = step["what"], "event"
    for ending in _ENDINGS:
        if step["source"] == "call" and what.endswith(ending):
            what, kind = what.removesuffix(ending), ending.strip()
    detail: dict[str, Any] = step["detail"]
    links = [
        (name.removesuffix("_id"), _ROOMS[name] + str(value))
        for name, value in detail.items()
        if name in _ROOMS and name != "document_id"
    ]
    why = detail.get("reason") or detail.get("message") or detail.get("reasons") or ""
    return {
        **step,
        "what": what,
        "kind": kind,
        "links": links,
        "told": _told(detail),
        "why": "; ".join(why) if isinstance(why, list) else str(why),
    }


def _told(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the few values of a step that say most: no ids, nothing long, nothing told already."""
    brief = (
        (name, str(value))
        for name, value in detail.items()
        if isinstance(value, str | int | float)
        and name not in _SAID
        and not name.endswith(("_id", "_key", "_by", "sha256"))
    )
    return [(name, value) for name, value in brief if len(value) <= _BRIEF_CHARS][:_MOST_TOLD]
