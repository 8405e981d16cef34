"""A change in Tryton under way: for whom, at what moment, and what is said about it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.remote_write import RemoteWrite
from switchgear_shared.storage.tryton.client import Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal


@dataclass(frozen=True, slots=True)
class Act:
    """One change, and where it happens."""

    client: TrytonClient
    write: RemoteWrite
    caller: Caller
    now: datetime

    @property
    def today(self) -> date:
        """The day it is, in UTC."""
        return self.now.date()

    def event(self, event_type: str, subject: str, data: Contract) -> Event:
        """Return an event to announce; raises InvalidRequestError where its data is too much.

        Make it before the change is sent where the data has lines.
        """
        return new_event(
            event_type, source="erp", subject=subject, data=data, caller=self.caller, time=self.now
        )

    def announce(self, event_type: str, subject: str, data: Contract) -> None:
        """Have an event published once the change is known to be done."""
        self.write.announce(self.event(event_type, subject, data))

    async def made(
        self, kind: str, model: str, field: str, *also: Sequence[Any], told: Sequence[Any] = ()
    ) -> int | None:
        """Return the record that an earlier attempt made and named in a field, if it did.

        `kind` begins our id of it, by which a person may have told it: then `told` is what it
        must fulfil beside.
        """
        if not self.write.may_be_done:
            return None
        number = self.write.told_number(kind)
        named = [["id", "=", number], *told]
        if number is None:
            named = [[field, "like", f"%{literal(self.write.reference)}%"]]
        found = (await self.client.search(model, [*named, *also], [field], limit=1)).records
        if found and number is not None:
            self.write.check_is_free(found[0][field])
        self.write.is_absent = not found
        return found[0]["id"] if found else None

    def harmless(self) -> AbstractAsyncContextManager[None]:
        """Let a refusal inside the block be the end of the write, for what went before is nothing.

        What went before is what Tryton would do anyway, or what nobody minds.
        """
        return self.write.undone_by(_nothing)

    async def read(self, model: str, record_id: int, *fields: str) -> Record:
        """Return a record as it is now, with its version in `_timestamp`."""
        [record] = await self.client.call(model, "read", [record_id], [*fields, "_timestamp"])
        return record


async def _nothing() -> None:
    """Take nothing back."""


def check_version(name: str, record: Record, expected_version: str | None) -> None:
    """Raise ConflictError if a record, read with its `_timestamp`, moved on."""
    version = record["_timestamp"]
    if expected_version is not None and expected_version != version:
        raise ConflictError(
            f"{name} is at version {version}",
            field="expected_version",
            details={"version": version},
        )
