"""Where policies come from, and what is wrong with them before they decide anything."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeGuard

from cedarpy import PolicySet, validate_policies
from cedarpy.pst import GetAttr, HasAttr, Var

from switchgear_shared.errors import InvalidRequestError

_SHIPPED = Path(__file__).parent / "policies"
_SCALARS = {"string": "String", "integer": "Long", "boolean": "Bool"}
_MONEY = {"amount", "currency"}
_CONTEXT = Var(name="context")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a policy, named by its @id where it has one."""

    policy_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a policy beside its text: its @id, and the approval that lifts it."""

    id: str
    is_forbid: bool
    approval: str | None


def read_policies(folder: Path | None) -> str:
    """Return the text of all `*.cedar` files of a folder, or of the shipped set.

    Raises:
        InvalidRequestError: the folder has no policies.
    """
    files = sorted((folder or _SHIPPED).glob("*.cedar"))
    if not files:
        raise InvalidRequestError(f"{folder} has no *.cedar files")
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def rules_of(policies: PolicySet) -> dict[str, Rule]:
    """Return what is known of each policy, by the id that Cedar gave it."""
    return {
        name: Rule(
            id=policy.annotations.get("id") or name,
            is_forbid=policy.effect == "forbid",
            approval=policy.annotations.get("approval") or None,
        )
        for name, policy in policies.to_pst().static_policies.items()
    }


def check(
    folder: Path | None = None, input_schemas: Iterable[Mapping[str, Any]] = ()
) -> list[Problem]:
    """Return what is wrong with the policies of a folder, or of the shipped set.

    A policy may name arguments only as the tools' `input_schemas` declare them: a misspelt one, or
    an optional one read without `has`, is a problem.
    """
    try:
        text = read_policies(folder)
        policies = PolicySet.from_str(text)
        rules = rules_of(policies)
    except (InvalidRequestError, ValueError) as error:
        return [Problem("", str(error))]
    schema = schema_text(input_schemas)
    found = validate_policies(text, schema)
    problems = [
        Problem(
            rules[error.policy_id].id if error.policy_id in rules else error.policy_id, error.error
        )
        for error in found.errors
    ]
    for name, policy in policies.to_pst().static_policies.items():
        problems += [
            Problem(rules[name].id, f"nothing has {member}: the condition never holds")
            for member in sorted(_asked_for(policy) - _declared(schema))
        ]
    counts = Counter(rule.id for rule in rules.values())
    problems += [Problem(id_, "two policies have this @id") for id_, n in counts.items() if n > 1]
    for name, rule in rules.items():
        if rule.id == name:
            problems.append(Problem(name, "a policy needs an @id: audit rows name it"))
        if rule.approval and not rule.is_forbid:
            problems.append(Problem(rule.id, "@approval belongs on a forbid"))
    return problems


def reads_arguments(policies: PolicySet) -> bool:
    """Say whether a policy looks at the arguments of calls, or at its context as a whole."""
    return any(_looks_at_arguments(policy) for policy in policies.to_pst().static_policies.values())


def _looks_at_arguments(node: object) -> bool:
    if node == _CONTEXT:
        return True
    if isinstance(node, GetAttr | HasAttr) and node.base == _CONTEXT:
        names = (node.attr,) if isinstance(node, GetAttr) else node.attrs
        return "args" in names
    return any(map(_looks_at_arguments, _parts(node)))


def schema_text(input_schemas: Iterable[Mapping[str, Any]] = ()) -> str:
    """Return the Cedar schema in which arguments are those that the tools declare.

    An argument to which two tools give different types is left out: no policy may rely on it.
    """
    types: dict[str, set[str]] = {}
    for schema in input_schemas:
        for name, type_ in _members(schema).items():
            types.setdefault(name, set()).add(type_)
    members = {name: found.pop() for name, found in types.items() if len(found) == 1}
    shipped = (_SHIPPED / "schema.cedarschema").read_text(encoding="utf-8")
    start = "namespace Switchgear {"
    return shipped.replace(start, f"{start}\n  type Arguments = {_record(members)};", 1)


def _asked_for(node: object) -> set[str]:
    """Return what a policy asks for with `has`, which Cedar's own validation lets pass."""
    found: set[str] = set()
    if isinstance(node, HasAttr) and isinstance(node.base, GetAttr) and node.base.base == _CONTEXT:
        found.add(f"context.{node.base.attr}.{node.attrs[0]}")
    return found.union(*map(_asked_for, _parts(node)))


def _parts(node: object) -> Iterable[object]:
    if isinstance(node, Mapping):
        return node.values()
    if isinstance(node, tuple | list | frozenset):
        return node
    return [getattr(node, part.name) for part in fields(node)] if _is_node(node) else ()


def _is_node(node: object) -> TypeGuard[Any]:
    return is_dataclass(node) and not isinstance(node, type)


def _declared(schema: str) -> set[str]:
    return {
        f"context.{place}.{member}"
        for place, type_ in (("args", "Arguments"), ("facts", "Facts"), ("limits", "Limits"))
        for block in re.findall(rf"type {type_} = {{(.*?)}};", schema, re.DOTALL)
        for member in re.findall(r'"?(\w+)"?\??:', block)
    }


def _members(schema: Mapping[str, Any]) -> dict[str, str]:
    members: dict[str, str] = {}
    for name, declared in schema.get("properties", {}).items():
        members |= _member(name, _not_null(declared))
    return members


def _member(name: str, declared: Mapping[str, Any]) -> dict[str, str]:
    kind = declared.get("type", "string" if "enum" in declared else None)
    if kind in _SCALARS:
        return {name: _SCALARS[kind]}
    if kind == "array":
        item = _SCALARS.get(_not_null(declared.get("items", {})).get("type", ""))
        members = {f"{name}_count": "Long"}
        return members | ({name: f"Set<{item}>"} if item in {"String", "Long"} else {})
    if kind == "object" and set(declared.get("properties", {})) == _MONEY:
        return {f"{name}_minor": "Long", f"{name}_currency": "String"}
    return {name: _record(_members(declared))} if kind == "object" else {}


def _not_null(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = [c for c in declared.get("anyOf", ()) if c.get("type") != "null"]
    return choices[0] if len(choices) == 1 else declared


def _record(members: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'"{name}"?: {type_}' for name, type_ in sorted(members.items())) + "}"
