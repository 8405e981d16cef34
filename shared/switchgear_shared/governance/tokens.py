"""Access tokens (RFC 9068) and the short-lived assertions between our own processes."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, cast

from joserfc import jwt
from joserfc.errors import JoseError

from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import InvalidRequestError, UnauthenticatedError
from switchgear_shared.governance.keys import Keys
from switchgear_shared.governance.lru import Lru
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.scopes import granted

INTERNAL_AUDIENCE = "switchgear:internal"
_ALGORITHM = "ES256"
_TYPE = "at+jwt"
_LEEWAY_S = 5
_MAX_CHARS = 16 * 1024
_ASSERTION_TTL_S = 60
_ASSERTION_LEFT_S = 30
_CACHED = 4096
_KINDS = ("agent", "person", "service")

WallClock = Callable[[], float]
"""Seconds since the epoch; `time.time` outside tests."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what it says."""

    token: str
    agent: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token that holds says; `api_key_id` is that of the key it was given for."""

    principal: Principal
    audiences: frozenset[str]
    expires_at_s: float
    api_key_id: str | None = None


class Tokens:
    """Issues and verifies tokens signed with this installation's key."""

    def __init__(self, keys: Keys, issuer: str, ttl_s: int, clock: WallClock = time.time) -> None:
        self._keys = keys
        self._issuer = issuer
        self._ttl_s = ttl_s
        self._clock = clock
        self._verified: Lru[bytes, Verified] = Lru(_CACHED)
        self._assertions: Lru[tuple[Principal, str], Token] = Lru(_CACHED)

    def issue(
        self,
        principal: Principal,
        audience: str,
        scopes: Iterable[str] | None = None,
        ttl_s: int | None = None,
        api_key_id: str | None = None,
    ) -> Token:
        """Return a token for `audience` with the scopes asked for, or all that the party has.

        Given for an API key, it holds only as long as the key does.

        Raises:
            PolicyDeniedError: a scope is unbounded or beyond the party's own.
            InvalidRequestError: the audience is reserved for our own processes.
        """
        if audience == INTERNAL_AUDIENCE:
            raise InvalidRequestError(f"{audience} is not for tokens", field="resource")
        ttl_s = min(ttl_s or self._ttl_s, self._ttl_s)
        scopes = granted(principal, scopes)
        return self._sign(principal, audience, scopes, ttl_s, api_key_id)

    def assertion(self, principal: Principal, audience: str = INTERNAL_AUDIENCE) -> str:
        """Return a token by which one of our processes tells another who is calling.

        It lives a minute and is made anew when half of that is over.
        """
        known = self._assertions.get((principal, audience))
        if known and known.expires_at.timestamp() - self._clock() > _ASSERTION_LEFT_S:
            return known.token
        token = self._sign(principal, audience, principal.scopes, _ASSERTION_TTL_S)
        self._assertions.put((principal, audience), token)
        return token.token

    def verify(self, token: str, audience: str | Collection[str]) -> Principal:
        """Return the party behind a token meant for `audience` (or one of several).

        Raises:
            UnauthenticatedError: the token does not hold, for whatever reason.
        """
        return self.verify_claims(token, audience).principal

    def verify_claims(self, token: str, audience: str | Collection[str]) -> Verified:
        """Return all that a token meant for `audience` says. See `verify`."""
        if len(token) > _MAX_CHARS:
            _refuse()
        key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        verified = self._verified.get(key)
        if verified is None:
            verified = self._read(token)
            self._verified.put(key, verified)
        if self._clock() >= verified.expires_at_s + _LEEWAY_S:
            self._verified.forget(key)
            raise UnauthenticatedError("the credential has expired")
        wanted = (audience,) if isinstance(audience, str) else audience
        if verified.audiences.isdisjoint(wanted):
            _refuse()
        return verified

    def jwks(self) -> dict[str, Any]:
        """Return the public keys that tokens verify with."""
        return self._keys.jwks()

    def _sign(
        self,
        principal: Principal,
        audience: str,
        scopes: tuple[str, ...],
        ttl_s: int,
        api_key_id: str | None = None,
    ) -> Token:
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "sub": principal.id,
            "exp": now + ttl_s,
            "nbf": now,
            "iat": now,
            "jti": new_id("jti"),
            "client_id": principal.id,
            "scope": " ".join(scopes),
            "tenant": principal.tenant,
            "roles": list(principal.roles),
            "kind": principal.kind,
        }
        if principal.requested_by is not None:
            claims["requested_by"] = principal.requested_by
        if api_key_id is not None:
            claims["api_key_id"] = api_key_id
        key = self._keys.signing
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": key.kid}
        return Token(
            token=jwt.encode(header, claims, key, algorithms=[_ALGORITHM]),
            agent=principal.id,
            scopes=scopes,
            expires_at=datetime.fromtimestamp(now + ttl_s, UTC),
        )

    def _read(self, token: str) -> Verified:
        try:
            read = jwt.decode(token, self._keys.signing, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError) as error:
            raise UnauthenticatedError("the credential is not valid") from error
        if read.header.get("typ") != _TYPE or read.header.get("kid") != self._keys.signing.kid:
            _refuse()
        return self._check(read.claims)

    def _check(self, claims: dict[str, Any]) -> Verified:
        now = self._clock()
        if claims.get("iss") != self._issuer:
            _refuse()
        expires_at_s = _seconds(claims.get("exp"))
        if _seconds(claims.get("nbf", 0)) > now + _LEEWAY_S:
            _refuse()
        if _seconds(claims.get("iat", 0)) > now + _LEEWAY_S:
            _refuse()
        audience = claims.get("aud")
        audiences = _strings([audience] if isinstance(audience, str) else audience)
        kind = claims.get("kind")
        if kind not in _KINDS:
            _refuse()
        requested_by, api_key_id = claims.get("requested_by"), claims.get("api_key_id")
        principal = Principal(
            id=_string(claims.get("sub")),
            kind=kind,
            tenant=TenantId(_string(claims.get("tenant"))),
            roles=_strings(claims.get("roles")),
            scopes=tuple(str(claims.get("scope", "")).split()),
            requested_by=None if requested_by is None else _string(requested_by),
        )
        key = None if api_key_id is None else _string(api_key_id)
        return Verified(principal, frozenset(audiences), expires_at_s, key)


def _refuse() -> NoReturn:
    raise UnauthenticatedError("the credential is not valid")


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse()
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str) or not value:
        _refuse()
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        _refuse()
    return tuple(_string(item) for item in cast("list[Any]", value))
