"""Every route of the suite: who is let in, told where to get a credential, or turned away."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from switchgear_shared.application import Application
from switchgear_shared.governance.identity import Keys, Tokens
from switchgear_shared.part import AUDIENCE, BuildFace, installed_faces, installed_servers
from switchgear_shared.runtime import Runtime, new_host
from switchgear_shared.server import ISSUER, Host
from switchgear_shared.testing import free_port, running, settings_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = {
    "/healthz",
    "/readyz",
    "/oauth/token",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/{path:path}",
    "/.well-known/jwks.json",
    "/v0.1/servers",
    "/v0.1/servers/{name:path}/versions",
    "/v0.1/servers/{name:path}/versions/{version}",
    "/api/docs",
    "/api/openapi.json",
}


class Suite:
    """All installed servers as one application, asked without a network."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.app: Starlette = Application(host, Runtime(host, None), {}).asgi()
        doors = [build(host.context()).prefix for build in installed_builds()]
        self.paths = [
            path
            for route in self.app.routes
            if getattr(route, "path", "") not in doors  # a face has a door of its own
            for path in paths_of(route)
        ]
        self.guarded = [path for path in self.paths if path not in PUBLIC]

    def client(self, **headers: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app),
            base_url=self.host.public_url,
            headers=headers,
        )

    async def token(self, audience: str, *, party: str = "assistant") -> str:
        agent = await self.host.agents.get(party)
        return self.host.tokens.issue(agent.principal, audience).token


def installed_builds() -> list[BuildFace]:
    return [point.load() for point in installed_faces().values()]


def paths_of(route: BaseRoute) -> list[str]:
    """Return a route's path; of a mounted app a path that it has, one it has not, its own docs."""
    if isinstance(route, Mount):
        inner = [path for sub in route.routes or () for path in paths_of(sub)]
        own = [f"{route.path}{path}" for path in inner]
        docs = [f"{route.path}/docs", f"{route.path}/openapi.json"]
        return [*own, f"{route.path}/no-such-path", *docs]
    assert isinstance(route, Route)
    return [route.path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    host, _ = new_host(settings_for(tmp_path_factory.mktemp("routes") / "data"))
    await host.open(installed_servers())
    yield Suite(host)
    await host.close()


async def test_the_public_routes_are_these_and_no_others(suite: Suite) -> None:
    async with suite.client() as http:
        answers = {path: (await http.get(concrete(path))).status_code for path in suite.paths}

    assert {path for path, status in answers.items() if status != 401} == PUBLIC


def concrete(path: str) -> str:
    return (
        path.replace("{name:path}", "io.switchgear/crm")
        .replace("{path:path}", "mcp")
        .replace("{version}", "latest")
    )


async def test_every_server_has_its_routes(suite: Suite) -> None:
    wanted = {
        f"/{name}{path}" for name in installed_servers() for path in ("/mcp", "/sse", "/messages/")
    }

    assert wanted | {"/mcp", "/sse", "/messages/", "/metrics"} <= set(suite.paths)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT"])
async def test_a_missing_credential_is_challenged_on_every_route(suite: Suite, method: str) -> None:
    """RFC 9728: the challenge leads to metadata of the very resource."""
    async with suite.client() as http:
        for path in suite.guarded:
            answer = await http.request(method, path)

            assert answer.status_code == 401, path
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith('Bearer resource_metadata="'), path
            assert "error=" not in challenge, path
            url = challenge.split('"')[1]
            metadata = (await http.get(urlsplit(url).path)).json()
            assert metadata["authorization_servers"] == [suite.host.public_url], path
            resource = metadata["resource"].removeprefix(suite.host.public_url)
            is_sse = path.endswith("/messages/")
            assert path.startswith(resource) or (is_sse and resource.endswith("/sse")), path


async def bad_tokens(suite: Suite, tmp_path: Path) -> dict[str, str]:
    agent = (await suite.host.agents.get("assistant")).principal
    own = Keys(suite.host.settings.data)
    past = Tokens(own, ISSUER, 60, clock=lambda: time.time() - 3600)
    of_another = Tokens(own, "urn:elsewhere", 60)
    strange = Tokens(Keys(tmp_path), ISSUER, 60)
    good = await suite.token(AUDIENCE)
    return {
        "expired": f"Bearer {past.issue(agent, AUDIENCE).token}",
        "of another issuer": f"Bearer {of_another.issue(agent, AUDIENCE).token}",
        "signed by another": f"Bearer {strange.issue(agent, AUDIENCE).token}",
        "for another": f"Bearer {await suite.token('https://elsewhere.example/mcp')}",
        "tampered": f"Bearer {good[:-4]}AAAA",
        "no token": "Bearer x",
        "empty": "Bearer ",
        "another scheme": f"Basic {good}",
        "no key": "Bearer mcpk_0123456789abcdef_secret",
    }


async def test_a_credential_that_does_not_hold_opens_no_route(suite: Suite, tmp_path: Path) -> None:
    for kind, credential in (await bad_tokens(suite, tmp_path)).items():
        async with suite.client(Authorization=credential) as http:
            for path in suite.guarded:
                answer = await http.post(path)

                assert answer.status_code == 401, (kind, path)
                assert 'error="invalid_token"' in answer.headers["www-authenticate"], (kind, path)
                assert answer.json()["error"]["code"] == "unauthenticated", (kind, path)


async def test_a_credential_in_the_query_or_sent_twice_opens_no_route(suite: Suite) -> None:
    token = await suite.token(AUDIENCE)
    async with suite.client() as http:
        for path in suite.guarded:
            by_query = await http.post(path, params={"access_token": token})
            twice = await http.post(
                path,
                headers=[
                    ("Authorization", f"Bearer {token}"),
                    ("Authorization", f"Bearer {token}"),
                ],
            )

            assert (by_query.status_code, twice.status_code) == (401, 401), path


async def test_a_token_for_one_resource_opens_that_one_only(suite: Suite) -> None:
    base = suite.host.public_url
    async with suite.client(Authorization=f"Bearer {await suite.token(f'{base}/crm/mcp')}") as http:
        for path in suite.guarded:
            if path != "/crm/mcp":
                assert (await http.post(path)).status_code == 401, path


async def test_a_foreign_host_is_turned_away_on_every_route(suite: Suite) -> None:
    token = await suite.token(AUDIENCE)
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example"):
        async with suite.client(Host=host, Authorization=f"Bearer {token}") as http:
            for path in suite.paths:
                assert (await http.get(concrete(path))).status_code == 421, (host, path)


async def test_a_foreign_origin_is_turned_away_on_every_route(suite: Suite) -> None:
    token = await suite.token(AUDIENCE)
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        async with suite.client(Origin=origin, Authorization=f"Bearer {token}") as http:
            for path in suite.paths:
                assert (await http.get(concrete(path))).status_code == 403, (origin, path)


async def test_an_origin_of_our_own_is_let_in(suite: Suite) -> None:
    async with suite.client(Origin=suite.host.public_url) as http:
        assert (await http.get("/healthz")).json() == {"healthy": True}


async def test_hosts_that_the_operator_names_are_let_in(tmp_path: Path) -> None:
    host, _ = new_host(settings_for(tmp_path / "data", allowed_hosts=("switch.example",)))
    await host.open([])
    async with Suite(host).client(Host="switch.example") as http:
        assert (await http.get("/healthz")).status_code == 200
    await host.close()


async def test_readiness_waits_for_the_messaging_side(suite: Suite) -> None:
    async with suite.client() as http:
        answer = await http.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        503,
        {
            "ready": False,
            "servers": list(installed_servers()),
            "waiting_for": list(installed_servers()),
        },
    )


