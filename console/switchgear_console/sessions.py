"""Who is signed in: a credential shown once becomes a cookie that is good for the console alone."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from switchgear_shared.errors import InvalidRequestError, UnauthenticatedError
from switchgear_shared.governance.agents import KEY_PREFIX
from switchgear_shared.governance.identity import Agents, Authenticator, Tokens
from switchgear_shared.governance.principal import Principal
from switchgear_shared.observability.logs import logger
from switchgear_shared.part import AUDIENCE

log = logger(__name__)

COOKIE = "switchgear-console"
_PATH = "/console"
_MOST_COOKIE_CHARS = 3800
_FORM_TOKEN = b"switchgear console form"
_MOST_CLOCK_SKEW_S = 60


@dataclass(frozen=True, slots=True)
class Session:
    """A party that is signed in; `form_token` proves that a form came from a page of theirs."""

    principal: Principal
    form_token: str
    expires_at: datetime

    def may(self, permission: str) -> bool:
        """Say whether the scopes cover it; policy may still refuse the call itself."""
        return self.principal.holds(permission)


class Sessions:
    """Opens, finds and closes sessions.

    The cookie is a token for the console as audience: no other door takes it. It ends with the
    token that was shown, at the latest after the lifetime of tokens, and with the API key that was
    shown or that the token was given for. The register is asked as for every other token: who is
    disabled, or whose key was revoked, is out within five seconds. What was signed out is refused
    by this process; elsewhere, and after a restart, it ends by itself.
    """

    def __init__(
        self,
        agents: Agents,
        tokens: Tokens,
        *,
        public_url: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._agents = agents
        self._tokens = tokens
        self._audience = f"{public_url}{_PATH}"
        self._is_https = public_url.startswith("https:")
        self._shown = Authenticator(agents, tokens, (AUDIENCE,))
        self._kept = Authenticator(agents, tokens, (self._audience,))
        self._clock = clock
        self._closed: dict[bytes, float] = {}

    async def open(self, credential: str) -> tuple[str, int]:
        """Return a cookie's value for who shows a credential, and its seconds to live.

        Raises:
            UnauthenticatedError: the credential does not hold, or holds for something else.
            InvalidRequestError: it names more scopes than a cookie can carry.
        """
        left_s: int | None = None
        if credential.startswith(KEY_PREFIX):
            holder = await self._agents.by_key(credential)
            principal, api_key_id = holder.agent.principal, holder.api_key_id
        else:
            principal = await self._shown.authenticate(credential)
            verified = self._tokens.verify_claims(credential, AUDIENCE)
            api_key_id, left_s = verified.api_key_id, int(verified.expires_at_s - self._clock())
            if left_s < 1:
                raise UnauthenticatedError("the credential has expired")
        token = self._tokens.issue(principal, self._audience, ttl_s=left_s, api_key_id=api_key_id)
        if len(token.token) > _MOST_COOKIE_CHARS:
            raise InvalidRequestError("the credential has too many scopes: ask for fewer")
        log.info("signed in", principal=principal.id, tenant=principal.tenant)
        return token.token, int(token.expires_at.timestamp() - self._clock())

    async def of(self, request: Request) -> Session | None:
        """Return the session whose cookie the request carries, None where none holds."""
        return await self.find(request.cookies.get(COOKIE, ""))

    async def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie's value, None where it does not hold."""
        if not cookie or _digest(cookie) in self._closed:
            return None
        try:
            principal = await self._kept.authenticate(cookie)
            expires_at_s = self._tokens.verify_claims(cookie, self._audience).expires_at_s
        except UnauthenticatedError:
            return None
        expires_at = datetime.fromtimestamp(expires_at_s, UTC)
        return Session(principal, _form_token(cookie), expires_at)

    def close(self, request: Request) -> None:
        """Refuse the request's cookie from now on."""
        now = self._clock()
        self._closed = {cookie: until for cookie, until in self._closed.items() if until > now}
        cookie = request.cookies.get(COOKIE, "")
        try:
            verified = self._tokens.verify_claims(cookie, self._audience)
        except UnauthenticatedError:
            return
        log.info("signed out", principal=verified.principal.id)
        self._closed[_digest(cookie)] = verified.expires_at_s + _MOST_CLOCK_SKEW_S

    def keep(self, response: Response, request: Request, cookie: str, ttl_s: int) -> None:
        """Give the browser the cookie: for no script, for no foreign page."""
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=ttl_s,
            path=_PATH,
            httponly=True,
            samesite="strict",
            secure=self._is_https or request.url.scheme == "https",
        )

    def forget(self, response: Response) -> None:
        """Take the cookie from the browser."""
        response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict")


def is_same(given: str, expected: str) -> bool:
    """Compare two form tokens in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _form_token(cookie: str) -> str:
    return hmac.new(_FORM_TOKEN, cookie.encode(), hashlib.sha256).hexdigest()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
