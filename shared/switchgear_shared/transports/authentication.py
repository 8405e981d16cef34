"""The bearer credential of an HTTP request, checked before anything else reads it."""

from collections.abc import Sequence

import orjson
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.errors import UnauthenticatedError
from switchgear_shared.governance.identity import Authenticator
from switchgear_shared.governance.principal import Principal

_PRINCIPAL = "switchgear.principal"


def principal_of(connection: HTTPConnection) -> Principal:
    """Return who the request's credential named.

    Raises:
        UnauthenticatedError: the request passed no Authentication.
    """
    principal = connection.scope.get(_PRINCIPAL)
    if not isinstance(principal, Principal):
        raise UnauthenticatedError("this request carries no verified credential")
    return principal


class Authentication:
    """ASGI middleware that answers 401 (RFC 6750, RFC 9728) unless the bearer credential holds."""

    def __init__(
        self, app: ASGIApp, authenticator: Authenticator, *, public_url: str, resource_path: str
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._metadata_url = f"{public_url}/.well-known/oauth-protected-resource{resource_path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its principal, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).getlist("authorization")
        try:
            principal = await self._authenticator.authenticate(_bearer(given))
        except UnauthenticatedError as error:
            await self._refuse(send, error, had_credential=bool(given))
            return
        scope[_PRINCIPAL] = principal
        scope["user"] = AuthenticatedUser(
            AccessToken(
                token="",
                client_id=principal.id,
                scopes=list(principal.scopes),
                subject=principal.origin,
                claims={"iss": principal.tenant},
            )
        )
        scope["auth"] = AuthCredentials(list(principal.scopes))
        await self._app(scope, receive, send)

    async def _refuse(
        self, send: Send, error: UnauthenticatedError, *, had_credential: bool
    ) -> None:
        challenge = f'Bearer resource_metadata="{self._metadata_url}"'
        if had_credential:
            challenge += f', error="invalid_token", error_description="{error.message}"'
        body = orjson.dumps({"error": error.to_body()})
        await send(
            {
                "type": "http.response.start",
                "status": 401,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"www-authenticate", challenge.encode()),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


def _bearer(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise UnauthenticatedError("send one Authorization header with a bearer token")
    scheme, _, credential = values[0].partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise UnauthenticatedError("send `Authorization: Bearer <token>`")
    return credential.strip()
