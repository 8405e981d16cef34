"""Tokens: what is issued, and every forged one that is refused."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from switchgear_shared.errors import InvalidRequestError, PolicyDeniedError, UnauthenticatedError
from switchgear_shared.governance.identity import INTERNAL_AUDIENCE, Keys, Tokens
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.tokens import Token

ISSUER = "http://127.0.0.1:8080"
AUDIENCE = "http://127.0.0.1:8080/mcp"
NOW = 1_800_000_000
CLERK = Principal("clerk", "person", roles=("clerk",), scopes=("*.read", "documents.review.*"))

Forge = Callable[[dict[str, Any], Keys], str]


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(keys: Keys, clock: Clock) -> Tokens:
    return Tokens(keys, ISSUER, 3600, clock)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed(claims: dict[str, Any], keys: Keys, **header: Any) -> str:
    key = keys.signing
    whole = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, **header}
    return jwt.encode(whole, claims, key, algorithms=["ES256"])


def unsigned(claims: dict[str, Any], keys: Keys) -> str:
    header = {"alg": "none", "typ": "at+jwt", "kid": keys.signing.kid}
    parts = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims)
    ]
    return b".".join([*parts, b""]).decode()


def hmac_with_public_key(claims: dict[str, Any], keys: Keys) -> str:
    public = json.dumps(keys.signing.as_dict(private=False)).encode()
    header = {"alg": "HS256", "typ": "at+jwt", "kid": keys.signing.kid}
    return jwt.encode(header, claims, OctKey.import_key(public), algorithms=["HS256"])


def forged_with_same_kid(claims: dict[str, Any], keys: Keys) -> str:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": keys.signing.kid}
    return jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


def tampered(claims: dict[str, Any], keys: Keys) -> str:
    head, _, signature = signed(claims, keys).split(".")
    changed = json.dumps({**claims, "scope": "erp.*"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"


def without(name: str) -> Forge:
    return lambda claims, keys: signed({k: v for k, v in claims.items() if k != name}, keys)


def with_(**changes: Any) -> Forge:
    return lambda claims, keys: signed({**claims, **changes}, keys)


ATTACKS: dict[str, Forge] = {
    "wrong audience": with_(aud="http://other/mcp"),
    "no audience": without("aud"),
    "wrong issuer": with_(iss=ISSUER + "/"),
    "no issuer": without("iss"),
    "expired": with_(exp=NOW - 6),
    "no expiry": without("exp"),
    "expiry as text": with_(exp=str(NOW + 60)),
    "not yet valid": with_(nbf=NOW + 60),
    "issued in the future": with_(iat=NOW + 60),
    "no subject": without("sub"),
    "no tenant": without("tenant"),
    "unknown kind": with_(kind="god"),
    "an ID token": lambda claims, keys: signed(claims, keys, typ="JWT"),
    "unknown kid": lambda claims, keys: signed(claims, keys, kid="another"),
    "algorithm none": unsigned,
    "HS256 with the public key": hmac_with_public_key,
    "forged key of the same kid": forged_with_same_kid,
    "tampered": tampered,
    "17 kB": with_(padding="x" * 13_000),
    "100 kB": with_(padding="x" * 100_000),
    "not a token": lambda _claims, _keys: "a.b.c",
    "empty": lambda _claims, _keys: "",
    "lone surrogates": lambda _claims, _keys: "\ud800.\ud800.\ud800",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_does_not_hold_is_refused(attack: str, tokens: Tokens, keys: Keys) -> None:
    claims = claims_of(tokens.issue(CLERK, AUDIENCE).token)
    assert tokens.verify(signed(claims, keys), AUDIENCE) == CLERK

    with pytest.raises(UnauthenticatedError) as caught:
        tokens.verify(ATTACKS[attack](claims, keys), AUDIENCE)

    assert caught.value.message in {"the credential is not valid", "the credential has expired"}


def test_a_token_says_who_for_whom_and_how_long(tokens: Tokens) -> None:
    acting = Principal("workflows", "service", scopes=("erp.*",), requested_by="clerk")

    token = tokens.issue(acting, AUDIENCE, ["erp.invoice.post"], ttl_s=60)

    claims = claims_of(token.token)
    jti = claims.pop("jti")
    assert token == Token(
        token.token,
        "workflows",
        ("erp.invoice.post",),
        datetime.fromtimestamp(NOW + 60, UTC),
    )
    assert jti.startswith("jti_")
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "workflows",
        "exp": NOW + 60,
        "nbf": NOW,
        "iat": NOW,
        "client_id": "workflows",
        "scope": "erp.invoice.post",
        "tenant": "default",
        "roles": [],
        "kind": "service",
        "requested_by": "clerk",
    }


@pytest.mark.parametrize("scope", ["*", "*.*", "erp.invoice.post", "documents.*", "doc*", ""])
def test_a_scope_beyond_the_agents_own_is_not_granted(scope: str, tokens: Tokens) -> None:
    with pytest.raises(PolicyDeniedError):
        tokens.issue(CLERK, AUDIENCE, [scope])


@pytest.mark.parametrize(
    "scope", ["*.read", "erp.invoice.read", "documents.review.*", "documents.review.decide"]
)
def test_a_scope_within_the_agents_own_is_granted(scope: str, tokens: Tokens) -> None:
    assert tokens.issue(CLERK, AUDIENCE, [scope]).scopes == (scope,)


def test_an_agent_that_holds_everything_gets_no_token_for_everything(tokens: Tokens) -> None:
    with pytest.raises(PolicyDeniedError):
        tokens.issue(Principal("root", "agent", scopes=("*",)), AUDIENCE)


def test_a_verified_token_is_remembered_no_longer_than_it_is_valid(
    tokens: Tokens, clock: Clock
) -> None:
    token = tokens.issue(CLERK, AUDIENCE, ttl_s=60).token
    assert tokens.verify(token, AUDIENCE) == CLERK

    clock.now += 64
    assert tokens.verify(token, AUDIENCE) == CLERK
    clock.now += 1
    with pytest.raises(UnauthenticatedError, match="has expired"):
        tokens.verify(token, AUDIENCE)


def test_a_remembered_token_is_still_refused_for_another_audience(tokens: Tokens) -> None:
    token = tokens.issue(CLERK, AUDIENCE).token
    tokens.verify(token, AUDIENCE)

    with pytest.raises(UnauthenticatedError):
        tokens.verify(token, "http://other/mcp")


def test_an_assertion_is_for_our_own_processes_and_lives_a_minute(
    tokens: Tokens, clock: Clock
) -> None:
    first = tokens.assertion(CLERK)
    clock.now += 29
    assert tokens.assertion(CLERK) == first
    clock.now += 2
    second = tokens.assertion(CLERK)

    assert second != first
    assert tokens.verify(first, INTERNAL_AUDIENCE) == CLERK
    with pytest.raises(UnauthenticatedError):
        tokens.verify(first, AUDIENCE)
    clock.now += 40
    with pytest.raises(UnauthenticatedError):
        tokens.verify(first, INTERNAL_AUDIENCE)


def test_nobody_is_issued_a_token_for_our_own_processes(tokens: Tokens) -> None:
    with pytest.raises(InvalidRequestError):
        tokens.issue(CLERK, INTERNAL_AUDIENCE)


def test_the_published_keys_hold_no_private_part(tokens: Tokens, keys: Keys) -> None:
    public = tokens.jwks()["keys"][0]

    assert set(public) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert public["kid"] == keys.signing.kid


def test_a_key_that_another_process_made_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[str | None] = []
    link = os.link

    def overtaken(source: str, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        others.append(Keys(tmp_path).signing.kid)
        link(source, target)

    monkeypatch.setattr(os, "link", overtaken)

    assert [Keys(tmp_path).signing.kid] == others


def test_processes_that_start_at_once_agree_on_a_key_only_its_owner_reads(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from switchgear_shared.governance.identity import "
        "Keys; sys.stdin.readline(); print(Keys(Path(sys.argv[1])).signing.kid)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()

    kids = {process.communicate(timeout=60)[0].strip() for process in started}

    assert kids == {Keys(tmp_path).signing.kid}
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["signing.pem"]
    assert os.stat(tmp_path / "keys" / "signing.pem").st_mode & 0o777 == 0o600  # noqa: PTH116 - the mode is the point
