"""The first page: how much waits where, and how the suite is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import SwitchgearError

_COUNTED = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: how many wait in it, where it is, and why it could not be counted."""

    title: str
    path: str
    tool: str
    filters: dict[str, Any]
    permission: str
    is_alarming: bool = False


_QUEUES = (
    Queue("Open reviews", "/reviews", "documents_list_reviews", {}, "documents.review.read"),
    Queue(
        "Overdue reviews",
        "/reviews?overdue=true",
        "documents_list_reviews",
        {"overdue": True},
        "documents.review.read",
        is_alarming=True,
    ),
    Queue(
        "Your reviews",
        "/reviews?claim=mine",
        "documents_list_reviews",
        {"claim": "mine"},
        "documents.review.read",
    ),
    Queue(
        "Open approvals", "/approvals", "workflows_list_approvals", {}, "workflows.approval.read"
    ),
    Queue(
        "Dead letters",
        "/dead-letters",
        "documents_list_dead_letters",
        {},
        "documents.dead_letter.read",
        is_alarming=True,
    ),
)


class Overview:
    """The page that shows everything at once; what cannot be had says so and spoils nothing."""

    async def show(self, visit: Visit) -> Response:
        """Return the overview."""
        queues = [queue for queue in _QUEUES if visit.session.may(queue.permission)]
        counted, health, audit = await asyncio.gather(
            asyncio.gather(*(_count(visit, queue) for queue in queues)),
            _asked(visit, "registry_check_health"),
            _asked(visit, "registry_audit"),
        )
        return visit.page(
            "overview.html",
            title="Overview",
            queues=list(zip(queues, counted, strict=True)),
            health=health,
            audit=_read(audit),
        )


async def _count(visit: Visit, queue: Queue) -> Answer:
    """Return how many wait, `50+` where there are more than are counted, or the error."""
    found = await _asked(visit, queue.tool, **queue.filters, limit=_COUNTED)
    if found["error"] is not None:
        return {"count": None, "text": "?", "error": found["error"]}
    count = len(found["items"])
    return {"count": count, "text": f"{count}{'+' if found['next_cursor'] else ''}", "error": None}


async def _asked(visit: Visit, tool: str, **arguments: Any) -> Answer:
    try:
        return {**await visit.read(tool, **arguments), "error": None}
    except SwitchgearError as error:
        return {"error": error}


def _read(audit: Answer) -> Answer:
    return audit if audit["error"] is not None else {**json.loads(audit["text"]), "error": None}
