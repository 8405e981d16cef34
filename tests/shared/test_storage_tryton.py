"""Tryton's answers, as recorded from 8.2, and what our client makes of them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.remote_write import RemoteWrite, writing_remotely
from switchgear_shared.storage.tryton import wire
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.storage.tryton.refusals import TrytonWarningError
from switchgear_shared.storage.tryton.session import REFUSED_FOR_S, Login

PAGE = "<!doctype html>\n<title>403 Forbidden</title>"
SIMILAR = "aafc1d8808fccd712671aabd5c2a0ea5.invoice_similar"

Reply = httpx2.Response | Exception


def result(value: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"id": 0, "result": value})


def refusal(*error: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"id": 0, "error": list(error)})


def page(status: int, text: str = PAGE) -> httpx2.Response:
    return httpx2.Response(status, html=text)


@dataclass
class Recorded:
    """Plays answers in order; a login is accepted as often as `logins` says."""

    replies: list[Reply] = field(default_factory=list[Reply])
    logins: list[httpx2.Response] = field(default_factory=list[httpx2.Response])
    asked: list[httpx2.Request] = field(default_factory=list[httpx2.Request])
    logins_count: int = 0

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0)
        if b"common.db.login" in request.content:
            self.logins_count += 1
            token = f"token{self.logins_count}"
            return self.logins.pop(0) if self.logins else result([4, token, None])
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]


@pytest.fixture
def tryton() -> Recorded:
    return Recorded()


@pytest.fixture
def api(tryton: Recorded) -> JsonApi:
    transport = httpx2.MockTransport(tryton.answer)
    return JsonApi("Tryton", "http://127.0.0.1:8000/erp", transport=transport)


@pytest.fixture
async def client(api: JsonApi) -> AsyncIterator[TrytonClient]:
    made = TrytonClient(
        api, user="switchgear", password=SecretStr("s3cret"), key=SecretStr("k3y"), company=3
    )
    yield made
    await made.close()


def unpacked(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text))


async def test_a_search_asks_for_one_page_in_the_company_and_reads_its_total(
    tryton: Recorded, client: TrytonClient
) -> None:
    records = [{"id": 1, "name": "Ada", "list_price": {"__class__": "Decimal", "decimal": "1.50"}}]
    headers = {"Content-Range": "records 20-21/35"}
    tryton.replies = [httpx2.Response(200, json=records, headers=headers)]

    found = await client.search(
        "party.party",
        [["name", "ilike", "a%"], ["create_date", ">", date(2026, 3, 1)]],
        ["name", "list_price"],
        limit=1,
        offset=20,
        context={"company": 9, "active_test": False},
    )

    asked = tryton.asked[0]
    day = {"__class__": "date", "year": 2026, "month": 3, "day": 1}
    assert (found.records, found.total) == (
        ({"id": 1, "name": "Ada", "list_price": Decimal("1.50")},),
        35,
    )
    assert (asked.method, asked.url.path) == ("GET", "/erp/rest/model/party.party")
    assert asked.url.params.get_list("f") == ["name", "list_price"]
    assert unpacked(asked.url.params["d"]) == [["name", "ilike", "a%"], ["create_date", ">", day]]
    assert unpacked(asked.url.params["o"]) == [["id", "ASC"]]
    assert asked.headers["range"] == "records=20-21"
    assert asked.headers["authorization"] == "Bearer k3y"
    assert unpacked(asked.headers["x-tryton-context"]) == {
        "language": "en",
        "company": 3,
        "active_test": False,
    }
    assert tryton.logins_count == 0


async def test_tryton_may_stop_counting(tryton: Recorded, client: TrytonClient) -> None:
    headers = {"Content-Range": "records 0-1/*"}
    tryton.replies = [httpx2.Response(200, json=[{"id": 1}], headers=headers)]

    assert (await client.search("party.party", [], ["id"], limit=1)).total is None


async def test_a_page_past_the_end_is_empty(tryton: Recorded, client: TrytonClient) -> None:
    tryton.replies = [page(416)]

    found = await client.search("party.party", [], ["id"], limit=1, offset=500)

    assert (found.records, found.total) == ((), None)


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_search_without_a_sensible_limit_is_a_mistake(
    client: TrytonClient, limit: int
) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        await client.search("party.party", [], ["id"], limit=limit)


REST = [
    (page(404), NotFoundError),
    (page(401), BackendRejectedError),
    (page(403), PolicyDeniedError),
    (page(500, "<p>'nope'</p>"), BackendRejectedError),
    (page(502), BackendUnavailableError),
    (
        httpx2.Response(
            400,
            json={
                "status": 400,
                "message": 'You are not allowed to access "Purchase".',
                "description": "Within groups: Sales",
            },
        ),
        PolicyDeniedError,
    ),
    (
        httpx2.Response(400, json={"status": 400, "message": "Bad day.", "description": ""}),
        InvalidRequestError,
    ),
]


@pytest.mark.parametrize(("reply", "expected"), REST)
async def test_a_refused_read_has_our_error_and_no_page_of_theirs(
    tryton: Recorded,
    client: TrytonClient,
    reply: httpx2.Response,
    expected: type[SwitchgearError],
) -> None:
    tryton.replies = [reply]

    with pytest.raises(SwitchgearError) as caught:
        await client.get("purchase.purchase", 7, ["number"])

    assert type(caught.value) is expected
    assert caught.value.outcome == "not_done"
    assert "<" not in caught.value.message
    assert "Within groups" not in caught.value.message


async def test_a_call_is_exactly_what_tryton_reads_and_logs_in_once(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [result([12]), result(None)]

    created, quoted = await asyncio.gather(
        client.call("sale.sale", "create", [{"party": 1, "unit_price": Decimal("2.50")}]),
        client.call("sale.sale", "quote", [12], expected={"sale.sale,12": "1795.5"}),
    )

    session = base64.b64encode(b"switchgear:4:token1").decode()
    price = {"__class__": "Decimal", "decimal": "2.50"}
    assert (created, quoted) == ([12], None)
    assert tryton.logins_count == 1
    assert {request.headers["authorization"] for request in tryton.asked} == {f"Session {session}"}
    assert sorted(tryton.bodies, key=lambda body: body["method"]) == [
        {
            "id": 0,
            "method": "model.sale.sale.create",
            "params": [[{"party": 1, "unit_price": price}], {"language": "en", "company": 3}],
        },
        {
            "id": 0,
            "method": "model.sale.sale.quote",
            "params": [
                [12],
                {"language": "en", "_timestamp": {"sale.sale,12": "1795.5"}, "company": 3},
            ],
        },
    ]


async def test_a_change_that_was_made_is_begun_and_a_read_or_a_refusal_is_not(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [
        result([{"id": 12}]),
        refusal("UserError", ["No.", "", None]),
        result([12]),
    ]

    with writing_remotely(RemoteWrite("sg-1")) as write:
        await client.call("sale.sale", "read", [12], ["state"])
        with pytest.raises(InvalidRequestError):
            await client.call("sale.sale", "create", [{"party": 1}])
        before = write.is_begun
        await client.call("sale.sale", "create", [{"party": 1}])

    assert (before, write.is_begun) == (False, True)


TEXT = 'You can not call "confirm" on "1 [X]" of "Sale".'
ERRORS = [
    (refusal("UserError", [TEXT, "", None]), InvalidRequestError, "not_done", TEXT),
    (
        refusal("UserError", ["No.", "Because.", [[["id", "=", None]], {}]]),
        InvalidRequestError,
        "not_done",
        "No. Because.",
    ),
    (
        refusal("UserError", ['You are not allowed to access "User".', "Within groups: X", None]),
        PolicyDeniedError,
        "not_done",
        'You are not allowed to access "User".',
    ),
    (
        refusal("UserError", ['You are not allowed to modify the field "Party".', "", None]),
        InvalidRequestError,
        "not_done",
        'You are not allowed to modify the field "Party".',
    ),
    (
        refusal(
            "UserError", ['You are trying to read records "9" of "Sale" that don\'t exist.', ""]
        ),
        NotFoundError,
        "not_done",
        'You are trying to read records "9" of "Sale" that don\'t exist.',
    ),
    (
        refusal("UserError", ['The value "9" for field "Party" in "Sale" does not exist.', ""]),
        NotFoundError,
        "not_done",
        'The value "9" for field "Party" in "Sale" does not exist.',
    ),
    (
        refusal("ConcurrencyException", "Records were modified in the meanwhile"),
        ConflictError,
        "not_done",
        "sale.sale.confirm: the record moved on",
    ),
    (
        refusal("UserError", ["x" * 600, "", None]),
        InvalidRequestError,
        "not_done",
        "x" * 499 + "…",
    ),
    (
        refusal("'nope'", "Traceback (most recent call last): secret"),
        BackendRejectedError,
        "unknown",
        "Tryton failed at sale.sale.confirm",
    ),
    (
        httpx2.Response(200, json={"id": 0}),
        BackendRejectedError,
        "unknown",
        "Tryton answers sale.sale.confirm with something else",
    ),
    (
        page(200),
        BackendRejectedError,
        "unknown",
        "Tryton answers 200 with text/html; charset=utf-8 instead of JSON",
    ),
    (
        page(403),
        PolicyDeniedError,
        "not_done",
        "Tryton does not let our user do sale.sale.confirm",
    ),
    (page(404), BackendRejectedError, "not_done", "Tryton has no such database"),
    (page(423), ConflictError, "not_done", "Tryton answers 423 to sale.sale.confirm"),
    (
        page(503, "<p>could not serialize access due to concurrent update</p>"),
        ConflictError,
        "not_done",
        "sale.sale.confirm: another change of the record came first",
    ),
    (
        page(503, "<p>database is locked</p>"),
        ConflictError,
        "not_done",
        "sale.sale.confirm: another change of the record came first",
    ),
    (
        page(503, "<p>the connection is closed</p>"),
        BackendUnavailableError,
        "unknown",
        "Tryton answers 503 to sale.sale.confirm",
    ),
    (page(500), BackendUnavailableError, "unknown", "Tryton answers 500 to sale.sale.confirm"),
    (
        httpx2.ReadTimeout("silence"),
        BackendUnavailableError,
        "unknown",
        "Tryton has not answered in time",
    ),
    (
        httpx2.ConnectError("refused"),
        BackendUnavailableError,
        "not_done",
        "Tryton cannot be reached",
    ),
]


@pytest.mark.parametrize(("reply", "expected", "outcome", "message"), ERRORS)
async def test_a_refused_change_has_our_error_and_says_whether_it_may_have_happened(
    tryton: Recorded,
    client: TrytonClient,
    reply: Reply,
    expected: type[SwitchgearError],
    outcome: str,
    message: str,
) -> None:
    tryton.replies = [reply]

    with pytest.raises(SwitchgearError) as caught:
        await client.call("sale.sale", "confirm", [1])

    assert type(caught.value) is expected
    assert (caught.value.message, caught.value.outcome) == (message, outcome)


@pytest.mark.parametrize(
    ("method", "outcome"),
    [
        ("read", "not_done"),
        ("search_read", "not_done"),
        ("search_count", "not_done"),
        ("default_get", "not_done"),
        ("on_change", "not_done"),
        ("on_change_with_amount", "not_done"),
        ("get_preferences", "not_done"),
        ("write", "unknown"),
        ("create", "unknown"),
        ("delete", "unknown"),
        ("assign_try", "unknown"),
        ("readjust", "unknown"),
    ],
)
async def test_only_a_change_can_have_happened(
    tryton: Recorded, client: TrytonClient, method: str, outcome: str
) -> None:
    tryton.replies = [httpx2.ReadError("broken")]

    with pytest.raises(BackendUnavailableError) as caught:
        await client.call("sale.sale", method, [1])

    assert caught.value.outcome == outcome


async def test_a_warning_is_named_and_nothing_has_happened(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [refusal("UserWarning", [SIMILAR, "The invoice is similar.", ""])]

    with pytest.raises(TrytonWarningError) as caught:
        await client.call("account.invoice", "post", [1], accepting=["other"])

    error = caught.value
    assert (error.name, error.kind, error.outcome) == (SIMILAR, "invoice_similar", "not_done")
    assert error.message == "Tryton warns: The invoice is similar."
    assert error.to_body()["details"] == {"warning": "invoice_similar"}


async def test_a_warning_that_is_accepted_by_kind_lets_the_call_pass(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [
        refusal("UserWarning", [SIMILAR, "The invoice is similar.", ""]),
        result(None),
        result(None),
    ]

    assert await client.call("account.invoice", "post", [1], accepting=["invoice_similar"]) is None

    post, accept, again = tryton.bodies
    assert accept["method"] == "model.res.user.warning.skip"
    assert accept["params"][:2] == [SIMILAR, False]
    assert post == again


async def test_tryton_cannot_warn_for_ever(tryton: Recorded, client: TrytonClient) -> None:
    warning = refusal("UserWarning", [SIMILAR, "Similar.", ""])
    tryton.replies = [reply for _ in range(5) for reply in (warning, result(None))]

    with pytest.raises(BackendRejectedError, match="goes on warning"):
        await client.call("account.invoice", "post", [1], accepting=["invoice_similar"])


async def test_a_session_that_is_over_is_renewed_once_for_all(
    tryton: Recorded, client: TrytonClient
) -> None:
    over = httpx2.Response(401)
    tryton.replies = [result(1), over, over, result(2), result(2)]
    await client.call("party.party", "read", [1])

    answers = await asyncio.gather(
        client.call("party.party", "write", [1], {}), client.call("party.party", "write", [2], {})
    )

    assert (answers, tryton.logins_count, tryton.replies) == ([2, 2], 2, [])


async def test_a_session_refused_when_new_is_an_error(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [httpx2.Response(401), httpx2.Response(401)]

    with pytest.raises(BackendRejectedError, match=r"refuses our credential for sale\.sale\.quote"):
        await client.call("sale.sale", "quote", [1])

    assert tryton.logins_count == 2


async def test_a_wrong_password_is_tried_once_in_five_minutes(
    tryton: Recorded, api: JsonApi
) -> None:
    clock_s = 100.0
    tryton.logins = [httpx2.Response(401)]
    login = Login(api, "switchgear", SecretStr("wrong"), clock=lambda: clock_s)
    said: list[str] = []

    async def refused() -> None:
        with pytest.raises(BackendRejectedError) as caught:
            await login.session()
        said.append(caught.value.message)

    await asyncio.gather(refused(), refused(), refused())
    clock_s += REFUSED_FOR_S - 0.1
    await refused()
    assert (set(said), tryton.logins_count) == (
        {"Tryton refuses the password of switchgear"},
        1,
    )
    clock_s += 0.1

    await login.session()

    assert tryton.logins_count == 2


@pytest.mark.parametrize(("headers", "wait_s"), [({}, REFUSED_FOR_S), ({"Retry-After": "20"}, 20)])
async def test_a_locked_user_waits_as_long_as_told(
    tryton: Recorded, api: JsonApi, headers: dict[str, str], wait_s: float
) -> None:
    clock_s = 0.0
    tryton.logins = [httpx2.Response(429, headers=headers)]
    login = Login(api, "switchgear", SecretStr("s3cret"), clock=lambda: clock_s)
    waits: list[float | None] = []

    for _ in range(2):
        with pytest.raises(ThrottledError) as caught:
            await login.session()
        waits.append(caught.value.retry_after_s)
        clock_s += 5
    clock_s = wait_s

    assert (waits, tryton.logins_count) == ([wait_s, wait_s - 5], 1)
    await login.session()


async def test_a_login_goes_on_when_its_caller_gives_up(tryton: Recorded, api: JsonApi) -> None:
    released = asyncio.Event()
    answer: Callable[[httpx2.Request], Any] = tryton.answer

    async def slowly(request: httpx2.Request) -> httpx2.Response:
        await released.wait()
        return await answer(request)

    slow = JsonApi("Tryton", "http://127.0.0.1/erp", transport=httpx2.MockTransport(slowly))
    login = Login(slow, "switchgear", SecretStr("s3cret"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await login.session()
    released.set()

    await login.session()

    assert tryton.logins_count == 1
    await login.close()
    await slow.close()
    await api.close()


@pytest.mark.parametrize(
    "reply",
    [
        refusal("LoginException", ["sms_code", "Code", "char"]),
        result(None),
        page(200),
        page(404),
    ],
)
async def test_a_login_that_tryton_does_not_grant_is_rejected(
    tryton: Recorded, client: TrytonClient, reply: httpx2.Response
) -> None:
    tryton.logins = [reply]

    with pytest.raises(BackendRejectedError) as caught:
        await client.call("sale.sale", "quote", [1])

    assert (caught.value.outcome, tryton.asked) == ("not_done", [])
    tryton.replies = [result(None)]
    assert await client.call("sale.sale", "quote", [1]) is None


async def test_a_wizard_is_walked_and_closed(tryton: Recorded, client: TrytonClient) -> None:
    defaults = {"amount": {"__class__": "Decimal", "decimal": "83.50"}, "payee": 2, "payee.": {}}
    tryton.replies = [
        result([5, "start", "end"]),
        result({"view": {"defaults": defaults}}),
        result({}),
        result(None),
    ]

    async with client.wizard("account.invoice.pay", "account.invoice", 9) as pay:
        form = await pay.step(pay.first, {}, is_write=False)
        ends = await pay.step("choice", {"start": form}, is_write=True)

    assert (form, ends) == ({"amount": Decimal("83.50"), "payee": 2}, None)
    about = {"active_model": "account.invoice", "active_id": 9, "active_ids": [9]}
    context = {"language": "en", **about, "company": 3}
    filled = {"amount": defaults["amount"], "payee": 2}
    assert [(body["method"], body["params"]) for body in tryton.bodies] == [
        ("wizard.account.invoice.pay.create", [context]),
        ("wizard.account.invoice.pay.execute", [5, {}, "start", context]),
        ("wizard.account.invoice.pay.execute", [5, {"start": filled}, "choice", context]),
        ("wizard.account.invoice.pay.delete", [5, context]),
    ]


async def test_a_wizard_is_closed_after_a_failure_too_and_the_failure_is_told(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [
        result([5, "start", "end"]),
        refusal("UserError", ["No.", "", None]),
        httpx2.ReadError("broken"),
    ]

    with pytest.raises(InvalidRequestError, match="No"):
        async with client.wizard("account.invoice.pay", "account.invoice", 9) as pay:
            await pay.step(pay.first, {}, is_write=True)

    assert tryton.bodies[-1]["method"] == "wizard.account.invoice.pay.delete"


VALUES = [
    Decimal("12.50"),
    Decimal("1E+3"),
    date(2026, 3, 1),
    datetime(2026, 3, 1, 12, 30, 15, 250, tzinfo=UTC),
    time(23, 59, 58, 7),
    timedelta(days=3, seconds=0.5),
    b"\x00\xff%PDF",
    None,
    1.5,
    "süß \u2028",
    {"a": [1, {"b": Decimal(0)}]},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    assert json.loads(wire.encode(value), object_hook=wire.decode) == value


def test_an_aware_moment_goes_as_utc() -> None:
    at = datetime(2026, 3, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))

    assert json.loads(wire.encode(at), object_hook=wire.decode) == at
    assert json.loads(wire.encode(at))["hour"] == 23


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), {1, 2}])
def test_what_has_no_form_in_json_is_a_mistake(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.encode(value)


def test_an_unknown_class_stays_what_it_is() -> None:
    item = {"__class__": "Unheard", "x": 1}

    assert json.loads(json.dumps(item), object_hook=wire.decode) == item


async def test_a_broken_value_is_an_unreadable_answer(
    tryton: Recorded, client: TrytonClient
) -> None:
    tryton.replies = [result({"__class__": "date", "year": 2026, "month": 13, "day": 1})]

    with pytest.raises(BackendRejectedError) as caught:
        await client.call("sale.sale", "write", [1], {})

    assert caught.value.outcome == "unknown"


async def test_a_field_is_asked_for_once_it_is_there_and_again_a_minute_after_it_was_not(
    tryton: Recorded, api: JsonApi, client: TrytonClient
) -> None:
    """A module may be activated while we run; it is not taken away again."""
    now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    api.now = lambda: now
    tryton.replies = [result({}), result({"bank_accounts": {"type": "many2many"}})]

    before = [await client.has_field("party.party", "bank_accounts") for _ in range(2)]
    now += timedelta(seconds=61)
    after = [await client.has_field("party.party", "bank_accounts") for _ in range(2)]

    assert (before, after) == ([False, False], [True, True])
    assert [body["method"] for body in tryton.bodies] == ["model.party.party.fields_get"] * 2
