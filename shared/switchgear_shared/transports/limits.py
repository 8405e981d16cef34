"""A bound on the size of request bodies, answered as a typed error."""

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware that answers 413 once a body is, or says it is, over `max_bytes`."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while it stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await self._refuse(send)
            return
        size = 0
        is_refused = False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                raise _TooLargeError
            return message

        async def watched(message: Message) -> None:
            nonlocal is_refused
            if size <= self._max_bytes:
                await send(message)
            elif not is_refused:
                is_refused = True
                await self._refuse(send)

        try:
            await self._app(scope, counted, watched)
        except _TooLargeError:
            if not is_refused:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        body = orjson.dumps(
            {
                "error": {
                    "code": "invalid_request",
                    "message": f"the request body is larger than {self._max_bytes} bytes",
                    "retryable": False,
                    "outcome": "not_done",
                }
            }
        )
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _TooLargeError(Exception):
    """The body went over the limit while it was read."""
