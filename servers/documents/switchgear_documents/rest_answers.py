"""Calls that came by REST: dispatched as any other, answered with a status that fits."""

from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from switchgear_shared.calls.call import Dispatcher, Outcome
from switchgear_shared.errors import InvalidRequestError, NotFoundError, SwitchgearError
from switchgear_shared.storage.files import FileTooLargeError
from switchgear_shared.transports.authentication import principal_of
from switchgear_shared.transports.requests import correlation_of, request_of

_STATUS = {
    "conflict": HTTPStatus.CONFLICT,
    "invalid_request": HTTPStatus.UNPROCESSABLE_ENTITY,
    "not_found": HTTPStatus.NOT_FOUND,
    "policy_denied": HTTPStatus.FORBIDDEN,
    "approval_required": HTTPStatus.FORBIDDEN,
    "throttled": HTTPStatus.TOO_MANY_REQUESTS,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}


class RestCalls:
    """Sends what a route was asked for to the governed tool behind it."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def answer(
        self,
        request: Request,
        tool: str,
        arguments: dict[str, Any],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        """Call the tool as the request's principal and answer its result or error."""
        try:
            return respond(await self.outcome(request, tool, arguments), status)
        except SwitchgearError as error:
            return refuse(request, error)

    async def outcome(self, request: Request, tool: str, arguments: dict[str, Any]) -> Outcome:
        """Call the tool as the request's principal; raises for a request that is no call."""
        return await self._dispatcher.dispatch(
            request_of(
                server="documents",
                tool=tool,
                arguments=arguments,
                meta=None,
                headers=request.headers,
                principal=principal_of(request),
                transport="http",
            )
        )


async def unroutable(request: Request, error: Exception) -> Response:
    """Answer what FastAPI itself refuses (a bad form, an unknown path) in our own form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return refuse(request, InvalidRequestError(f"the form cannot be read: {error.detail}"))
    kinds = {HTTPStatus.NOT_FOUND: NotFoundError}
    kind = kinds.get(HTTPStatus(error.status_code), InvalidRequestError)
    answer = refuse(request, kind(f"{request.method} {request.url.path}: {error.detail}"))
    answer.status_code = error.status_code
    answer.headers.update(error.headers or {})
    return answer


def refuse(request: Request, error: SwitchgearError) -> Response:
    """Answer an error that came before the call, under the correlation ID that was given."""
    try:
        correlation_id = correlation_of(request.headers.get("x-correlation-id"))
    except InvalidRequestError:
        correlation_id = correlation_of(None)
    return respond(Outcome(correlation_id, error=error))


def respond(outcome: Outcome, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Answer what came of a call, with its correlation ID."""
    headers: dict[str, str] = {"X-Correlation-ID": outcome.correlation_id}
    if outcome.error is None:
        return JSONResponse(outcome.to_body(), status_code=status, headers=headers)
    error = outcome.error
    code = _STATUS.get(error.code, HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, FileTooLargeError):
        code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return JSONResponse({"error": outcome.to_body()}, status_code=code, headers=headers)
