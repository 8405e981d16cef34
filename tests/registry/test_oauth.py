"""How agents get a token: metadata, keys, and the client-credentials grant."""

import base64
from typing import Any

import httpx2
import pytest

from switchgear_shared.testing import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = {"grant_type": "client_credentials"}


async def key_of(served: Running, agent: str) -> str:
    return await served.host.agents.add_key(agent)


async def asked(
    served: Running, form: dict[str, Any], basic: tuple[str, str] | None = None
) -> httpx2.Response:
    headers: dict[str, str] = {}
    if basic is not None:
        pair = base64.b64encode(":".join(basic).encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    async with httpx2.AsyncClient(base_url=served.url) as http:
        return await http.post("/oauth/token", data={**FORM, **form}, headers=headers)


async def opens(served: Running, token: str, path: str) -> bool:
    """Say whether a token is honoured at a path, whatever the request is worth there."""
    async with httpx2.AsyncClient(base_url=served.url) as http:
        answer = await http.post(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code != 401


async def test_an_agent_gets_a_token_by_basic_and_by_post(served: Running) -> None:
    key = await key_of(served, "saver")
    secret = key.split("_", 2)[2]

    for form, basic in (
        ({}, ("saver", key)),
        ({}, ("saver", secret)),
        ({"client_id": "saver", "client_secret": key}, None),
    ):
        answer = await asked(served, form, basic)
        body = answer.json()

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert (body["token_type"], body["scope"]) == ("Bearer", "jars.* registry.*")
        assert 3590 <= body["expires_in"] <= 3600
        assert await opens(served, body["access_token"], "/jars/mcp")
        assert await opens(served, body["access_token"], "/mcp")


@pytest.mark.parametrize(
    "basic",
    [("saver", "wrong"), ("nobody", "wrong"), ("", ""), ("saver", "mcpk_0_x"), ("a:b", "c")],
)
async def test_a_wrong_secret_is_refused_whoever_it_is_for(
    served: Running, basic: tuple[str, str]
) -> None:
    answer = await asked(served, {}, basic)

    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_client", "error_description": "the credential is not valid"},
    )
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_the_key_of_one_agent_is_no_credential_of_another(served: Running) -> None:
    key = await key_of(served, "saver")

    assert (await asked(served, {}, ("spouse", key))).status_code == 401


async def test_a_revoked_key_is_refused(served: Running) -> None:
    key = await key_of(served, "spouse")
    await served.host.agents.revoke_key(key.split("_")[1])

    assert (await asked(served, {}, ("spouse", key))).status_code == 401


async def test_a_token_may_be_asked_for_with_fewer_scopes(served: Running) -> None:
    key = await key_of(served, "saver")

    body = (await asked(served, {"scope": "jars.jar.read"}, ("saver", key))).json()

    assert body["scope"] == "jars.jar.read"


@pytest.mark.parametrize("scope", ["crm.account.read", "*", "jars.* erp.*"])
async def test_scopes_beyond_the_agents_own_are_refused(served: Running, scope: str) -> None:
    key = await key_of(served, "saver")

    answer = await asked(served, {"scope": scope}, ("saver", key))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_a_token_for_a_resource_opens_that_one_only(served: Running) -> None:
    key = await key_of(served, "saver")

    body = (await asked(served, {"resource": f"{served.url}/jars/mcp"}, ("saver", key))).json()

    token = body["access_token"]
    assert await opens(served, token, "/jars/mcp")
    for elsewhere in ("/mcp", "/registry/mcp", "/jars/sse", "/sse", "/metrics"):
        assert not await opens(served, token, elsewhere), elsewhere


@pytest.mark.parametrize(
    "resource", ["https://elsewhere.example/mcp", "/jars/mcp", "switchgear:internal"]
)
async def test_no_token_is_given_for_what_is_not_ours(served: Running, resource: str) -> None:
    key = await key_of(served, "saver")

    answer = await asked(served, {"resource": resource}, ("saver", key))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


async def test_another_grant_is_not_supported(served: Running) -> None:
    key = await key_of(served, "saver")

    answer = await asked(served, {"grant_type": "password"}, ("saver", key))

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"grant_type":"client_credentials"}', "application/json"),
        (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(99)), "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_form_is_refused(
    served: Running, content: bytes, content_type: str
) -> None:
    async with httpx2.AsyncClient(base_url=served.url) as http:
        answer = await http.post(
            "/oauth/token", content=content, headers={"content-type": content_type}
        )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("encoded", ["%%%", "bm9jb2xvbg==", "/w==", "x"])
async def test_a_broken_basic_header_is_refused(served: Running, encoded: str) -> None:
    async with httpx2.AsyncClient(base_url=served.url) as http:
        answer = await http.post(
            "/oauth/token", data=FORM, headers={"Authorization": f"Basic {encoded}"}
        )

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_the_authorization_server_describes_itself(served: Running) -> None:
    async with httpx2.AsyncClient(base_url=served.url) as http:
        metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
        keys = (await http.get("/.well-known/jwks.json")).json()["keys"]

    assert metadata["issuer"] == served.url
    assert metadata["token_endpoint"] == f"{served.url}/oauth/token"
    assert metadata["jwks_uri"] == f"{served.url}/.well-known/jwks.json"
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/jars/mcp", "/jars/sse", "/crm/mcp", "/api"])
async def test_every_resource_has_its_metadata(served: Running, path: str) -> None:
    async with httpx2.AsyncClient(base_url=served.url) as http:
        metadata = (await http.get(f"/.well-known/oauth-protected-resource{path}")).json()

    assert metadata == {
        "resource": f"{served.url}{path}",
        "authorization_servers": [served.url],
        "bearer_methods_supported": ["header"],
        "resource_name": "Switchgear",
    }


async def test_what_is_no_resource_has_no_metadata(served: Running) -> None:
    async with httpx2.AsyncClient(base_url=served.url) as http:
        unknown = await http.get("/.well-known/oauth-protected-resource/nowhere/mcp")
        default = await http.get("/.well-known/oauth-protected-resource")

    assert unknown.status_code == 404
    assert default.json()["resource"] == f"{served.url}/mcp"
