"""Which scopes lie within which: what may be granted to whom."""

from collections.abc import Iterable

from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.governance.principal import Principal

_EVERYTHING = "*"
_READ_FAMILY = "*.read"


def is_within(scope: str, own: Iterable[str]) -> bool:
    """Say whether everything that `scope` covers is covered by one of `own`."""
    return any(_contains(held, scope) for held in own)


def narrowed(wanted: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Return those of `wanted` that lie within `own`, in their order."""
    held = tuple(own)
    return tuple(scope for scope in wanted if is_within(scope, held))


def refuse_unbounded(scopes: Iterable[str]) -> None:
    """Raise PolicyDeniedError where a scope covers everything, which nobody is granted."""
    for scope in scopes:
        if not scope.strip(_EVERYTHING + "."):
            raise PolicyDeniedError(f"scope {scope} cannot be granted", field="scope")


def granted(principal: Principal, wanted: Iterable[str] | None) -> tuple[str, ...]:
    """Return the scopes a token for `principal` carries: all its own, or the part asked for.

    Raises:
        PolicyDeniedError: a scope is unbounded or beyond the principal's own.
    """
    scopes = tuple(dict.fromkeys(principal.scopes if wanted is None else wanted))
    refuse_unbounded(scopes)
    for scope in scopes:
        if not is_within(scope, principal.scopes):
            raise PolicyDeniedError(f"scope {scope} is beyond {principal.id}", field="scope")
    return scopes


def _contains(held: str, scope: str) -> bool:
    if held == scope:
        return True
    if held == _READ_FAMILY:
        return scope.endswith(".read")
    return held.endswith(".*") and len(held) > len(".*") and scope.startswith(held[:-1])
