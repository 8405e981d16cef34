"""How routes in front of governed tools are declared, and how what they are asked is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from switchgear_shared.errors import InvalidRequestError

Route: TypeAlias = tuple[
    str, str, Callable[..., Awaitable[Response]], type[BaseModel], str, dict[str, Any]
]
"""Path, method, endpoint, model of the answer, summary, and what else OpenAPI is to say."""

PAGE = {"cursor": "`next_cursor` of the page before", "limit": "Most rows, at most 50"}
_BOOLS = {"true": True, "false": False}


def add_routes(
    router: APIRouter, routes: Sequence[Route], errors: dict[int | str, dict[str, Any]]
) -> None:
    """Add the routes, each with these errors."""
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


def query(texts: Mapping[str, str]) -> dict[str, Any]:
    """Describe the parameters of a query, each in its words."""
    return {
        "parameters": [
            {"in": "query", "name": name, "schema": {"type": "string"}, "description": text}
            for name, text in texts.items()
        ]
    }


def json_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """Describe a body in JSON."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}


def query_of(
    request: Request, names: Collection[str], flags: Collection[str] = (), *, noun: str
) -> dict[str, Any]:
    """Return the query as arguments for a tool, which judges them; `flags` are true or false.

    Raises InvalidRequestError for a parameter that is none of `names`; `noun` is what they are.
    """
    asked: dict[str, Any] = dict(request.query_params)
    if unknown := sorted(asked.keys() - set(names)):
        raise InvalidRequestError(f"there is no {noun} {unknown[0]!r}", field=unknown[0])
    if "limit" in asked:
        asked["limit"] = int(asked["limit"]) if asked["limit"].isdecimal() else 0
    for name in asked.keys() & set(flags):
        asked[name] = _BOOLS.get(asked[name], "")
    return asked


def key_of(request: Request) -> dict[str, str]:
    """Return the idempotency key of the request's header as an argument, nothing without one."""
    key = request.headers.get("idempotency-key")
    return {"idempotency_key": key} if key is not None else {}
