"""The MCP SDK as one thin adapter: every transport, both protocol eras."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    BlobResourceContents,
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
)
from starlette.requests import Request as HttpRequest

from switchgear_shared.calls.call import Outcome, Transport
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.principal import Principal
from switchgear_shared.transports.authentication import principal_of
from switchgear_shared.transports.front import Front
from switchgear_shared.transports.requests import correlation_of, request_of
from switchgear_shared.transports.results import UNTRUSTED_KEY, to_tool_result

_Context = ServerRequestContext[Any, Any]
_RESOURCE_NOT_FOUND = -32002
_MODERN = "2026-07-28"
LIST_TTL_MS = 60_000


class SdkAdapter:
    """Serves a Front through the SDK's low-level Server.

    The low-level Server hands over arguments as the client sent them; the higher one would coerce
    them before our strict validation could see them.
    """

    def __init__(
        self, front: Front, *, local: Callable[[], Awaitable[Principal]] | None = None
    ) -> None:
        """`local` is asked at every request who the client is; without it HTTP has verified that.

        What it raises refuses the request.
        """
        self._front = front
        self._local = local
        hint = CacheHint(ttl_ms=LIST_TTL_MS, scope="private")
        self.server: Server[Any] = Server(
            front.name,
            version=front.version,
            title=front.title,
            instructions=front.instructions,
            get_tool_input_schema=front.input_schema,
            cache_hints={
                "tools/list": hint,
                "prompts/list": hint,
                "resources/list": hint,
                "resources/templates/list": hint,
                "resources/read": CacheHint(ttl_ms=0, scope="private"),
            },
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
        )

    async def _list_tools(
        self, context: _Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        tools = await self._front.tools(await self._principal(context))
        return ListToolsResult(tools=[Tool.model_validate(tool.to_mcp()) for tool in tools])

    async def _call_tool(self, context: _Context, params: CallToolRequestParams) -> CallToolResult:
        outcome = await self._dispatch(context, params.name, params.arguments)
        return CallToolResult.model_validate(to_tool_result(outcome))

    async def _dispatch(
        self, context: _Context, tool: str, arguments: Mapping[str, Any] | None
    ) -> Outcome:
        try:
            request = request_of(
                server=self._front.name,
                tool=tool,
                arguments=arguments,
                meta=_meta(context),
                headers=_headers(context),
                principal=await self._principal(context),
                transport=self._transport(context),
            )
        except SwitchgearError as error:
            return Outcome(correlation_of(None), error=error)
        return await self._front.dispatch(request)

    async def _list_resources(
        self, context: _Context, _params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        await self._principal(context)
        return ListResourcesResult(
            resources=[
                Resource(
                    uri=resource.uri,
                    name=resource.tool.name,
                    title=resource.title,
                    description=resource.description,
                    mime_type=resource.mime_type,
                )
                for resource in self._front.resources
                if not resource.is_template
            ]
        )

    async def _list_templates(
        self, context: _Context, _params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        await self._principal(context)
        return ListResourceTemplatesResult(
            resource_templates=[
                ResourceTemplate(
                    uri_template=resource.uri,
                    name=resource.tool.name,
                    title=resource.title,
                    description=resource.description,
                    mime_type=resource.mime_type,
                )
                for resource in self._front.resources
                if resource.is_template
            ]
        )

    async def _read_resource(
        self, context: _Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        uri = str(params.uri)
        for resource in self._front.resources:
            if (variables := resource.match(uri)) is None:
                continue
            outcome = await self._dispatch(context, resource.tool.name, variables)
            if outcome.error is not None and outcome.error.code == "not_found":
                break
            if outcome.error is not None:
                raise MCPError(INVALID_PARAMS, outcome.error.message, outcome.to_body())
            body = outcome.unwrap()
            mime_type = body.get("mime_type") or resource.mime_type
            meta: dict[str, Any] | None = {UNTRUSTED_KEY: True} if outcome.is_untrusted else None
            if body.get("blob") is not None:
                base64.b64decode(body["blob"], validate=True)
                content = BlobResourceContents(
                    uri=uri, mime_type=mime_type, blob=body["blob"], _meta=meta
                )
            else:
                content = TextResourceContents(
                    uri=uri, mime_type=mime_type, text=body.get("text") or "", _meta=meta
                )
            return ReadResourceResult(contents=[content])
        code = INVALID_PARAMS if context.protocol_version >= _MODERN else _RESOURCE_NOT_FOUND
        raise MCPError(code, f"no resource {uri}", {"uri": uri})

    async def _list_prompts(
        self, context: _Context, _params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        await self._principal(context)
        return ListPromptsResult(
            prompts=[
                Prompt(
                    name=prompt.name,
                    description=prompt.description,
                    arguments=[
                        PromptArgument(
                            name=blank.name,
                            description=blank.description,
                            required=blank.required,
                        )
                        for blank in prompt.arguments
                    ],
                )
                for prompt in self._front.prompts
            ]
        )

    async def _get_prompt(
        self, context: _Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        await self._principal(context)
        prompt = next((p for p in self._front.prompts if p.name == params.name), None)
        if prompt is None:
            raise MCPError(INVALID_PARAMS, f"no prompt {params.name[:64]!r}", None)
        given = dict(params.arguments or {})
        known = {blank.name for blank in prompt.arguments}
        missing = [b.name for b in prompt.arguments if b.required and b.name not in given]
        if missing or not given.keys() <= known:
            raise MCPError(
                INVALID_PARAMS,
                f"prompt {prompt.name} takes {sorted(known)}, missing {missing}",
                None,
            )
        text = prompt.render(**given)
        return GetPromptResult(
            description=prompt.description,
            messages=[PromptMessage(role="user", content=TextContent(type="text", text=text))],
        )

    async def _complete(self, context: _Context, params: CompleteRequestParams) -> CompleteResult:
        values = await self._front.complete(
            await self._principal(context), params.argument.name, params.argument.value
        )
        return CompleteResult(
            completion=Completion(values=values[:100], total=len(values), has_more=False)
        )

    async def _principal(self, context: _Context) -> Principal:
        if self._local is None:
            return principal_of(_http(context))
        try:
            return await self._local()
        except SwitchgearError as error:
            said = f"{error.code}: {error.message}"
            raise MCPError(INVALID_REQUEST, said, error.to_body()) from error

    def _transport(self, context: _Context) -> Transport:
        if self._local is not None:
            return "stdio"
        return "sse" if _http(context).scope.get("switchgear.sse") else "http"


def _http(context: _Context) -> HttpRequest:
    request = context.request
    if not isinstance(request, HttpRequest):
        raise MCPError(INVALID_PARAMS, "this call came without an HTTP request", None)
    return request


def _meta(context: _Context) -> Mapping[str, Any] | None:
    params = context.params or {}
    meta = params.get("_meta")
    return meta if isinstance(meta, Mapping) else None


def _headers(context: _Context) -> Mapping[str, str] | None:
    request = context.request
    return request.headers if isinstance(request, HttpRequest) else None
