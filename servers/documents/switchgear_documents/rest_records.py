"""Records by REST: legal holds, the retention schedule, erasure, and what can be learned."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from switchgear_documents.models_learning import TemplateProposal
from switchgear_documents.models_records import (
    ErasureReceipt,
    HoldPage,
    HoldReceipt,
    HoldScope,
    Retention,
)
from switchgear_documents.rest_answers import RestCalls, refuse
from switchgear_documents.rest_routes import (
    PAGE,
    Route,
    add_routes,
    json_body,
    key_of,
    query,
    query_of,
)
from switchgear_shared.errors import InvalidRequestError

_REASON = {"reason": "Why; kept for good"}
_DRY_RUN = {"dry_run": "`true`: only show the effects"}


class HoldBody(BaseModel):
    """A legal hold."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500, description="The matter; kept for good.")
    scope: HoldScope = Field(
        default="document", description="`correlation`: on all under its correlation ID."
    )
    dry_run: bool = False


class RestRecords:
    """The routes of who keeps the records, in front of governed tools that models never see."""

    def __init__(self, calls: RestCalls) -> None:
        self._calls = calls

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/v1", tags=["records"])
        errors: dict[int | str, dict[str, Any]] = {
            401: {"description": "No credential, or one that does not hold"},
            403: {"description": "Not yours to do, or another person has to approve it"},
            404: {"description": "No such document or hold, or it was erased"},
            409: {"description": "Something stands against it: the message names what"},
            422: {"description": "Unusable: the error names the field"},
        }
        one = "/documents/{document_id}"
        routes: list[Route] = [
            (one, "DELETE", self.erase, ErasureReceipt, "Erase a document and what it brought",
             query(_REASON | _DRY_RUN)),
            (f"{one}/hold", "PUT", self.place, HoldReceipt, "Put a document under legal hold",
             json_body(HoldBody)),
            (f"{one}/hold", "DELETE", self.release, HoldReceipt, "Release a legal hold",
             query(_REASON | _DRY_RUN | {"hold_id": "Where several stand"})),
            (f"{one}/retention", "GET", self.retention, Retention, "How long it is kept", {}),
            (f"{one}/template", "GET", self.template, TemplateProposal,
             "A template out of what was corrected in it", {}),
            ("/retention", "GET", self.retention, Retention, "The retention schedule", {}),
            ("/holds", "GET", self.holds, HoldPage, "Legal holds, the newest first",
             query(
                 {"document_id": "Only on this one", "released": "`true`: those released"} | PAGE
             )),
        ]  # fmt: skip
        add_routes(router, routes, errors)
        return router

    async def erase(self, request: Request, document_id: str) -> Response:
        """Erase a document."""
        names = (*_REASON, *_DRY_RUN)
        return await self._asked(request, "documents_erase", names, document_id)

    async def place(self, request: Request, document_id: str) -> Response:
        """Place a hold."""
        try:
            given = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            return refuse(request, InvalidRequestError("the body is not JSON"))
        if not isinstance(given, dict) or given.keys() - HoldBody.model_fields.keys():
            return refuse(request, InvalidRequestError("the body is not an object of its fields"))
        return await self._call(request, "documents_place_hold", given, document_id)

    async def release(self, request: Request, document_id: str) -> Response:
        """Release a hold."""
        names = (*_REASON, *_DRY_RUN, "hold_id")
        return await self._asked(request, "documents_release_hold", names, document_id)

    async def retention(self, request: Request, document_id: str | None = None) -> Response:
        """Return the schedule, and where one document stands in it."""
        return await self._asked(request, "documents_get_retention", (), document_id)

    async def template(self, request: Request, document_id: str) -> Response:
        """Propose a template from what was corrected."""
        return await self._calls.answer(request, "documents_propose_template", {"id": document_id})

    async def holds(self, request: Request) -> Response:
        """Return a page of holds."""
        return await self._asked(
            request, "documents_list_holds", ("document_id", "released", *PAGE), None
        )

    async def _asked(
        self, request: Request, tool: str, names: tuple[str, ...], document_id: str | None
    ) -> Response:
        """Hand the query's parameters to the tool, which judges them."""
        try:
            asked = query_of(request, names, ("dry_run", "released"), noun="parameter")
        except InvalidRequestError as error:
            return refuse(request, error)
        return await self._call(request, tool, asked, document_id)

    async def _call(
        self, request: Request, tool: str, arguments: dict[str, Any], document_id: str | None
    ) -> Response:
        named = {"document_id": document_id} if document_id is not None else {}
        return await self._calls.answer(request, tool, {**arguments, **key_of(request), **named})
