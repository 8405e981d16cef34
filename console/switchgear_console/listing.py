"""One page of what a tool lists, with the filters of the query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from switchgear_console.pages import status_of
from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

PAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows found; where a filter makes no sense, none and the error."""

    rows: list[Answer]
    next_cursor: str | None
    filters: dict[str, str]
    names: tuple[str, ...]
    is_first: bool
    error: SwitchgearError | None = None

    @classmethod
    async def of(
        cls, visit: Visit, tool: str, names: Sequence[str], limit: int = PAGE_ROWS
    ) -> Listing:
        """Ask the tool for the page that the query names; the tool judges its filters."""
        query = visit.request.query_params
        filters = {name: text for name in names if (text := query.get(name, "").strip())}
        cursor = query.get("cursor", "")
        asked: dict[str, Any] = {
            **filters,
            "limit": limit,
            **({"cursor": cursor} if cursor else {}),
        }
        try:
            found = await visit.read(tool, **asked)
        except InvalidRequestError as error:
            return cls([], None, filters, tuple(names), is_first=not cursor, error=error)
        return cls(found["items"], found["next_cursor"], filters, tuple(names), is_first=not cursor)

    @property
    def status(self) -> int:
        """The HTTP status of the page."""
        return status_of(self.error) if self.error else 200

    @property
    def query(self) -> str:
        """The filters as a query."""
        return urlencode(self.filters)

    @property
    def shown(self) -> dict[str, str]:
        """Every filter, empty where it is not set."""
        return {name: self.filters.get(name, "") for name in self.names}
