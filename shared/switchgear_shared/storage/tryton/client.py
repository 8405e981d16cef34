"""Tryton over HTTP: what an adapter of any server asks it with."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from switchgear_shared.errors import BackendRejectedError, Doneness, NotFoundError, SwitchgearError
from switchgear_shared.storage.http import Answer, JsonApi
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.storage.tryton import wire
from switchgear_shared.storage.tryton.refusals import (
    TrytonWarningError,
    refuse_call,
    refuse_error,
    refuse_read,
)
from switchgear_shared.storage.tryton.session import Login

Record = dict[str, Any]
Domain = Sequence[Any]

MOST_RECORDS = 1000
_MOST_WARNINGS = 5
_FIELD_KEPT = timedelta(minutes=1)
_READS = re.compile(r"read|search(?:_read|_count)?|(?:default|fields)_get|on_change\w*|get_\w+")
_TOTAL = re.compile(r"records \d+-\d+/(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A page of records; `total` counts all that match, None where Tryton stops counting."""

    records: tuple[Record, ...]
    total: int | None


class TrytonClient:
    """One database of one Tryton, for one user and one company; whoever makes it closes it.

    Reads go by REST with a key, changes by RPC in a session: only RPC knows conditional writes.
    Errors are ours; the outcome is `unknown` wherever a change may have happened. A change that
    was made is begun: whatever fails after it leaves the write under way to be looked up.
    """

    def __init__(
        self, api: JsonApi, *, user: str, password: SecretStr, key: SecretStr, company: int
    ) -> None:
        self._api = api
        self._login = Login(api, user, password)
        self._key = key
        self._company = company
        self._fields: dict[tuple[str, str], tuple[bool, datetime]] = {}

    @property
    def company(self) -> int:
        """The id of the company that every call is for."""
        return self._company

    async def search(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        limit: int,
        offset: int = 0,
        order: Sequence[tuple[str, str]] = (("id", "ASC"),),
        context: Mapping[str, Any] | None = None,
    ) -> Found:
        """Return one page of the records in a domain; a page past the end is empty.

        A field of a linked record is named `party.name` and comes as `{"party": {"name": …}}`.
        """
        if not 1 <= limit <= MOST_RECORDS:
            raise ValueError(f"a page has 1 to {MOST_RECORDS} records")
        answer = await self._read(
            f"rest/model/{model}",
            {"d": wire.encode_base64(domain), "o": wire.encode_base64(order), "f": [*fields]},
            context,
            {"Range": f"records={offset}-{offset + limit}"},
        )
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # past the end
            return Found((), None)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise BackendRejectedError("Tryton has no such database")
        if answer.status != HTTPStatus.OK:
            refuse_read(answer, f"{model} search", self._api.now)
        records = answer.json(wire.decode)
        total = _TOTAL.fullmatch(answer.headers.get("content-range", ""))
        return Found(tuple(records), int(total.group(1)) if total else None)

    async def get(
        self,
        model: str,
        record_id: int,
        fields: Sequence[str],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> Record:
        """Return one record; raises NotFoundError if there is none that our user may read."""
        path = f"rest/model/{model}/{record_id}"
        answer = await self._read(path, {"f": [*fields]}, context, {})
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotFoundError(f"Tryton has no {model} {record_id} that our user may read")
        if answer.status != HTTPStatus.OK:
            refuse_read(answer, f"{model} {record_id}", self._api.now)
        return answer.json(wire.decode)

    async def call(
        self,
        model: str,
        method: str,
        *arguments: Any,
        context: Mapping[str, Any] | None = None,
        expected: Mapping[str, str] | None = None,
        accepting: Collection[str] = (),
    ) -> Any:
        """Call a method of a model by RPC and return its result.

        `expected` maps `model,id` to the `_timestamp` last read: a record changed since is a
        ConflictError. Warnings whose kind is in `accepting` are accepted; the first other one
        is a TrytonWarningError.
        """
        told = {**(context or {}), **({"_timestamp": dict(expected)} if expected else {})}
        subject = f"{model} {method}"
        is_write = not _READS.fullmatch(method)
        for _ in range(_MOST_WARNINGS):
            try:
                result = await self._call(f"model.{model}.{method}", arguments, told, is_write)
            except TrytonWarningError as warning:
                if warning.kind not in accepting:
                    raise
                await self.accept_warning(warning.name)
            else:
                if is_write:
                    current_write().is_begun = True
                return result
        raise BackendRejectedError(f"Tryton goes on warning of {subject}")

    async def has_field(self, model: str, name: str) -> bool:
        """Say whether a model has a field, which a module of Tryton's may bring.

        A field that is there is not asked for again; one that is not may come within a minute.
        """
        known = self._fields.get((model, name))
        now = self._api.now()
        if known is None or (not known[0] and now - known[1] > _FIELD_KEPT):
            found = name in await self.call(model, "fields_get", [name])
            known = self._fields[model, name] = (found, now)
        return known[0]

    async def accept_warning(self, name: str) -> None:
        """Let the next call pass that warns by this name."""
        await self._call("model.res.user.warning.skip", [name, False], {}, is_write=True)

    @asynccontextmanager
    async def wizard(
        self, name: str, model: str, record_id: int, *, context: Mapping[str, Any] | None = None
    ) -> AsyncGenerator["Wizard"]:
        """Open a wizard on one record; it is closed with the block."""
        about = {"active_model": model, "active_id": record_id, "active_ids": [record_id]}
        told = {**(context or {}), **about}
        match await self._call(f"wizard.{name}.create", [], told, is_write=False):
            case [int() as session_id, str() as first, *_]:
                pass
            case _:
                raise BackendRejectedError(f"Tryton opens {name} in another way")
        try:
            yield Wizard(first, partial(self._step, name, session_id, told))
        finally:
            with suppress(SwitchgearError):  # Tryton forgets it by itself too
                await self._call(f"wizard.{name}.delete", [session_id], told, is_write=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._login.close()
        await self._api.close()

    async def _read(
        self,
        path: str,
        query: Mapping[str, str | list[str]],
        context: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        return await self._api.ask(
            "GET",
            path,
            is_write=False,
            query=query,
            headers={
                "Authorization": f"Bearer {self._key.get_secret_value()}",
                "X-Tryton-Context": wire.encode_base64(self._context(context or {})),
                **headers,
            },
        )

    async def _step(
        self,
        name: str,
        session_id: int,
        context: Mapping[str, Any],
        state: str,
        forms: Mapping[str, Any],
        is_write: bool,
    ) -> Any:
        arguments = [session_id, dict(forms), state]
        result = await self._call(f"wizard.{name}.execute", arguments, context, is_write)
        if is_write:
            current_write().is_begun = True
        return result

    async def _call(
        self, method: str, arguments: Sequence[Any], context: Mapping[str, Any], is_write: bool
    ) -> Any:
        body = {"id": 0, "method": method, "params": [*arguments, self._context(context)]}
        session = await self._login.session()
        answer = await self._post(body, session.authorization, is_write)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # the session is over; nothing was looked at
            session = await self._login.session(instead_of=session)
            answer = await self._post(body, session.authorization, is_write)
        subject = method.partition(".")[2]
        if answer.status != HTTPStatus.OK:
            refuse_call(answer, subject, self._api.now)
        outcome: Doneness = "unknown" if is_write else "not_done"
        match answer.json(wire.decode):
            case {"error": error}:
                refuse_error(error, subject, outcome)
            case {"result": result}:
                return result
            case _:
                pass
        message = f"Tryton answers {subject} with something else"
        raise BackendRejectedError(message, outcome=outcome)

    async def _post(self, body: Mapping[str, Any], authorization: str, is_write: bool) -> Answer:
        return await self._api.ask(
            "POST",
            "rpc/",
            is_write=is_write,
            headers={"Authorization": authorization, "Content-Type": "application/json"},
            content=wire.encode(body),
        )

    def _context(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Add the company, and the language whose messages the refusals are known in."""
        return {"language": "en", **context, "company": self._company}


class Wizard:
    """A wizard under way; `first` is the state it begins with."""

    def __init__(
        self, first: str, execute: Callable[[str, Mapping[str, Any], bool], Awaitable[Any]]
    ) -> None:
        self.first = first
        self._execute = execute

    async def step(self, state: str, forms: Mapping[str, Any], *, is_write: bool) -> Record | None:
        """Enter a state with the forms filled so far.

        Returns the values that Tryton proposes for the next form; None if there is no form.
        """
        answer = await self._execute(state, forms, is_write)
        view = answer.get("view") if isinstance(answer, dict) else None
        return without_labels(view["defaults"]) if view else None


def without_labels(values: Mapping[str, Any]) -> Record:
    """Return proposed values without the names of linked records, which must not be sent back."""
    return {key: value for key, value in values.items() if not key.endswith(".")}
