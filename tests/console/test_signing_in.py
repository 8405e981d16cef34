"""Who gets in, what the browser keeps of it, and what a form is good for."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.routing import Route

from console.person import OUR_PAGE, Page, signed_in, visitor
from journeys.desk import Desk, opened
from switchgear_console.server import build
from switchgear_console.sessions import Sessions
from switchgear_shared.errors import UnauthenticatedError
from switchgear_shared.governance.agents import Agent
from switchgear_shared.governance.identity import Keys, Tokens, client_credentials
from switchgear_shared.part import AUDIENCE
from switchgear_shared.server import ISSUER
from switchgear_shared.testing import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUEUE = "/reviews"


async def test_a_token_becomes_a_cookie_that_no_script_and_no_other_door_can_use(
    desk: Desk,
) -> None:
    async with visitor(desk) as person:
        door = await person.get(QUEUE)
        entered = await person.sign_in(await desk.running.token("clerk"), next=door.value("next"))
        inside = await person.get(QUEUE)
        cookie = person.http.cookies["switchgear-console"]
        elsewhere = await person.http.get(
            "/api/v1/reviews", headers={"Authorization": f"Bearer {cookie}"}
        )
        metrics = await person.http.get("/metrics", headers={"Authorization": f"Bearer {cookie}"})

    assert (door.status, entered.status, inside.status) == (401, 303, 200)
    assert entered.answer.headers["location"] == "/console/reviews"
    given = entered.answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/console"} <= set(given.split("; "))
    assert "Secure" not in given
    assert (elsewhere.status_code, metrics.status_code) == (401, 401)


async def test_behind_https_the_cookie_travels_by_https_alone(tmp_path: Path) -> None:
    public_url = "https://desk.example"
    async with (
        opened(tmp_path / "data", names=("registry",), public_url=public_url) as own,
        visitor(own) as person,
    ):
        entered = await person.sign_in(await own.running.token("clerk"))

    assert "Secure" in entered.answer.headers["set-cookie"].split("; ")


async def test_an_api_key_opens_a_session_too_and_is_not_in_the_cookie(desk: Desk) -> None:
    key = await desk.running.host.agents.add_key("clerk")
    async with visitor(desk) as person:
        entered = await person.sign_in(f" {key} ")
        inside = await person.get(QUEUE)

    assert (entered.status, inside.status) == (303, 200)
    assert key.rsplit("_", 1)[1] not in entered.answer.headers["set-cookie"]


@pytest.mark.parametrize("credential", ["", "nonsense", "mcpk_0_0", "a" * 20_000])
async def test_what_is_no_credential_opens_nothing(desk: Desk, credential: str) -> None:
    async with visitor(desk) as person:
        refused = await person.sign_in(credential, next="/console/reviews?type=invoice")

    assert refused.status == 401
    assert "set-cookie" not in refused.answer.headers
    assert refused.told("alert").startswith("Unauthenticated:")
    assert refused.value("next") == "/console/reviews?type=invoice"


async def test_a_token_meant_for_something_else_opens_nothing(desk: Desk) -> None:
    agent = await desk.running.host.agents.get("clerk")
    other = desk.running.host.tokens.issue(agent.principal, f"{desk.running.url}/mcp").token
    ours = desk.running.host.tokens.assertion(agent.principal)
    async with visitor(desk) as person:
        assert (await person.sign_in(other)).status == 401
        assert (await person.sign_in(ours)).status == 401


async def test_a_session_ends_with_the_token_that_opened_it(desk: Desk) -> None:
    agent = await desk.running.host.agents.get("clerk")
    token = desk.running.host.tokens.issue(agent.principal, AUDIENCE, ttl_s=70)
    async with visitor(desk) as person:
        entered = await person.sign_in(token.token)

    parts = dict(
        p.split("=", 1) for p in entered.answer.headers["set-cookie"].split("; ") if "=" in p
    )
    assert 60 <= int(parts["Max-Age"]) <= 70


async def test_a_session_ends_with_the_api_key_that_opened_it(desk: Desk) -> None:
    agents = desk.running.host.agents
    kept, lost = await agents.add_key("clerk"), await agents.add_key("clerk")
    async with visitor(desk) as person, visitor(desk) as other:
        await person.sign_in(lost)
        await other.sign_in(kept)
        assert (await person.get(QUEUE)).status == 200
        await agents.revoke_key(lost.split("_")[1])
        assert (await person.sign_in(lost)).status == 401

        async def is_out() -> bool:
            return (await person.get(QUEUE)).status == 401

        assert await until(is_out, every_s=0.5)
        assert (await other.get(QUEUE)).status == 200


async def test_a_session_ends_with_the_key_that_its_token_was_given_for(desk: Desk) -> None:
    agents = desk.running.host.agents
    key = await agents.add_key("clerk")
    token = await client_credentials(
        agents, desk.running.host.tokens, [AUDIENCE], client_id="clerk", client_secret=key
    )
    async with visitor(desk) as person:
        await person.sign_in(token.token)
        await agents.revoke_key(key.split("_")[1])

        assert (await person.get(QUEUE)).status == 401


@pytest.mark.parametrize(
    ("left_s", "opens", "holds"),
    [(1, True, True), (0, False, True), (-4, False, True), (-5, False, False)],
)
async def test_a_session_ends_in_the_second_in_which_its_token_does(
    desk: Desk, left_s: int, opens: bool, holds: bool
) -> None:
    """Five seconds are given for clocks that differ, as for every token, and not twice."""
    now_s = float(int(time.time()))
    host = desk.running.host
    tokens = Tokens(Keys(host.settings.data), ISSUER, 3600, lambda: now_s)
    sessions = Sessions(host.agents, tokens, public_url=desk.running.url, clock=lambda: now_s)
    agent = await host.agents.get("clerk")
    shown = tokens.issue(agent.principal, AUDIENCE, ttl_s=60).token
    cookie, _ = await sessions.open(shown)

    now_s += 60 - left_s

    assert (await sessions.find(cookie) is not None) is holds
    if opens:
        await sessions.open(shown)
    else:
        with pytest.raises(UnauthenticatedError):
            await sessions.open(shown)


async def test_who_is_disabled_is_out(desk: Desk) -> None:
    agents = desk.running.host.agents
    await agents.add(Agent("leaver", "person", ("clerk",), ("*.read",)))
    async with signed_in(desk, "leaver") as person:
        assert (await person.get(QUEUE)).status == 200
        await agents.change(Agent("leaver", "person", ("clerk",), ("*.read",), is_disabled=True))

        async def is_out() -> bool:
            return (await person.get(QUEUE)).status == 401

        assert await until(is_out, every_s=0.5)


async def test_a_register_that_does_not_answer_is_told_on_a_page_of_the_console(
    own_data: Path,
) -> None:
    async with opened(own_data) as desk, signed_in(desk, "clerk") as person:
        with closing(sqlite3.connect(own_data / "governance.db")) as sql:
            sql.execute("ALTER TABLE agents RENAME TO elsewhere")

        async def is_told() -> Page | None:
            page = await person.get(QUEUE)
            return page if page.status != 200 else None

        page = await until(is_told, every_s=0.5)
        at_the_door = await person.get("/sign-in")
        leaving = await person.send("/console/sign-out", {"form_token": "x"})

    for told in (page, at_the_door, leaving):
        assert told.status == 503
        assert "the database does not answer" in told.told("alert")


async def test_a_credential_with_more_scopes_than_a_cookie_carries_is_refused(desk: Desk) -> None:
    agents = desk.running.host.agents
    few = tuple(f"documents.thing_{number:03}.read" for number in range(40))
    many = tuple(f"documents.thing_{number:03}.read" for number in range(140))
    await agents.add(Agent("few", "person", scopes=few))
    await agents.add(Agent("many", "person", scopes=many))
    async with visitor(desk) as person:
        assert (await person.sign_in(await desk.running.token("few"))).status == 303
        refused = await person.sign_in(await desk.running.token("many"))

    assert refused.status == 422
    assert "too many scopes" in refused.told("alert")


async def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(desk: Desk) -> None:
    async with signed_in(desk, "clerk") as person, visitor(desk) as thief:
        cookie = person.http.cookies["switchgear-console"]
        page = await person.get(QUEUE)
        (token,) = page.tree.xpath("//header//input[@name='form_token']/@value")
        thief.http.cookies.set("switchgear-console", cookie)
        assert (await thief.get(QUEUE)).status == 200

        forged = await person.send("/console/sign-out", {"form_token": "0" * 64})
        left = await person.send("/console/sign-out", {"form_token": token})

        assert (forged.status, left.status) == (403, 303)
        assert "switchgear-console" not in person.http.cookies
        assert (await person.get(QUEUE)).status == 401
        assert (await thief.get(QUEUE)).status == 401


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/reviews/rev_1/decide", "/reviews/rev_1"),
        ("/reviews/rev_1/claim", "/reviews/rev_1"),
        ("/approvals/apr_1/decide", "/approvals/apr_1"),
        ("/dead-letters/7/replay", "/dead-letters/7"),
        ("/dead-letters/groups/41f0/discard", "/dead-letters"),
    ],
)
async def test_where_a_form_goes_leads_back_to_the_page_it_was_on(
    desk: Desk, path: str, page: str
) -> None:
    async with signed_in(desk, "clerk") as person:
        back = await person.get(path)

    assert (back.status, back.answer.headers["location"]) == (303, f"/console{page}")


async def test_without_a_session_every_room_leads_to_the_door(desk: Desk) -> None:
    async with visitor(desk) as person:
        for path, verbs in rooms(desk):
            for verb in verbs:
                answer = await person.http.request(
                    verb,
                    f"/console{path}",
                    headers={**OUR_PAGE, "Content-Type": "application/x-www-form-urlencoded"},
                )
                door = Page(answer)
                assert (path, verb, answer.status_code) == (path, verb, 401)
                assert door.names("//h1") == ["Sign in"], path


def rooms(desk: Desk) -> list[tuple[str, set[str]]]:
    """Return every route of the console that is not open to all, with the verbs it takes."""
    app: Any = build(desk.running.host.context()).app
    routes = [route for route in app._app.routes if isinstance(route, Route)]
    return [
        (re.sub(r"\{[^}]+\}", "x1", route.path), (route.methods or set()) & {"GET", "POST"})
        for route in routes
        if not route.path.startswith("/sign-")
    ]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/console/\\evil.example",
        "/console//evil.example",
        "/console/..;/mcp@evil",
        "/console/reviews\r\nX: y",
        "/mcp",
        "/consolex",
    ],
)
async def test_nobody_is_led_out_of_the_console(desk: Desk, path: str) -> None:
    async with visitor(desk) as person:
        shown = await person.get(f"/sign-in?{urlencode({'next': path})}")
        entered = await person.sign_in(await desk.running.token("clerk"), next=path)

    assert shown.value("next") == "/console/"
    assert entered.answer.headers["location"] == "/console/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_from_a_foreign_page_is_refused(desk: Desk, site: str) -> None:
    async with visitor(desk) as person:
        token = await desk.running.token("clerk")
        answer = await person.http.post(
            "/console/sign-in", data={"credential": token}, headers={"Sec-Fetch-Site": site}
        )
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    async with signed_in(desk, "clerk") as person:
        page = await person.http.post(
            "/console/reviews/rev_0/decide", data={"x": "y"}, headers={"Sec-Fetch-Site": site}
        )
        origin = await person.http.post(
            "/console/reviews/rev_0/decide",
            data={"x": "y"},
            headers={**OUR_PAGE, "Origin": "https://evil.example"},
        )
    assert (page.status_code, origin.status_code) == (422, 403)


async def test_a_form_sent_after_the_session_ended_is_kept_until_its_sender_is_back(
    desk: Desk,
) -> None:
    typed = {"reason": 'a "long" <text>\nof two lines', "form_key": "k" * 24, "form_token": "old"}
    async with visitor(desk) as person:
        door = await person.send("/console/reviews/rev_0/decide", typed)
        assert door.status == 401
        assert "What you sent is kept" in door.text
        hidden = door.form("/console/sign-in")
        back = await person.sign_in(
            await desk.running.token("clerk"), next=hidden["next"], draft=hidden["draft"]
        )
        kept = back.form("/console/reviews/rev_0/decide")
        sent = await person.send("/console/reviews/rev_0/decide", kept)

    assert back.status == 200
    assert {**kept, "form_token": "old"} == typed
    assert kept["form_token"] != "old"
    assert sent.status == 404  # it went on to the tool, which knows no such review


@pytest.mark.parametrize(
    "path", ["/reviews", "/nowhere", "/sign-in", "/static/console.css", "/reviews/rev_0"]
)
async def test_every_answer_keeps_foreign_scripts_and_frames_out(desk: Desk, path: str) -> None:
    async with signed_in(desk, "clerk") as person:
        headers = (await person.get(path)).answer.headers

    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert {"frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} <= set(policy)
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


async def test_no_page_has_script_or_style_of_its_own_or_from_elsewhere(desk: Desk) -> None:
    async with signed_in(desk, "clerk") as person:
        page = await person.get(QUEUE)

    assert page.tree.xpath("//style | //@style | //@onclick | //script[not(@src)]") == []
    links = page.tree.xpath("//script/@src | //link/@href | //img/@src")
    assert [link for link in links if not link.startswith("/console/static/")] == []
    async with visitor(desk) as person:
        for link in links:
            assert (await person.get(link.removeprefix("/console"))).status == 200


@pytest.mark.parametrize(("count", "status"), [(299, 404), (300, 404), (301, 422)])
async def test_a_form_has_so_many_fields_and_no_more(desk: Desk, count: int, status: int) -> None:
    async with signed_in(desk, "clerk") as person:
        page = await person.get(QUEUE)
        (token,) = page.tree.xpath("//header//input[@name='form_token']/@value")
        own = {"form_token": token, "form_key": "k" * 24, "decision": "approve"}
        more = {f"x{number}": "" for number in range(count - len(own))}
        sent = await person.send("/console/reviews/rev_0/decide", {**own, **more})

    assert sent.status == status


@pytest.mark.parametrize(("size", "status"), [(262_143, 403), (262_144, 403), (262_145, 413)])
async def test_a_form_has_so_many_bytes_and_no_more(desk: Desk, size: int, status: int) -> None:
    body = b"x=" + b"a" * (size - 2)
    headers = {**OUR_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    async with signed_in(desk, "clerk") as person:
        answer = await person.http.post(
            "/console/reviews/rev_0/decide", content=body, headers=headers
        )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"{}", "application/json"), (b"form_key=a&form_key=b", "application/x-www-form-urlencoded")],
)
async def test_what_is_no_form_of_ours_is_refused(
    desk: Desk, body: bytes, content_type: str
) -> None:
    async with signed_in(desk, "clerk") as person:
        answer = await person.http.post(
            "/console/reviews/rev_0/decide",
            content=body,
            headers={**OUR_PAGE, "Content-Type": content_type},
        )

    assert answer.status_code == 422
    assert Page(answer).told("alert").startswith("Invalid request:")
