"""The REST intake: documents by multipart or JSON, described by OpenAPI."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from switchgear_documents.models import DocumentStatus, Submission
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.rest_answers import RestCalls, refuse, unroutable
from switchgear_documents.rest_records import RestRecords
from switchgear_documents.rest_reviews import RestReviews
from switchgear_documents.rest_routes import key_of
from switchgear_documents.tools import UPLOAD_SCHEME
from switchgear_shared.calls.call import Dispatcher
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.storage.files import Files
from switchgear_shared.transports.results import CORRELATION_KEY

_CHUNK = 1 << 16
_FORM_TEXTS = ("type", "sha256")


class DocumentBody(BaseModel):
    """A document as JSON."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="The file's name.")
    content_base64: str = Field(min_length=1, description="The file, base64.")
    type: DocumentType | None = Field(default=None, description="Only if known.")
    sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")


class RestIntake:
    """The routes under `/api/v1`, in front of the same governed tools that agents call."""

    def __init__(self, dispatcher: Dispatcher, files: Files) -> None:
        self._calls = RestCalls(dispatcher)
        self._files = files

    def app(self) -> FastAPI:
        """Return the ASGI app to be mounted at `/api`; its documentation is at `/docs`."""
        app = FastAPIOffline(
            title="Switchgear documents",
            version="1",
            summary="Hand documents in and follow them.",
            docs_url="/docs",
            redoc_url=None,
            openapi_url="/openapi.json",
        )
        router = APIRouter(prefix="/v1/documents", tags=["documents"])
        errors: dict[int | str, dict[str, Any]] = {
            401: {"description": "No credential, or one that does not hold"},
            413: {"description": "Larger than the limit"},
            422: {"description": "Unusable: the error names the field"},
        }
        router.add_api_route(
            "",
            self.submit,
            methods=["POST"],
            status_code=HTTPStatus.ACCEPTED,
            response_model=Submission,
            responses=errors,
            summary="Hand in a document",
            openapi_extra={"requestBody": _request_body(), "parameters": _parameters()},
        )
        router.add_api_route(
            "/{document_id}",
            self.status,
            methods=["GET"],
            response_model=DocumentStatus,
            responses={404: {"description": "No such document"}, **errors},
            summary="Where a document is",
        )
        app.include_router(router)
        app.include_router(RestReviews(self._calls).router())
        app.include_router(RestRecords(self._calls).router())
        app.add_exception_handler(HTTPException, unroutable)
        return app

    async def submit(self, request: Request) -> Response:
        """Take one document; repeating the same bytes is safe and starts nothing."""
        try:
            async with self._received(request) as arguments:
                return await self._calls.answer(
                    request, "documents_submit", arguments, HTTPStatus.ACCEPTED
                )
        except SwitchgearError as error:
            return refuse(request, error)

    async def status(self, request: Request, document_id: str) -> Response:
        """Return the document's state."""
        return await self._calls.answer(
            request, "documents_get_status", {"document_id": document_id}, HTTPStatus.OK
        )

    @asynccontextmanager
    async def _received(self, request: Request) -> AsyncGenerator[dict[str, Any]]:
        """Give the tool's arguments; the file is held meanwhile, and stays only if it is taken."""
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type == "multipart/form-data":
            reading = self._from_form(request)
        elif content_type == "application/json":
            reading = self._from_json(request)
        else:
            raise InvalidRequestError(
                "send multipart/form-data with a `file`, or application/json", field="content-type"
            )
        async with reading as arguments:
            yield {**arguments, **key_of(request)}

    @asynccontextmanager
    async def _from_form(self, request: Request) -> AsyncGenerator[dict[str, Any]]:
        async with request.form(max_files=1, max_fields=8) as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise InvalidRequestError("the form has no `file`", field="file")
            unknown = sorted(form.keys() - {"file", *_FORM_TEXTS})
            if unknown:
                raise InvalidRequestError(f"the form has no field {unknown[0]!r}", field=unknown[0])
            async with self._files.upload(_chunks(upload)) as held:
                yield {
                    "name": upload.filename or "document",
                    "resource_uri": UPLOAD_SCHEME + held.sha256,
                    **_texts(form),
                }

    @asynccontextmanager
    async def _from_json(self, request: Request) -> AsyncGenerator[dict[str, Any]]:
        try:
            document = DocumentBody.model_validate(orjson.loads(await request.body()))
            content = base64.b64decode(document.content_base64, validate=True)
        except orjson.JSONDecodeError as error:
            raise InvalidRequestError("the body is not JSON") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            message = f"{field}: {first['msg']}" if field else first["msg"]
            raise InvalidRequestError(message, field=field or None) from error
        except (binascii.Error, ValueError) as error:
            raise InvalidRequestError(
                "content_base64 is not base64", field="content_base64"
            ) from error

        async def one() -> AsyncGenerator[bytes]:
            yield content

        async with self._files.upload(one()) as held:
            yield {
                "name": document.name,
                "resource_uri": UPLOAD_SCHEME + held.sha256,
                **({"type": document.type} if document.type else {}),
                **({"sha256": document.sha256} if document.sha256 else {}),
            }


async def _chunks(upload: UploadFile) -> AsyncGenerator[bytes]:
    while chunk := await upload.read(_CHUNK):
        yield chunk


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name in _FORM_TEXTS if isinstance(text := form.get(name), str) and text}


def _request_body() -> dict[str, Any]:
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "type": {"type": "string"},
                        "sha256": {"type": "string"},
                    },
                }
            },
            "application/json": {"schema": DocumentBody.model_json_schema()},
        },
    }


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "in": "header",
            "name": name,
            "schema": {"type": "string"},
            "description": description,
        }
        for name, description in (
            ("Idempotency-Key", "Your key for this submission."),
            ("X-Correlation-ID", f"Your correlation ID ({CORRELATION_KEY} over MCP)."),
        )
    ]
