"""Making and changing a contact under its e-mail address, of which Tryton lets many have one."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from switchgear_crm.changes import ContactChanges
from switchgear_crm.tryton.account_writing import account_of_domain
from switchgear_crm.tryton.acting import Act, check_new, check_version, is_untouched, settled
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.names import compact, id_of
from switchgear_crm.tryton.parties import ABANDONED, Party, party_of
from switchgear_crm.tryton.people import FIELDS, MECHANISM, Person, people_written, with_phones
from switchgear_shared.contracts.business_event_data import ContactChanged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import BackendRejectedError, ConflictError, InvalidRequestError
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.texts import literal, marked

_LOOKS = 40
_WAIT_S = 0.1
_OPEN = re.compile(r".*\[(?:sg-|write_)[0-9a-f]+\?\]", re.DOTALL)
_PLAIN_NAME = 2
"""Words of a name that can be told apart: one given name and one family name."""


async def upsert_contact(
    act: Act, email: str, changes: ContactChanges, expected_version: str | None
) -> WriteResult:
    """See CrmBackend."""
    house = await house_of(act.client)
    named = None
    if changes.account_id is not None:
        named = await party_of(act.client, house, changes.account_id)
    upsert = _Upsert(act, house, email, changes, named, expected_version)
    return await settled(upsert.attempt, expected_version)


@dataclass(frozen=True, slots=True)
class _Upsert:
    act: Act
    house: House
    email: str
    changes: ContactChanges
    named: Party | None
    expected_version: str | None

    async def attempt(self) -> WriteResult:
        made = await self._made()
        if made is not None:
            return await self._keep(made)
        found = await self._found()
        self.act.write.is_absent = found is None
        if found is None:
            return await self._create()
        return await self._update(found)

    async def _made(self) -> Person | None:
        """Return the contact that an earlier attempt made, if it did."""
        if not self.act.write.may_be_done:
            return None
        if (told := self.act.write.told_number("contact")) is not None:
            known = await people_written(self.act.client, self.house, self.email)
            return next((one for one in known if one.id == told), None)
        mark = f"%[{literal(self.act.write.reference)}"
        marks = [["comment", "like", f"{mark}]"], ["comment", "like", f"{mark}?]"]]
        return await self._one([["type", "=", "email"], ["OR", *marks]])

    async def _one(self, domain: list[Any]) -> Person | None:
        page = await self.act.client.search(MECHANISM, domain, FIELDS, limit=1)
        return next(iter(await with_phones(self.act.client, page.records)), None)

    async def _found(self) -> Person | None:
        for _ in range(_LOOKS):
            found = await people_written(self.act.client, self.house, self.email)
            if not any(_is_being_made(one.record) for one in found):
                return self._meant(found)
            await asyncio.sleep(_WAIT_S)
        raise self._busy()

    def _meant(self, found: Sequence[Person]) -> Person | None:
        """Return the one meant of those that have the address; people may have made several."""
        if self.named is not None and len(found) > 1:
            found = [one for one in found if one.account_id == self.named.account_id] or found
        if len(found) > 1:
            listed = [{"id": one.contact.id, "account_id": one.account_id} for one in found]
            raise ConflictError(
                f"{self.email} is the address of {len(found)} contacts in Tryton",
                field="account_id",
                details={"candidates": listed},
            )
        return found[0] if found else None

    async def _create(self) -> WriteResult:
        act, changes = self.act, self.changes
        check_new(self.expected_version, f"contact {self.email}")
        if changes.last_name is None:
            raise InvalidRequestError(
                f"no contact has the address {self.email}; a new one needs a name",
                field="last_name",
            )
        party = self.named or await account_of_domain(act, self.house, self.email.partition("@")[2])
        name = " ".join(part for part in (changes.first_name, changes.last_name) if part)
        job, phone = changes.job_title or "", changes.phone
        if act.write.is_rehearsal:
            after = {"account_id": party.account_id, "name": name, "job_title": job}
            act.write.note("contact", self.email, None, {**after, "phone": phone or ""})
            return WriteResult(id="", state="created", version="")
        about = {"party": party.id, "name": name}
        comment = marked(job, f"{act.write.reference}?")
        values = [{**about, "type": "email", "value": self.email, "comment": comment}]
        if phone:
            values.append({**about, "type": "phone", "value": phone})
        [number, *_] = await act.send(MECHANISM, "create", values)
        made = await self._one([["id", "=", number]])
        if made is None:
            raise ConflictError(f"contact {self.email} was taken away at once")
        return await self._keep(made)

    async def _keep(self, made: Person) -> WriteResult:
        """Let the contact stand that this write made, or give way: see the account's."""
        act = self.act
        comment: str = made.record["comment"] or ""
        if _OPEN.fullmatch(comment):
            act.write.check_may_send()
            act.has_begun = True
            take_back = partial(act.send, MECHANISM, "delete", _made_together(made))
            closed = {"comment": comment.removesuffix("?]") + "]"}
            close = partial(act.send, MECHANISM, "write", [made.id], closed)
            if not _is_being_made(made.record):
                await close()
                return await self._done(made, "created")
            async with act.undone_by(take_back):
                gives_way = await self._gives_way(made)
                if not gives_way:
                    await close()
            if gives_way:
                await take_back()
                act.write.is_begun = act.has_begun = False
                return await self.attempt()
        return await self._done(made, "created")

    async def _gives_way(self, made: Person) -> bool:
        for _ in range(_LOOKS):
            found = await people_written(self.act.client, self.house, self.email)
            others = [one for one in found if one.id != made.id]
            if any(not _is_being_made(one.record) or one.id < made.id for one in others):
                return True
            if not others:
                return False
            await asyncio.sleep(_WAIT_S)
        raise self._busy()

    async def _update(self, person: Person) -> WriteResult:
        act = self.act
        if self.named is not None and self.named.id != person.party_id:
            act.write.is_absent = True  # Tryton has moved none there either
            raise BackendRejectedError(
                f"contact {id_of('contact', person.id)} is of account {person.account_id}; "
                "Tryton moves no contact to another account",
                field="account_id",
            )
        now = person.contact
        wanted = {
            "name": _renamed(now.name, self.changes),
            "job_title": self.changes.job_title,
            "phone": self.changes.phone,
        }
        shown = now.model_dump()
        fields = {
            name: value
            for name, value in wanted.items()
            if value is not None and not _same(name, shown[name], value)
        }
        given = [name for name, value in wanted.items() if value is not None]
        act.write.is_absent = is_untouched(person.record, self.expected_version, given, fields)
        if fields or not act.write.may_be_done:
            check_version(person.record, self.expected_version, f"contact {now.id}")
        if not fields:
            if act.write.may_be_done:
                return await self._done(person, "updated")
            return WriteResult(id=now.id, state="unchanged", version=now.version, changed=False)
        if act.write.is_rehearsal:
            before = {"version": now.version, **{name: shown[name] for name in fields}}
            act.write.note("contact", now.id, before, fields)
            return WriteResult(id=now.id, state="updated", version=now.version)
        changes = {"contact_mechanisms": _mechanisms(person, fields)}
        expected = {f"{MECHANISM},{person.id}": now.version}
        await act.send("party.party", "write", [person.party_id], changes, expected=expected)
        return await self._done(person, "updated")

    async def _done(self, person: Person, state: str) -> WriteResult:
        now = await self.act.read(MECHANISM, person.id, "value")
        contact_id = id_of("contact", person.id)
        data = ContactChanged(contact_id=contact_id, account_id=person.account_id)
        self.act.announce("contact.changed", contact_id, data)
        return WriteResult(id=contact_id, state=state, version=now["_timestamp"])

    def _busy(self) -> ConflictError:
        return ConflictError(f"{self.email} is being made by others at this moment", field="email")


