"""Commands about who may do what, and the record of it: token, agents, policy, audit, approvals."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from switchgear_shared.commands.audit import exported, verified
from switchgear_shared.commands.console import call_tool, run, settings_with, show
from switchgear_shared.commands.recording import recorded
from switchgear_shared.governance.agents import Agent, Kind, key_id_of
from switchgear_shared.governance.policy_source import check
from switchgear_shared.part import AUDIENCE, installed_servers
from switchgear_shared.serving import hosting

Data = Annotated[Path | None, typer.Option("--data", help="Data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Acting = Annotated[str, typer.Option("--as", help="The registered party that acts.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for name, group in (
        ("token", _token),
        ("agents", _agents),
        ("policy", _policy),
        ("audit", _audit),
        ("approvals", _approvals),
    ):
        app.add_typer(group, name=name)


_token = typer.Typer(no_args_is_help=True, help="Credentials for agents.")
_agents = typer.Typer(no_args_is_help=True, help="The parties that may call.")
_policy = typer.Typer(no_args_is_help=True, help="The rules that decide on calls.")
_audit = typer.Typer(no_args_is_help=True, help="The tamper-evident record.")
_approvals = typer.Typer(no_args_is_help=True, help="Calls that wait for a person.")


@_token.command("issue")
def issue(
    agent: Annotated[str, typer.Argument(help="A registered party.")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="Only this of its scopes; repeatable.")
    ] = None,
    ttl_s: Annotated[int | None, typer.Option("--ttl", help="Lifetime in seconds.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Issue an access token for the suite."""

    async def work() -> dict[str, Any]:
        async with (
            hosting(settings_with(data=data), []) as (host, _),
            recorded(host.audit, "token issue", agent=agent) as detail,
        ):
            found = await host.agents.get_enabled(agent)
            token = host.tokens.issue(found.principal, AUDIENCE, scopes=scope or None, ttl_s=ttl_s)
            detail["scopes"] = list(token.scopes)
            detail["expires_at"] = token.expires_at.astimezone(UTC).isoformat()
            return {"token": token.token, "agent": token.agent, **detail}

    issued = run(work())
    if as_json:
        show(issued, as_json=True)
    else:
        typer.echo(issued["token"])


@_token.command("key")
def key(
    agent: Annotated[str, typer.Argument(help="A registered party.")], data: Data = None
) -> None:
    """Make an API key (mcpk_…) and show it, the only time it can be read."""

    async def work() -> str:
        async with hosting(settings_with(data=data), []) as (host, _):
            async with recorded(host.audit, "token key", agent=agent) as detail:
                made = await host.agents.add_key(agent)
                detail["key_id"] = key_id_of(made)
            return made

    typer.echo(run(work()))


@_token.command("keys")
def list_keys(
    agent: Annotated[str, typer.Argument(help="A registered party.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List a party's API keys, oldest first, without their secrets."""

    async def work() -> list[dict[str, Any]]:
        async with hosting(settings_with(data=data), []) as (host, _):
            await host.agents.get(agent)
            return [asdict(key) for key in await host.agents.list_keys(agent)]

    show(run(work()), as_json=as_json, columns=("id", "created_at", "expires_at", "revoked_at"))


@_token.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="`id` from `token keys`.")], data: Data = None
) -> None:
    """End an API key for good, with the tokens and console sessions that it opened."""

    async def work() -> None:
        async with (
            hosting(settings_with(data=data), []) as (host, _),
            recorded(host.audit, "token revoke", key_id=key_id) as detail,
        ):
            detail["agent"] = await host.agents.revoke_key(key_id)

    run(work())
    typer.echo(f"revoked {key_id}; every process refuses it within five seconds")


@_agents.command("list")
def list_agents(as_json: AsJson = False, data: Data = None) -> None:
    """List the registered parties with their roles and scopes."""

    async def work() -> list[dict[str, Any]]:
        async with hosting(settings_with(data=data), []) as (host, _):
            return [asdict(agent) for agent in await host.agents.list()]

    show(run(work()), as_json=as_json, columns=("id", "kind", "roles", "scopes", "is_disabled"))


