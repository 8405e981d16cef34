"""A change in Tryton under way: for whom, what of it was sent, and what is said and undone."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.remote_write import RemoteWrite
from switchgear_shared.storage.tryton.client import Record, TrytonClient

T = TypeVar("T")

_ATTEMPTS = 8
_WAIT_S = 0.05


class OvertakenError(ConflictError):
    """Another change of the record came first, and this one had no effect."""


@dataclass(slots=True)
class Act:
    """One change, and where it happens; `has_begun` once something of it is done over there."""

    client: TrytonClient
    write: RemoteWrite
    caller: Caller
    today: date
    has_begun: bool = field(default=False, init=False)

    def announce(self, kind: str, subject: str, data: Contract) -> None:
        """Have `crm.<kind>` published about the record once the change is known to be done."""
        event = new_event(
            f"crm.{kind}", source="crm", subject=subject, data=data, caller=self.caller
        )
        self.write.announce(event)

    async def read(self, model: str, record_id: int, *fields: str) -> Record:
        """Return a record as it is now, with its version in `_timestamp`."""
        [record] = await self.client.call(model, "read", [record_id], [*fields, "_timestamp"])
        return record

    async def send(
        self, model: str, method: str, *arguments: Any, expected: Mapping[str, str] | None = None
    ) -> Any:
        """Send one change.

        Raises:
            OvertakenError: a record of `expected` is at another version, or was at the same time.
        """
        self.write.check_may_send()
        self.write.is_begun = self.has_begun
        try:
            result = await self.client.call(model, method, *arguments, expected=expected)
        except ConflictError as error:
            raise OvertakenError(error.message) from error
        except InvalidRequestError as error:  # said before it looks at the version
            if await self._is_overtaken(expected or {}):
                raise OvertakenError(error.message) from error
            raise
        self.has_begun = True
        return result

    async def _is_overtaken(self, expected: Mapping[str, str]) -> bool:
        """Say whether any of these records is at another version by now, or away."""
        for name, version in expected.items():
            model, _, number = name.partition(",")
            domain = [["id", "=", int(number)]]
            page = await self.client.search(model, domain, ["_timestamp"], limit=1)
            if [one["_timestamp"] for one in page.records] != [version]:
                return True
        return False

    def undone_by(
        self, take_back: Callable[[], Awaitable[object]]
    ) -> AbstractAsyncContextManager[None]:
        """See RemoteWrite.undone_by; what was taken back has not begun."""

        async def taken_back() -> None:
            await take_back()
            self.has_begun = False

        return self.write.undone_by(taken_back)


async def settled(attempt: Callable[[], Awaitable[T]], expected_version: str | None) -> T:
    """Return what an attempt ends with, made again where others came first.

    Who asked for a version gets the conflict at once.
    """
    for number in range(1, _ATTEMPTS):
        try:
            return await attempt()
        except OvertakenError as error:
            if expected_version is not None:
                error.field = "expected_version"
                raise
            await asyncio.sleep(_WAIT_S * number)
    return await attempt()


def check_version(record: Record, expected: str | None, named: str) -> None:
    """Raise ConflictError if the record is not at the version the caller read."""
    version = record["_timestamp"]
    if expected is not None and expected != version:
        raise ConflictError(
            f"{named} is at version {version}",
            field="expected_version",
            details={"id": named.rpartition(" ")[2], "version": version},
        )


def is_untouched(
    record: Record, expected: str | None, given: Collection[str], differing: Collection[str]
) -> bool:
    """Say whether nothing of a change is in a record, not a field of it.

    It is as the caller read it, or differs in all that was given.
    """
    return record["_timestamp"] == expected or {*given} <= {*differing}


def check_new(expected: str | None, named: str) -> None:
    """Raise ConflictError if the caller read a version of a record that is not there."""
    if expected is not None:
        raise ConflictError(f"there is no {named} at any version", field="expected_version")
