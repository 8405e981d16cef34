"""Reviews by REST: the queue, one review with its pages, the claim and the decision."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from switchgear_documents.reading.reading import DocumentType, FieldName
from switchgear_documents.rest_answers import RestCalls, refuse, respond
from switchgear_documents.review_models import Decision, ReviewClaim, ReviewDetail, ReviewPage
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

_FILTERS = {
    "state": "`open` or `decided`; default open",
    "claim": "`mine` or `unclaimed`",
    "type": "Only this document type",
    "reason": "Only with this in a reason, in any case",
    "overdue": "`true`: only those past their time",
    "cursor": "`next_cursor` of the page before",
    "limit": "Most rows, at most 50",
}


class ClaimBody(BaseModel):
    """A claim; without anything it is for the caller."""

    model_config = ConfigDict(extra="forbid")

    to: str | None = Field(default=None, description="Another party, to hand it over.")
    release: bool = Field(default=False, description="True: give it back.")
    reason: str | None = Field(default=None, description="Needed with `to`.")


class DecisionBody(BaseModel):
    """A decision on a review."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    type: DocumentType | None = Field(default=None, description="With `correct`: the right type.")
    fields: dict[FieldName, str] | None = Field(
        default=None, description="With `correct`: the right values by field name."
    )
    reason: str | None = Field(default=None, max_length=500)


class RestReviews:
    """The routes of reviews, in front of the same governed tools that agents call."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/v1", tags=["reviews"])
        errors: dict[int | str, dict[str, Any]] = {
            401: {"description": "No credential, or one that does not hold"},
            403: {"description": "Not yours to do"},
            404: {"description": "No such review, document or page"},
            409: {"description": "Decided, or claimed by another: the message names who"},
            422: {"description": "Unusable: the error names the field"},
        }
        filters = [
            {"in": "query", "name": name, "schema": {"type": "string"}, "description": text}
            for name, text in _FILTERS.items()
        ]
        routes: list[tuple[str, str, Any, Any, str, dict[str, Any]]] = [
            ("/reviews", "GET", self.list_reviews, ReviewPage, "The queue, what is due first first",
             {"parameters": filters}),
            ("/reviews/{review_id}", "GET", self.get_review, ReviewDetail,
             "One review with all that is needed to decide it", {}),
            ("/reviews/{review_id}/claim", "POST", self.claim, ReviewClaim,
             "Claim, renew, give back or hand on", _body(ClaimBody, required=False)),
            ("/reviews/{review_id}/decide", "POST", self.decide, WriteResult, "Decide",
             _body(DecisionBody)),
        ]  # fmt: skip
        for path, method, endpoint, model, summary, extra in routes:
            router.add_api_route(
                path,
                endpoint,
                methods=[method],
                response_model=model,
                responses=errors,
                summary=summary,
                openapi_extra=extra,
            )
        router.add_api_route(
            "/documents/{document_id}/pages/{page}.png",
            self.page,
            methods=["GET"],
            response_class=Response,
            responses={200: {"content": {"image/png": {}}}, **errors},
            summary="A page of a PDF or image as a picture",
        )
        return router

    async def list_reviews(self, request: Request) -> Response:
        """Return a page of the queue."""
        asked = dict(request.query_params)
        unknown = sorted(asked.keys() - _FILTERS.keys())
        if unknown:
            error = InvalidRequestError(f"there is no filter {unknown[0]!r}", field=unknown[0])
            return refuse(request, error)
        arguments: dict[str, Any] = dict(asked)
        if "limit" in asked:
            arguments["limit"] = int(asked["limit"]) if asked["limit"].isdecimal() else 0
        if "overdue" in asked:
            arguments["overdue"] = {"true": True, "false": False}.get(asked["overdue"], "")
        return await self._calls.answer(request, "documents_list_reviews", arguments)

    async def get_review(self, request: Request, review_id: str) -> Response:
        """Return one review."""
        return await self._calls.answer(request, "documents_get_review", {"review_id": review_id})

    async def claim(self, request: Request, review_id: str) -> Response:
        """Claim a review."""
        return await self._write(request, "documents_claim_review", review_id)

    async def decide(self, request: Request, review_id: str) -> Response:
        """Decide a review."""
        return await self._write(request, "documents_decide_review", review_id)

    async def page(self, request: Request, document_id: str, page: str) -> Response:
        """Return a page's picture."""
        arguments = {"document_id": document_id, "page": page}
        try:
            outcome = await self._calls.outcome(request, "documents_page", arguments)
        except SwitchgearError as error:
            return refuse(request, error)
        if outcome.error is not None:
            return respond(outcome)
        content = base64.b64decode(outcome.unwrap()["blob"])
        headers = {
            "X-Correlation-ID": outcome.correlation_id,
            "Cache-Control": "private, no-store",
        }
        return Response(content, HTTPStatus.OK, headers, media_type="image/png")

    async def _write(self, request: Request, tool: str, review_id: str) -> Response:
        """Hand the body's fields to the tool, which judges them."""
        try:
            body = await request.body()
            given = orjson.loads(body) if body.strip() else {}
        except orjson.JSONDecodeError:
            return refuse(request, InvalidRequestError("the body is not JSON"))
        if not isinstance(given, dict) or "review_id" in given:
            return refuse(request, InvalidRequestError("the body is not an object of its fields"))
        key = request.headers.get("idempotency-key")
        keyed = {"idempotency_key": key} if key is not None else {}
        return await self._calls.answer(request, tool, {**given, **keyed, "review_id": review_id})


def _body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {
        "requestBody": {
            "required": required,
            "content": {"application/json": {"schema": schema}},
        }
    }