async def test_the_suite_is_ready_once_every_process_behind_it_is(tmp_path: Path) -> None:
    async def readiness(upstreams: dict[str, str]) -> tuple[int, list[str]]:
        settings = settings_for(tmp_path / "registry")
        async with (
            running(settings, ["registry"], upstreams=upstreams) as front,
            httpx2.AsyncClient() as http,
        ):
            answer = await http.get(f"{front.url}/readyz")
            return answer.status_code, answer.json()["waiting_for"]

    async with running(settings_for(tmp_path / "crm"), ["crm"]) as crm:
        nobody = f"http://127.0.0.1:{free_port()}"
        assert await readiness({"crm": crm.url, "erp": nobody}) == (503, ["erp"])
        assert await readiness({"crm": crm.url}) == (200, [])


async def test_metrics_show_every_backend(suite: Suite) -> None:
    async with suite.client(Authorization=f"Bearer {await suite.token(AUDIENCE)}") as http:
        answer = await http.get("/metrics")

    assert answer.status_code == 200
    for name in ("crm/sql", "erp/sql", "registry/catalogue"):
        line = f'switchgear_breaker_state{{backend="{name}",state="closed"}} 1.0'
        assert line in answer.text, name


async def test_a_server_alone_is_at_the_root_too(tmp_path: Path) -> None:
    host, _ = new_host(settings_for(tmp_path / "data"))
    await host.open(["crm"])
    alone = Suite(host)
    async with alone.client() as http:
        challenge = (await http.post("/mcp")).headers["www-authenticate"]
        metadata = (await http.get(urlsplit(challenge.split('"')[1]).path)).json()
        unknown = await http.get("/.well-known/oauth-protected-resource/erp/mcp")
    await host.close()

    assert {"/mcp", "/crm/mcp", "/sse", "/crm/sse"} <= set(alone.paths)
    assert metadata["resource"] == f"{host.public_url}/mcp"
    assert unknown.status_code == 404