@_agents.command("add")
def add_agent(
    agent: Annotated[str, typer.Argument(help="Its id.")],
    kind: Annotated[Kind, typer.Option("--kind")] = "agent",
    role: Annotated[list[str] | None, typer.Option("--role", help="Repeatable.")] = None,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Repeatable.")] = None,
    calls_per_day: Annotated[int | None, typer.Option(help="Daily budget of calls.")] = None,
    data: Data = None,
) -> None:
    """Register a party; what it may do is decided by its roles, scopes and the policies."""

    async def work() -> None:
        async with (
            hosting(settings_with(data=data), []) as (host, _),
            recorded(host.audit, "agents add", agent=agent) as detail,
        ):
            made = Agent(
                agent, kind, tuple(role or ()), tuple(scope or ()), calls_per_day=calls_per_day
            )
            await host.agents.add(made)
            detail |= {"kind": kind, "roles": list(made.roles), "scopes": list(made.scopes)}

    run(work())
    typer.echo(f"registered {agent}")


@_agents.command("disable")
def disable_agent(agent: Annotated[str, typer.Argument(help="Its id.")], data: Data = None) -> None:
    """Keep a party out, whatever token, key or console session it holds."""
    run(_switched(agent, data, is_disabled=True))
    typer.echo(f"disabled {agent}; every process refuses it within five seconds")


@_agents.command("enable")
def enable_agent(agent: Annotated[str, typer.Argument(help="Its id.")], data: Data = None) -> None:
    """Let a disabled party in again."""
    run(_switched(agent, data, is_disabled=False))
    typer.echo(f"enabled {agent}")


async def _switched(agent: str, data: Path | None, *, is_disabled: bool) -> None:
    async with hosting(settings_with(data=data), []) as (host, _):
        command = "agents disable" if is_disabled else "agents enable"
        async with recorded(host.audit, command, agent=agent):
            await host.agents.switch(agent, is_disabled=is_disabled)


@_policy.command("check")
def check_policies(
    folder: Annotated[Path | None, typer.Argument(help="Default: the policies in force.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Check policies against their schema and against the arguments of every installed tool."""
    settings = settings_with(data=data)

    async def work() -> list[dict[str, Any]]:
        async with hosting(settings, installed_servers()) as (host, _):
            schemas = [
                tool.input_schema
                for server in host.servers.values()
                for tool in server.front.own_tools
            ]
        return [asdict(problem) for problem in check(folder or settings.policies, schemas)]

    problems = run(work())
    show(problems, as_json=as_json, columns=("policy_id", "message"))
    sys.exit(1 if problems else 0)


@_audit.command("verify")
def verify_audit(
    checkpoints: Annotated[
        Path | None,
        typer.Option("--checkpoints", help="Exported checkpoints; default: those in the data dir."),
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Public key of the signer.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Verify the audit chains; names the first row that is not as it was written."""
    report = run(verified(settings_with(data=data), checkpoints=checkpoints, key=key))
    if as_json:
        show(report, as_json=True)
    elif report["ok"]:
        erased = f", {report['erased']} of them erased" if report["erased"] else ""
        typer.echo(f"the audit trail is whole: {report['rows']} rows verified{erased}")
    else:
        bad = report["first_bad"]
        typer.echo(f"BROKEN at row {bad['seq']} of tenant {bad['tenant']}: {bad['reason']}")
    sys.exit(0 if report["ok"] else 1)


@_audit.command("export")
def export_audit(
    tenant: Annotated[str, typer.Option("--tenant")] = "default", data: Data = None
) -> None:
    """Write the rows of a tenant's chain to standard output, one JSON object a line."""
    run(exported(settings_with(data=data), tenant, sys.stdout.buffer.write))


@_approvals.command("list")
def list_approvals(
    state: Annotated[str, typer.Option("--state", help="open, approved, denied, …")] = "open",
    acting: Acting = "finance",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List calls that wait for approval."""
    page = run(
        call_tool(
            settings_with(data=data),
            "workflows",
            "workflows_list_approvals",
            {"state": state, "limit": 50},
            acting=acting,
        )
    )
    show(page["items"], as_json=as_json, columns=("id", "tool", "requested_by", "summary"))


@_approvals.command("decide")
def decide_approval(
    approval_id: Annotated[str, typer.Argument()],
    decision: Annotated[Literal["approve", "deny", "withdraw"], typer.Argument()],
    reason: Annotated[str | None, typer.Option("--reason", help="For the record.")] = None,
    acting: Acting = "finance",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Approve or deny a waiting call, as a person other than its requester, who may withdraw it."""
    arguments = {"id": approval_id, "decision": decision, "reason": reason}
    result = run(
        call_tool(
            settings_with(data=data),
            "workflows",
            "workflows_decide_approval",
            arguments,
            acting=acting,
        )
    )
    show(result, as_json=as_json)