def _is_being_made(record: Record) -> bool:
    is_open = _OPEN.fullmatch(record["comment"] or "") is not None
    return is_open and utc_now() - record["create_date"] < ABANDONED


def _made_together(person: Person) -> list[int]:
    phone = person.phone
    is_ours = phone is not None and phone["create_date"] == person.record["create_date"]
    return [person.id, phone["id"]] if phone and is_ours else [person.id]


def _same(name: str, now: str, value: str) -> bool:
    return compact(now) == compact(value) if name == "phone" else now == value


def _renamed(name: str, changes: ContactChanges) -> str | None:
    """Return the name with the parts given in it; Tryton keeps it in one piece."""
    first, last = changes.first_name, changes.last_name
    if first is not None and last is not None:
        return f"{first} {last}"
    if first is None and last is None:
        return None
    if (last and f" {name}".endswith(f" {last}")) or (first and name.startswith(f"{first} ")):
        return name
    words = name.split()
    if len(words) > _PLAIN_NAME:
        raise InvalidRequestError(
            f"{name} is one piece in Tryton, so first_name and last_name belong together",
            field="last_name" if last is None else "first_name",
        )
    given, family = " ".join(words[:-1]), words[-1]
    return " ".join(part for part in (first or given, last or family) if part)


def _mechanisms(person: Person, fields: dict[str, Any]) -> list[Any]:
    """Return the change of a party's mechanisms.

    The address is written in any case, for its version is the contact's.
    """
    name = fields.get("name", person.record["name"])
    values: dict[str, Any] = {"name": name}
    if "job_title" in fields:
        ours = re.search(r"\[(?:sg-|write_)[0-9a-f]+\]$", person.record["comment"] or "")
        values["comment"] = f"{fields['job_title']} {ours[0] if ours else ''}".strip()
    changes: list[Any] = [["write", [person.id], values]]
    phone = fields.get("phone")
    if person.phone is None:
        if phone:
            changes.append(["create", [{"type": "phone", "value": phone, "name": name}]])
        return changes
    written: dict[str, Any] = {"name": name}
    if phone is not None:
        written |= {"value": phone} if phone else {"active": False}
    return [*changes, ["write", [person.phone["id"]], written]]
