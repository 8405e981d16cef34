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
from switchgear_documents.rest_routes import (
    PAGE,
    Route,
    add_routes,
    json_body,
    key_of,
    query,
    query_of,
)
from switchgear_documents.review_models import Decision, ReviewClaim, ReviewDetail, ReviewPage
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

_FILTERS = {
    "state": "`open` or `decided`; default open",
    "claim": "`mine` or `unclaimed`",
    "type": "Only this document type",
    "reason": "Only with this in a reason, in any case",
    "overdue": "`true`: only those past their time",
    **PAGE,
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
    parts: str | None = Field(
        default=None,
        description="With `part`: the pages of each document in the file, such as `1-2,3,4-6`.",
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
        routes: list[Route] = [
            ("/reviews", "GET", self.list_reviews, ReviewPage, "The queue, what is due first first",
             query(_FILTERS)),
            ("/reviews/{review_id}", "GET", self.get_review, ReviewDetail,
             "One review with all that is needed to decide it", {}),
            ("/reviews/{review_id}/claim", "POST", self.claim, ReviewClaim,
             "Claim, renew, give back or hand on", json_body(ClaimBody, required=False)),
            ("/reviews/{review_id}/decide", "POST", self.decide, WriteResult, "Decide",
             json_body(DecisionBody)),
        ]  # fmt: skip
        add_routes(router, routes, errors)
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
        try:
            arguments = query_of(request, _FILTERS, ("overdue",), noun="filter")
        except InvalidRequestError as error:
            return refuse(request, error)
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
        named = {**given, **key_of(request), "review_id": review_id}
        return await self._calls.answer(request, tool, named)
