"""Whether a call may happen: Cedar policies asked on the call's facts and arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from cedarpy import AuthzResult, Entities, PolicySet, is_authorized

from switchgear_shared.contracts.values import minor_digits
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.lru import Lru
from switchgear_shared.governance.policy_source import (
    Problem,
    check,
    read_policies,
    reads_arguments,
    rules_of,
)
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.projection import UnjudgeableError, project

__all__ = ["Decision", "Policies", "Problem", "ToolFacts", "check"]

_ACTION = {"type": "Switchgear::Action", "id": "call"}
_CACHED = 8192
_MOST_REMEMBERED_BYTES = 2048
_DEFAULT_LIMIT = 1000
_DEFAULT_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """What policies know of a tool; `pinned` means that its definition is the accepted one."""

    name: str
    server: str
    effect: Literal["read", "write"]
    permission: str
    destructive: bool
    pinned: bool = True
    cost: str = "normal"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: allowed, or lacking these approvals, or refused where none would help."""

    allowed: bool
    needed_approvals: frozenset[str]
    policy_ids: tuple[str, ...]
    reason: str


class Policies:
    """A parsed set of policies, asked many times a second; `load` makes one."""

    def __init__(self, text: str, *, approval_limit: int, company_currency: str) -> None:
        self._policies = PolicySet.from_str(text)
        self._rules = rules_of(self._policies)
        self._approval_limit = approval_limit
        self._company_currency = company_currency
        self._kinds = sorted({rule.approval for rule in self._rules.values() if rule.approval})
        self._entities: Lru[tuple[Principal, ToolFacts], Entities] = Lru(_CACHED)
        self._reads_arguments = reads_arguments(self._policies)
        self._answers: Lru[tuple[Principal, ToolFacts, bytes], AuthzResult] = Lru(_CACHED)
        self._listings: Lru[tuple[Principal, ToolFacts], Decision] = Lru(_CACHED)

    @classmethod
    def load(cls, folder: Path | None, settings: Mapping[str, Any]) -> Policies:
        """Return the policies of a folder, or the shipped set.

        `settings` may have `approval_limit` (whole units of the company's currency) and
        `company_currency` (for calls whose facts do not name it).

        Raises:
            InvalidRequestError: the folder has no policies, or text that does not parse.
        """
        try:
            return cls(
                read_policies(folder),
                approval_limit=int(settings.get("approval_limit", _DEFAULT_LIMIT)),
                company_currency=str(settings.get("company_currency", _DEFAULT_CURRENCY)),
            )
        except ValueError as error:
            raise InvalidRequestError(f"the policies do not parse: {error}") from error

    def decide(
        self,
        principal: Principal,
        tool: ToolFacts,
        args: Mapping[str, Any],
        *,
        facts: Mapping[str, Any] | None = None,
        taint: Collection[str] = (),
        approvals: Collection[str] = (),
        is_dry_run: bool = False,
        transport: str = "inprocess",
    ) -> Decision:
        """Decide one call.

        A policy that fails to evaluate refuses the call. Approvals are named only if they would
        lift the refusal entirely, so nobody approves what stays denied.
        """
        try:
            known = project(facts or {})
            judged = project(args)
            orjson.dumps(judged)  # refuses text that no policy can judge, read or not
            context: dict[str, Any] = {
                "args": judged if self._reads_arguments else {},
                "facts": known,
                "limits": {"approval_minor": self._limit_minor(known)},
                "granted": principal.holds(tool.permission),
                "approvals": sorted(approvals),
                "taint": sorted(taint),
                "is_dry_run": is_dry_run,
                "is_listing": False,
                "transport": transport,
            }
            return self._decide(principal, tool, context)
        except UnjudgeableError as error:
            return _denied((), str(error))
        except TypeError:
            return _denied((), "an argument has text that no policy can judge")

    def permits_listing(self, principal: Principal, tool: ToolFacts) -> bool:
        """Say whether there are calls of this tool that the principal may make, now or approved."""
        key = (principal, tool)
        decision = self._listings.get(key)
        if decision is None:
            context: dict[str, Any] = {
                "args": {},
                "facts": {},
                "limits": {"approval_minor": self._limit_minor({})},
                "granted": principal.holds(tool.permission),
                "approvals": self._kinds,
                "taint": [],
                "is_dry_run": False,
                "is_listing": True,
                "transport": "inprocess",
            }
            decision = self._decide(principal, tool, context)
            self._listings.put(key, decision)
        return decision.allowed

    def _decide(self, principal: Principal, tool: ToolFacts, context: dict[str, Any]) -> Decision:
        result = self._ask(principal, tool, context)
        names = result.diagnostics.reasons
        ids = tuple(sorted(self._rules[name].id for name in names))
        if result.diagnostics.errors:
            return _denied(ids, "a policy could not be evaluated")
        if result.allowed:
            return Decision(
                allowed=True,
                needed_approvals=frozenset(),
                policy_ids=ids,
                reason=f"allowed by {', '.join(ids)}",
            )
        if not names:
            return _denied((), f"no policy lets {principal.id} call {tool.name}")
        kinds = frozenset(self._rules[name].approval or "" for name in names)
        if "" in kinds:
            return _denied(ids, f"refused by {', '.join(ids)}")
        approved = {**context, "approvals": sorted(kinds.union(context["approvals"]))}
        again = self._ask(principal, tool, approved)
        if not again.allowed or again.diagnostics.errors:
            return _denied(ids, f"no policy lets {principal.id} call {tool.name}, approved or not")
        return Decision(
            allowed=False,
            needed_approvals=kinds,
            policy_ids=ids,
            reason=f"{', '.join(ids)} wants approval: {', '.join(sorted(kinds))}",
        )

    def _ask(self, principal: Principal, tool: ToolFacts, context: dict[str, Any]) -> AuthzResult:
        """Ask Cedar, or remember what it said: its answer follows from the request alone."""
        asked = orjson.dumps(context)
        answer = self._answers.get((principal, tool, asked))
        if answer is None:
            answer = self._evaluated(principal, tool, asked)
            if len(asked) <= _MOST_REMEMBERED_BYTES:
                self._answers.put((principal, tool, asked), answer)
        return answer

    def _evaluated(self, principal: Principal, tool: ToolFacts, context: bytes) -> AuthzResult:
        key = (principal, tool)
        entities = self._entities.get(key)
        if entities is None:
            entities = _entities(principal, tool)
            self._entities.put(key, entities)
        request = {
            "principal": {"type": "Switchgear::Agent", "id": principal.id},
            "action": _ACTION,
            "resource": {"type": "Switchgear::Tool", "id": tool.name},
            "context": context.decode(),
        }
        return is_authorized(request, self._policies, entities)

    def _limit_minor(self, facts: Mapping[str, Any]) -> int:
        currency = facts.get("company_currency", self._company_currency)
        try:
            return self._approval_limit * 10 ** minor_digits(currency)
        except KeyError as error:
            raise UnjudgeableError(f"{currency} is not an ISO 4217 currency") from error


def _denied(ids: tuple[str, ...], reason: str) -> Decision:
    return Decision(allowed=False, needed_approvals=frozenset(), policy_ids=ids, reason=reason)


def _entities(principal: Principal, tool: ToolFacts) -> Entities:
    roles = [{"type": "Switchgear::Role", "id": role} for role in dict.fromkeys(principal.roles)]
    return Entities.from_json_str(
        orjson.dumps(
            [
                *({"uid": role, "attrs": {}, "parents": []} for role in roles),
                {
                    "uid": {"type": "Switchgear::Agent", "id": principal.id},
                    "attrs": {
                        "id": principal.id,
                        "kind": principal.kind,
                        "tenant": principal.tenant,
                        "origin": principal.origin,
                        "has_role": bool(principal.roles),
                    },
                    "parents": roles,
                },
                {
                    "uid": {"type": "Switchgear::Tool", "id": tool.name},
                    "attrs": {
                        "name": tool.name,
                        "server": tool.server,
                        "effect": tool.effect,
                        "permission": tool.permission,
                        "destructive": tool.destructive,
                        "pinned": tool.pinned,
                        "cost": tool.cost,
                    },
                    "parents": [],
                },
            ]
        ).decode()
    )
