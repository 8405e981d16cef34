"""A Tryton that answers reads as the test says and must be sent nothing, for one look at it."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
from pydantic import SecretStr

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.remote_write import RemoteWrite, writing_remotely
from switchgear_shared.storage.tryton import wire
from switchgear_shared.storage.tryton.client import TrytonClient

REFERENCE = "sg-1"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ACME = TenantId("acme")
BY = Caller(
    principal_id="clerk",
    requested_by="clerk",
    tenant=ACME,
    roles=(),
    correlation_id=CorrelationId("cor_1"),
)


def quiet_client(answers: Mapping[str, Any]) -> TrytonClient:
    """Return a client for company 1; a model that no answer is for has no records.

    Answers go by `model` for a search, `model,id` for one record, `model.method` for a call. One
    to a search may be a function of what is asked: the fields, and the domain as text.
    """

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            name = request.url.path.partition("/rest/model/")[2].replace("/", ",")
            found = answers.get(name, [])
            return _answer(found(_asked(request)) if callable(found) else found)
        method = json.loads(request.content)["method"]
        if method == "common.db.login":
            return _answer({"id": 0, "result": [4, "token", None]})
        name = method.removeprefix("model.")
        method = name.rpartition(".")[2]
        assert method in {"search", "search_read", "read", "fields_get"}, name
        return _answer({"id": 0, "result": answers.get(name, {} if method == "fields_get" else [])})

    transport = httpx2.MockTransport(answer)
    api = JsonApi("Tryton", "http://127.0.0.1:1/erp", transport=transport)
    return TrytonClient(api, user="u", password=SecretStr("p"), key=SecretStr("k"), company=1)


async def look(write: Callable[[], Awaitable[object]], told: str | None = None) -> tuple[str, bool]:
    """Return the code that a look ends with, and whether nothing of the write is there.

    `told`: the record that a person says it made.
    """
    attempt = RemoteWrite(REFERENCE, may_be_done=True, is_look=True, told=told)
    with writing_remotely(attempt):
        try:
            await write()
        except SwitchgearError as error:
            return error.code, attempt.is_absent
    return "done", attempt.is_absent


def _asked(request: httpx2.Request) -> list[str]:
    domain = urlsafe_b64decode(request.url.params["d"]).decode()
    return [*request.url.params.get_list("f"), domain]


def _answer(body: Any) -> httpx2.Response:
    headers = {"Content-Type": "application/json"}
    return httpx2.Response(200, content=wire.encode(body), headers=headers)
