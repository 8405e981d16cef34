"""The queue of reviews: what waits for a person, what is due first first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.responses import Response

from switchgear_console.listing import PAGE_ROWS
from switchgear_console.pages import status_of
from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

_NAMES = ("state", "claim", "type", "reason", "overdue")
DONE = {
    "approve": "Approved",
    "correct": "Approved with corrections",
    "part": "Parted",
    "reject": "Rejected",
    "cancelled": "Closed, for its process is over",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue is shown; it goes along to a review and to the next one."""

    values: dict[str, str]

    @classmethod
    def of(cls, query: str) -> Filters:
        """Return the filters of a query; what is no filter is left out."""
        given = {name: texts[-1].strip() for name, texts in parse_qs(query).items()}
        return cls({name: given[name] for name in _NAMES if given.get(name)})

    @property
    def query(self) -> str:
        """The filters as a query."""
        return urlencode(self.values)

    @property
    def shown(self) -> dict[str, str]:
        """Every filter, empty where it is not set."""
        return {name: self.values.get(name, "") for name in _NAMES}

    def arguments(self) -> dict[str, Any]:
        """Return the filters as the tool takes them, which judges their values."""
        given: dict[str, Any] = {n: v for n, v in self.values.items() if n != "overdue"}
        return {**given, "overdue": True} if "overdue" in self.values else given


class ReviewQueue:
    """The page of the queue."""

    async def show(self, visit: Visit) -> Response:
        """Return a page of the queue; a filter that makes no sense is told above none."""
        query = visit.request.query_params
        filters, cursor = Filters.of(visit.request.url.query), query.get("cursor", "")
        error: SwitchgearError | None = None
        found: Answer = {"items": [], "next_cursor": None}
        try:
            found = await visit.read(
                "documents_list_reviews",
                **filters.arguments(),
                **({"cursor": cursor} if cursor else {}),
                limit=PAGE_ROWS,
            )
        except InvalidRequestError as refused:
            error = refused
        return visit.page(
            "review_queue.html",
            status=status_of(error) if error else 200,
            title="Reviews",
            error=error,
            filters=filters,
            cursor=cursor,
            found=found,
            types=await document_types(visit),
            done=DONE,
            notice=visit.told(DONE),
        )


async def next_review(visit: Visit, filters: Filters) -> str | None:
    """Return the first open review of the queue that nobody else holds."""
    given = {**filters.arguments(), "state": "open"}
    try:
        page = await visit.read("documents_list_reviews", **given, limit=PAGE_ROWS)
    except SwitchgearError:
        return None
    me = visit.session.principal.origin
    free = (row["id"] for row in page["items"] if row["claimed_by"] in (None, me))
    return next(free, None)


async def document_types(visit: Visit) -> list[Answer]:
    """Return every document type with what it needs, none where they are not to be had."""
    try:
        return (await visit.read("documents_list_types"))["items"]
    except SwitchgearError:
        return []
