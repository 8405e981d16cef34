"""Who is calling: a credential in, a principal out."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from switchgear_shared.errors import InvalidRequestError, UnauthenticatedError
from switchgear_shared.governance.agents import (
    DEFAULT_AGENTS,
    KEY_PREFIX,
    Agent,
    Agents,
)
from switchgear_shared.governance.keys import Keys
from switchgear_shared.governance.lru import Lru
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.scopes import narrowed
from switchgear_shared.governance.tokens import INTERNAL_AUDIENCE, Token, Tokens, Verified

__all__ = [
    "DEFAULT_AGENTS",
    "INTERNAL_AUDIENCE",
    "Agent",
    "Agents",
    "Authenticator",
    "Keys",
    "Token",
    "Tokens",
    "client_credentials",
]

_TRUSTED_S = 5.0
_CACHED = 4096


class Authenticator:
    """Turns an API key or an access token into the party behind it.

    What it found stays known for five seconds: the time a disabled agent, a revoked key (itself,
    or a token that was given for it) or a narrowed scope may still be honoured. Assertions of our
    own processes are taken as they are, where `audiences` has `switchgear:internal`.
    """

    def __init__(
        self,
        agents: Agents,
        tokens: Tokens,
        audiences: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._agents = agents
        self._tokens = tokens
        self._audiences = tuple(audiences)
        self._clock = clock
        self._known: Lru[bytes, tuple[Principal, float]] = Lru(_CACHED)

    async def authenticate(self, credential: str) -> Principal:
        """Return the party that shows `credential`.

        Raises:
            UnauthenticatedError: the credential does not hold; the message does not say why.
        """
        is_key = credential.startswith(KEY_PREFIX)
        verified = None if is_key else self._tokens.verify_claims(credential, self._audiences)
        if verified and INTERNAL_AUDIENCE in verified.audiences:
            return verified.principal
        digest = hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known and known[1] > self._clock():
            return known[0]
        self._known.forget(digest)
        if verified is None:
            principal = (await self._agents.by_key(credential)).agent.principal
        else:
            principal = await self._current(verified)
        self._known.put(digest, (principal, self._clock() + _TRUSTED_S))
        return principal

    async def _current(self, verified: Verified) -> Principal:
        shown = verified.principal
        agent = await self._agents.current(shown.id, shown.tenant, verified.api_key_id)
        if agent is None:
            raise UnauthenticatedError("the credential is not valid")
        scopes = narrowed(shown.scopes, agent.scopes)
        return replace(shown, kind=agent.kind, roles=agent.roles, scopes=scopes)


async def client_credentials(
    agents: Agents,
    tokens: Tokens,
    resources: Collection[str],
    *,
    client_id: str,
    client_secret: str,
    scope: str | None = None,
    resource: str | None = None,
) -> Token:
    """Return a token for a machine (OAuth 2.1 client credentials, RFC 8707 resource).

    `client_id` is the agent's id; `client_secret` one of its API keys, whole or only the secret.
    Without `resource` the first of `resources`, the ones tokens are given for, is meant. The token
    ends with the key.

    Raises:
        UnauthenticatedError: OAuth's invalid_client.
        InvalidRequestError: OAuth's invalid_target.
        PolicyDeniedError: OAuth's invalid_scope.
    """
    if client_secret.startswith(KEY_PREFIX):
        holder = await agents.by_key(client_secret)
    else:
        holder = await agents.by_secret(client_id, client_secret)
    agent = holder.agent
    if agent.id != client_id:
        raise UnauthenticatedError("the credential is not valid")
    audience = resource or next(iter(resources))
    if audience not in resources:
        raise InvalidRequestError("no tokens are given for this resource", field="resource")
    wanted: Iterable[str] | None = scope.split() if scope else None
    return tokens.issue(agent.principal, audience, wanted, api_key_id=holder.api_key_id)
