"""OAuth 2.1 for agents: metadata (RFC 8414, RFC 9728), keys, and the client-credentials grant."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import (
    InvalidRequestError,
    PolicyDeniedError,
    SwitchgearError,
    UnauthenticatedError,
)
from switchgear_shared.governance.identity import Agents, Tokens, client_credentials

_MAX_FORM_BYTES = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store"}


class OAuth:
    """The embedded authorization server and the metadata of every resource of the suite."""

    def __init__(
        self,
        agents: Agents,
        tokens: Tokens,
        *,
        public_url: str,
        audience: str,
        paths: Collection[str],
    ) -> None:
        self._agents = agents
        self._tokens = tokens
        self._public_url = public_url
        self._resources = (audience, *(f"{public_url}{path}" for path in paths))

    def routes(self) -> list[BaseRoute]:
        """Return the public routes."""
        return [
            Route("/.well-known/oauth-authorization-server", self._server_metadata),
            Route("/.well-known/oauth-protected-resource", self._resource_metadata),
            Route("/.well-known/oauth-protected-resource/{path:path}", self._resource_metadata),
            Route("/.well-known/jwks.json", self._jwks),
            Route("/oauth/token", self._token, methods=["POST"]),
        ]

    async def _server_metadata(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self._public_url,
                "token_endpoint": f"{self._public_url}/oauth/token",
                "jwks_uri": f"{self._public_url}/.well-known/jwks.json",
                "grant_types_supported": ["client_credentials"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "response_types_supported": [],
                "code_challenge_methods_supported": ["S256"],
                "service_documentation": f"{self._public_url}/api/docs",
            }
        )

    async def _resource_metadata(self, request: Request) -> Response:
        path = request.path_params.get("path", "")
        resource = f"{self._public_url}/{path}" if path else f"{self._public_url}/mcp"
        if resource not in self._resources:
            return JSONResponse({"error": "not_found"}, status_code=404)
        return JSONResponse(
            {
                "resource": resource,
                "authorization_servers": [self._public_url],
                "bearer_methods_supported": ["header"],
                "resource_name": "Switchgear",
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self._tokens.jwks())

    async def _token(self, request: Request) -> Response:
        try:
            form = await _form(request)
            client_id, client_secret = _client(request, form)
            if form.get("grant_type") != "client_credentials":
                return _refuse("unsupported_grant_type", "only client_credentials is granted", 400)
            token = await client_credentials(
                self._agents,
                self._tokens,
                self._resources,
                client_id=client_id,
                client_secret=client_secret,
                scope=form.get("scope"),
                resource=form.get("resource"),
            )
        except UnauthenticatedError as error:
            return _refuse("invalid_client", error.message, 401)
        except InvalidRequestError as error:
            code = "invalid_target" if error.field == "resource" else "invalid_request"
            return _refuse(code, error.message, 400)
        except PolicyDeniedError as error:
            return _refuse("invalid_scope", error.message, 400)
        except SwitchgearError as error:
            return _refuse("temporarily_unavailable", error.message, 503)
        return JSONResponse(
            {
                "access_token": token.token,
                "token_type": "Bearer",
                "expires_in": max(0, int((token.expires_at - utc_now()).total_seconds())),
                "scope": " ".join(token.scopes),
            },
            headers=_NO_STORE,
        )


async def _form(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type != "application/x-www-form-urlencoded":
        raise InvalidRequestError("send application/x-www-form-urlencoded")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise InvalidRequestError("the form is too large")
    try:
        fields = parse_qs(body.decode(), strict_parsing=bool(body), max_num_fields=16)
    except ValueError as error:
        raise InvalidRequestError("the form cannot be read") from error
    if any(len(values) != 1 for values in fields.values()):
        raise InvalidRequestError("a parameter appears more than once")
    return {name: values[0] for name, values in fields.items()}


def _client(request: Request, form: dict[str, Any]) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise UnauthenticatedError("the credential is not valid") from error
    return unquote(user), unquote(secret)


def _refuse(code: str, description: str, status: int) -> Response:
    headers = {**_NO_STORE, **({"WWW-Authenticate": "Basic"} if status == 401 else {})}  # noqa: PLR2004 - HTTP
    return JSONResponse(
        {"error": code, "error_description": description}, status_code=status, headers=headers
    )
