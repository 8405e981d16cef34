"""Events that failed for good: by group, one whole, mended and replayed, or discarded."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from switchgear_console.listing import Listing
from switchgear_console.pages import see, status_of
from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

_PAGE_ROWS = 50
_MOST_DIGITS = 5
_FILTERS = ("failure_group", "consumer", "event_type")
_TOOLS = {
    "replay": "documents_replay_dead_letter",
    "discard": "documents_discard_dead_letter",
}
_DONE = {"replay": "Handed to the handler again", "discard": "Discarded"}


class DeadLetterRoom:
    """The pages of dead letters."""

    async def list(self, visit: Visit) -> Response:
        """Return letters by group: those of one group have one cause."""
        found = await Listing.of(visit, "documents_list_dead_letters", _FILTERS, _PAGE_ROWS)
        groups: dict[str, list[Answer]] = {}
        for letter in found.rows:
            groups.setdefault(letter["failure_group"], []).append(letter)
        return visit.page(
            "dead_letters.html",
            status=found.status,
            title="Dead letters",
            error=found.error,
            found=found,
            groups=list(groups.items()),
            form_key=visit.next_key(),
            most=_PAGE_ROWS,
            may=_may(visit),
            notice=visit.told(_DONE),
        )

    async def show(self, visit: Visit) -> Response:
        """Return one letter whole, or what is left of one that was decided on."""
        return await self._page(visit)

    async def replay(self, visit: Visit) -> Response:
        """Hand the letter to its handler again, with the data as it was edited."""
        try:
            edits = _edits(visit.form.values)
            given = {"edits": edits} if edits else {}
            await visit.write(_TOOLS["replay"], "replay", id=visit.part("letter_id"), **given)
        except SwitchgearError as error:
            return await self._page(visit, error)
        return see(f"/dead-letters?{visit.telling('replay', visit.part('letter_id'))}")

    async def discard(self, visit: Visit) -> Response:
        """Remove the letter for good."""
        try:
            reason = _reason(visit)
            await visit.write(
                _TOOLS["discard"], "discard", id=visit.part("letter_id"), reason=reason
            )
        except SwitchgearError as error:
            return await self._page(visit, error)
        return see(f"/dead-letters?{visit.telling('discard', visit.part('letter_id'))}")

    async def group(self, visit: Visit) -> Response:
        """Show what a decision on a group would do; with its digest, do exactly that."""
        group, choice = visit.part("group"), visit.part("choice")
        form, error = visit.form, None
        if choice not in _TOOLS:
            raise InvalidRequestError("replay or discard", field="choice")
        asked: dict[str, Any] = {
            "failure_group": group,
            "limit": _count(form.text("limit")),
        }
        try:
            if choice == "discard":
                asked["reason"] = _reason(visit)
            if digest := form.text("preview_digest"):
                await visit.write(_TOOLS[choice], choice, **asked, preview_digest=digest)
                return see(f"/dead-letters?{visit.telling(choice, f'group {group}')}")
        except SwitchgearError as refused:
            if refused.code != "conflict":
                raise
            error = refused
        preview = await visit.read(_TOOLS[choice], **asked, dry_run=True)
        return visit.page(
            "dead_letter_group.html",
            status=status_of(error) if error else 200,
            title="Dead letters",
            error=error,
            group=group,
            choice=choice,
            asked=asked,
            preview=preview,
            form_key=visit.next_key(error),
        )

    async def _page(self, visit: Visit, error: SwitchgearError | None = None) -> Response:
        body = await visit.read("documents_dead_letter", dead_letter_id=visit.part("letter_id"))
        letter: Answer = json.loads(body["text"])
        event: Answer = letter["event"] or {}
        data = json.dumps(event.get("data", {}), indent=2, ensure_ascii=False)
        return visit.page(
            "dead_letter.html",
            status=status_of(error) if error else 200,
            title=f"Dead letter {letter['id']}",
            error=error,
            letter=letter,
            event={name: value for name, value in event.items() if name != "data"},
            read=data,
            data=visit.form.values.get("data", data),
            reason=visit.form.values.get("reason", ""),
            form_key=visit.next_key(error),
            may=_may(visit),
        )


def _may(visit: Visit) -> dict[str, bool]:
    return {choice: visit.session.may(f"documents.dead_letter.{choice}") for choice in _TOOLS}


def _count(text: str) -> int:
    """Return the number, 0 for what is none: the tool says which it takes."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _MOST_DIGITS else 0


def _reason(visit: Visit) -> str:
    if reason := visit.form.text("reason"):
        return reason
    raise InvalidRequestError("say why it is discarded", field="reason")


def _edits(form: Any) -> dict[str, Any]:
    """Return the values of the event's data that differ from what the page showed.

    Raises:
        InvalidRequestError: the text is no JSON object, or leaves out what an edit cannot remove.
    """
    try:
        read, data = (json.loads(form.get(name) or "{}") for name in ("read", "data"))
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the data is not JSON: {error}", field="data") from error
    if not isinstance(data, dict) or not isinstance(read, dict):
        raise InvalidRequestError("the data is not an object of its fields", field="data")
    if gone := sorted(read.keys() - data.keys()):
        raise InvalidRequestError(f"{gone[0]} cannot be taken away, only changed", field="data")
    return {name: value for name, value in data.items() if name not in read or read[name] != value}
