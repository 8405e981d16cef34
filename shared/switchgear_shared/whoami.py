"""What every server offers alike: `<server>_whoami` and a guide to its tools."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from switchgear_shared.calls.pipeline import Governance
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.model import Contract
from switchgear_shared.governance.principal import Principal
from switchgear_shared.resilience.fallback import LastGoodAnswers
from switchgear_shared.resilience.protection import BackendProtection
from switchgear_shared.toolset import ResourceBody, Toolset


class BackendHealth(Contract):
    """The system behind the server, as its protection sees it.

    Of the `calls` counted lately, how many failed or were slow; `kept_answers` are reads that can
    be answered while it is down; `caveats` are what it cannot promise.
    """

    name: str
    circuit: str
    circuit_retry_after_s: float | None
    failed: int
    slow: int
    calls: int
    slots: int
    in_use: int
    waiting: int
    retries: int
    kept_answers: int
    caveats: tuple[str, ...]


class WhoAmI(Contract):
    """Who the server takes you for, and what you may do now."""

    server: str
    principal: str
    requested_by: str
    tenant: str
    permissions: tuple[str, ...] = Field(description="Scopes of your credential.")
    write_mode: Literal["allowed", "read_only"]
    rate_limit: str
    calls_left_today: int | None = Field(description="Null where there is no limit.")
    backend: BackendHealth


@dataclass(frozen=True, slots=True)
class Seen:
    """What whoami looks at."""

    governance: Governance
    protection: BackendProtection
    answers: LastGoodAnswers[Any]
    rate_limit: str
    caveats: tuple[str, ...]


def add_whoami(toolset: Toolset[Any], server: str, seen: Seen) -> None:
    """Declare `<server>_whoami` on a server's toolset."""

    async def whoami(_backend: Any, caller: Caller) -> WhoAmI:
        principal = Principal.of(caller)
        left = await seen.governance.budgets.left(principal)
        can_write = any(
            tool.effect == "write" and principal.holds(tool.permission)
            for tool in toolset.tools.values()
        )
        return WhoAmI(
            server=server,
            principal=caller.principal_id,
            requested_by=caller.requested_by,
            tenant=caller.tenant,
            permissions=caller.permissions,
            write_mode="allowed" if can_write else "read_only",
            rate_limit=seen.rate_limit,
            calls_left_today=left.calls,
            backend=_health(seen),
        )

    whoami.__name__ = f"{server}_whoami"
    whoami.__doc__ = (
        "Tell who you are here, what you may do, and how the system behind is.\n\n"
        "Use first, or after policy_denied or backend_unavailable. Never fails."
    )
    toolset.read(permission=f"{server}.whoami.read", cost="light")(whoami)


def _health(seen: Seen) -> BackendHealth:
    now = seen.protection.snapshot()
    retry_after_s = now.breaker.retry_after_s
    return BackendHealth(
        name=now.backend,
        circuit=now.breaker.state,
        circuit_retry_after_s=None if retry_after_s is None else round(retry_after_s, 3),
        failed=now.breaker.failed_count,
        slow=now.breaker.slow_count,
        calls=now.breaker.calls_count,
        slots=now.bulkhead.slots_count,
        in_use=now.bulkhead.in_use_count,
        waiting=now.bulkhead.queued_count,
        retries=now.retries_count,
        kept_answers=len(seen.answers),
        caveats=seen.caveats,
    )


def add_guide(toolset: Toolset[Any], server: str, instructions: str) -> None:
    """Declare the resource `switchgear://<server>/guide`: what to use when."""

    async def guide(_backend: Any) -> ResourceBody:
        lines = [f"# {server}", "", instructions, ""]
        lines += [
            f"- `{tool.name}`: {tool.description.splitlines()[0]}" for tool in toolset.listed()
        ]
        return ResourceBody(text="\n".join(lines) + "\n")

    guide.__doc__ = "Read which tool to use for what on this server."
    toolset.resource(
        f"switchgear://{server}/guide",
        permission=f"{server}.guide.read",
        mime_type="text/markdown",
        name=f"{server}_guide",
    )(guide)
