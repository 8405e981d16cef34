"""`switchgear up`: the whole suite, in one process or in one a server."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import typer

from switchgear_shared.part import AUDIENCE, installed_servers
from switchgear_shared.runtime import locate_broker
from switchgear_shared.serving import bind, hosting, serve_http
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite

REGISTRY = "registry"


async def up(settings: Settings, *, isolate: bool, demo_data: bool) -> None:
    """Run every installed server behind the registry until SIGINT or SIGTERM."""
    names = list(installed_servers())
    listener, settings = bind(settings)
    await _greet(settings, names)
    if not isolate:
        await serve_http(settings, names, demo_data=demo_data, listener=listener)
        return
    _locate, broker = locate_broker(settings)
    suite = Suite(settings, [n for n in names if n != REGISTRY], demo_data=demo_data)
    try:
        if broker is not None:
            await broker.ensure()
        await suite.start()
        await serve_http(settings, [REGISTRY], upstreams=suite.upstreams, listener=listener)
    finally:
        await suite.stop()
        if broker is not None:
            with suppress(asyncio.CancelledError):
                await broker.stop()


async def _greet(settings: Settings, names: list[str]) -> None:
    """Say where everything is, with a token that works at once."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    async with hosting(settings, []) as (host, _):
        agent = await host.agents.get("assistant")
        token = host.tokens.issue(agent.principal, AUDIENCE)
    typer.echo(
        f"""
Switchgear is starting on {base}

  MCP, all servers     {base}/mcp        (SSE: {base}/sse)
  MCP, one server      {", ".join(f"{base}/{name}/mcp" for name in names if name != REGISTRY)}
  Console for people   {base}/console    (sign in with a token of clerk, finance or operator)
  Documents by REST    {base}/api/v1/documents   (OpenAPI: {base}/api/docs)
  Ready when           {base}/readyz answers 200

A token for the agent `assistant`, good until {token.expires_at:%H:%M} UTC:

  {token.token}

Connect a client:

  claude mcp add --transport http switchgear {base}/mcp --header "Authorization: Bearer <token>"
  switchgear connect claude-desktop|vscode|cursor      writes the entry for a desktop client

More tokens: `switchgear token issue back-office|clerk|finance|operator|records`.
Ctrl-C stops everything.
""",
    )
