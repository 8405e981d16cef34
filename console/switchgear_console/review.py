"""One review: its pages beside its fields, the claim and the decision."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from switchgear_console.pages import see, status_of
from switchgear_console.review_form import (
    Typed,
    boxes_of,
    decision_of,
    entries_of,
    other_fields,
    ranges_of,
)
from switchgear_console.review_queue import DONE, Filters, document_types, next_review
from switchgear_console.visit import Answer, Visit
from switchgear_shared.errors import InvalidRequestError, NotFoundError, SwitchgearError

_TEXT_CHARS = 20_000
_CLAIMS = ("claim", "release", "hand_on")


class ReviewRoom:
    """The pages of one review. A call that is refused shows the page again as it was typed."""

    async def show(self, visit: Visit) -> Response:
        """Return the review as it stands."""
        return await self._page(visit, Filters.of(visit.request.url.query))

    async def decide(self, visit: Visit) -> Response:
        """Approve, correct, part or reject; then lead to the next review of the same queue."""
        review_id, filters = visit.part("review_id"), Filters.of(visit.form.text("queue"))
        try:
            asked = decision_of(visit.form)
            answer = await visit.write(
                "documents_decide_review", "decide", review_id=review_id, **asked
            )
        except SwitchgearError as error:
            return await self._page(visit, filters, error=error)
        told = visit.telling(asked["decision"], answer["ref"] or review_id)
        following = await next_review(visit, filters)
        where = f"/reviews/{following}" if following else "/reviews"
        return see(f"{where}?{filters.query}&{told}" if filters.values else f"{where}?{told}")

    async def claim(self, visit: Visit) -> Response:
        """Claim, renew, give back or hand on, and show the page as it was typed so far."""
        review_id, filters = visit.part("review_id"), Filters.of(visit.form.text("queue"))
        try:
            arguments, told = _claim_of(visit)
            await visit.write(
                "documents_claim_review",
                visit.form.text("claim"),
                review_id=review_id,
                **arguments,
            )
        except SwitchgearError as error:
            return await self._page(visit, filters, error=error)
        return await self._page(visit, filters, notice=told)

    async def _page(
        self,
        visit: Visit,
        filters: Filters,
        *,
        error: SwitchgearError | None = None,
        notice: str | None = None,
    ) -> Response:
        review_id = visit.part("review_id")
        review = await visit.read("documents_get_review", review_id=review_id)
        types = await document_types(visit)
        typed = Typed.of(visit.form) if visit.request.method == "POST" else None
        entries = entries_of(review, types, typed)
        return visit.page(
            "review.html",
            status=status_of(error) if error else 200,
            title=review["name"],
            error=error,
            notice=notice or visit.told(DONE),
            review=review,
            done=DONE,
            filters=filters,
            form_key=visit.next_key(error),
            typed=typed,
            types=types,
            entries=entries,
            others=other_fields(await _field_names(visit), entries),
            pages=boxes_of(review),
            ranges=typed.parts if typed else ranges_of(review),
            text=None if review["pages"] else await _text(visit, review["document_id"]),
            is_open=review["state"] == "open",
            is_mine=review["claimed_by"] == visit.session.principal.origin,
            may_decide=visit.session.may("documents.review.decide"),
            may_claim=visit.session.may("documents.review.claim"),
        )


def _claim_of(visit: Visit) -> tuple[dict[str, Any], str]:
    asked, form = visit.form.text("claim"), visit.form
    if asked not in _CLAIMS:
        raise InvalidRequestError("claim, release or hand_on", field="claim")
    if asked == "claim":
        return {}, "It is yours to decide."
    if asked == "release":
        return {"release": True}, "It is given back."
    to, reason = form.text("to"), form.text("handing_reason")
    if not to:
        raise InvalidRequestError("say to whom it is handed", field="to")
    return {"to": to, **({"reason": reason} if reason else {})}, f"It is handed to {to}."


async def _text(visit: Visit, document_id: str) -> Answer | None:
    """Return the beginning of a document that has no pages to show."""
    try:
        return await visit.read(
            "documents_read_text", document_id=document_id, max_chars=_TEXT_CHARS
        )
    except NotFoundError:
        return None


async def _field_names(visit: Visit) -> list[str]:
    """Return the fields that the tool takes corrections of, as its own schema names them."""
    try:
        tool = await visit.read("registry_describe_tool", name="documents_decide_review")
        return tool["input_schema"]["properties"]["fields"]["propertyNames"]["enum"]
    except (SwitchgearError, KeyError):
        return []
