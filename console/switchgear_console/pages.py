"""Pages made of templates, in which every value is text and nothing a document says is markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from switchgear_console.sessions import Session
from switchgear_shared.errors import SwitchgearError

PREFIX = "/console"
_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400
_STATUS = {
    "conflict": 409,
    "invalid_request": 422,
    "not_found": 404,
    "policy_denied": 403,
    "approval_required": 403,
    "throttled": 429,
    "unauthenticated": 401,
    "internal": 500,
}
_ROOMS = (
    ("/", "Overview", None),
    ("/reviews", "Reviews", "documents.review.read"),
    ("/approvals", "Approvals", "workflows.approval.read"),
    ("/dead-letters", "Dead letters", "documents.dead_letter.read"),
    ("/documents", "Documents", "documents.document.read"),
)


def status_of(error: SwitchgearError) -> int:
    """Return the HTTP status that fits an error."""
    return _STATUS.get(error.code, 503)


class Pages:
    """Fills templates and answers with them."""

    def __init__(self, folder: Path) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Any] = self._templates.filters
        filters |= _FILTERS
        names: dict[str, Any] = self._templates.globals
        names["base"] = PREFIX

    def answer(
        self,
        template: str,
        session: Session | None,
        *,
        status: int = 200,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """Return a page; `path` is where it stands below the prefix."""
        now = datetime.now(UTC)
        shown = {"session": session, "now": now, "path": path, "notice": None, "error": None}
        text = self._templates.get_template(template).render(
            {**shown, "rooms": _rooms_of(session), **values}
        )
        return HTMLResponse(text, status, dict(headers or {}))


def see(path: str) -> RedirectResponse:
    """Return the way to another page of the console, for a form that was taken."""
    return RedirectResponse(PREFIX + path, 303)


def words(name: str | None) -> str:
    """Return a name of the contracts as people write it: `total_gross` is `Total gross`."""
    text = (name or "").replace("_", " ")
    return text[:1].upper() + text[1:]


def moment(at: str | None) -> str:
    """Return a moment in UTC, to the minute."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%d %b %Y, %H:%M} UTC" if at else ""


def clock(at: str) -> str:
    """Return a moment in UTC, to the second."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%d %b %H:%M:%S}"


def distance(at: str | None, now: datetime) -> str:
    """Return how far a moment is from now: `in 3 h`, `12 min ago`."""
    if not at:
        return ""
    seconds = (datetime.fromisoformat(at) - now).total_seconds()
    far = abs(seconds)
    if far < _MINUTE_S:
        return "now"
    if far < _HOUR_S:
        text = f"{far // _MINUTE_S:.0f} min"
    elif far < 2 * _DAY_S:
        text = f"{far // _HOUR_S:.0f} h"
    else:
        text = f"{far // _DAY_S:.0f} days"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def is_past(at: str, now: datetime) -> bool:
    """Say whether a moment is over."""
    return datetime.fromisoformat(at) <= now


def percent(ratio: float | None) -> str:
    """Return a ratio as whole percent, never rounded up to a certainty that is none."""
    return "" if ratio is None else f"{int(ratio * 100)} %"


def pretty(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _rooms_of(session: Session | None) -> list[tuple[str, str]]:
    if session is None:
        return []
    return [
        (path, title)
        for path, title, permission in _ROOMS
        if permission is None or session.may(permission)
    ]


_FILTERS = {
    "words": words,
    "moment": moment,
    "clock": clock,
    "distance": distance,
    "is_past": is_past,
    "percent": percent,
    "pretty": pretty,
}
