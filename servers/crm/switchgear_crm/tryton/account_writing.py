"""Making and changing an account under its natural key, of which Tryton knows nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from switchgear_crm.changes import AccountChanges
from switchgear_crm.models import AccountId
from switchgear_crm.tryton.account_values import categories_of, differing, values_of
from switchgear_crm.tryton.acting import Act, check_new, check_version, is_untouched, settled
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.parties import FIELDS, Party, is_named, parties_named, party_of
from switchgear_shared.contracts.business_event_data import AccountChanged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError

_PARTY = "party.party"
_MARK = "party.identifier"
_MOST_CANDIDATES = 10
_LOOKS = 40
_WAIT_S = 0.1


async def upsert_account(
    act: Act,
    account_id: AccountId | None,
    changes: AccountChanges,
    expected_version: str | None,
) -> WriteResult:
    """See CrmBackend."""
    upsert = _Upsert(act, await house_of(act.client), account_id, changes, expected_version)
    return await settled(upsert.attempt, expected_version)


async def account_of_domain(act: Act, house: House, domain: str) -> Party:
    """Return the one account of an e-mail domain; the caller may name another in its place."""
    found = await parties_named(act.client, house, None, domain)
    if not found:
        raise InvalidRequestError(
            f"no account has the domain {domain}; a new contact needs an account",
            field="account_id",
        )
    if len(found) > 1:
        raise _ambiguous(AccountChanges(domain=domain), found, house)
    return found[0]


@dataclass(frozen=True, slots=True)
class _Upsert:
    act: Act
    house: House
    account_id: AccountId | None
    changes: AccountChanges
    expected_version: str | None

    async def attempt(self) -> WriteResult:
        made = await self._made()
        if made is not None:
            return await self._keep(made)
        party = await self._meant()
        fields = differing(party, self.changes, self.house)
        self.act.write.is_absent = party is None or self._is_untouched(party, fields)
        if party is None:
            return await self._create(fields)
        return await self._update(party, fields)

    async def _made(self) -> Party | None:
        """Return the party that an earlier attempt made, if it did."""
        if not self.act.write.may_be_done:
            return None
        if (told := self.act.write.told_number("party")) is not None:
            page = await self.act.client.search(_PARTY, [["id", "=", told]], FIELDS, limit=1)
            return Party(page.records[0]) if page.records else None
        reference = self.act.write.reference
        domain = [["code", "in", [reference, f"{reference}?"]]]
        page = await self.act.client.search(_MARK, domain, ["party"], limit=1)
        if not page.records:
            return None
        domain = [["id", "=", page.records[0]["party"]]]
        page = await self.act.client.search(_PARTY, domain, FIELDS, limit=1)
        return Party(page.records[0]) if page.records else None

    async def _meant(self) -> Party | None:
        """Return the account meant: by id, else by domain and name; None where it is new."""
        client, house, changes = self.act.client, self.house, self.changes
        if self.account_id is not None:
            party = await party_of(client, house, self.account_id)
            if changes.domain is not None and changes.domain not in party.domains:
                taken = await parties_named(client, house, None, changes.domain)
                if taken:
                    raise _ambiguous(AccountChanges(domain=changes.domain), taken, house)
            return party
        if changes.name is None and changes.domain is None:
            raise InvalidRequestError(
                "an account is named by name, domain or account_id", field="name"
            )
        found = await self._found()
        exact = [party for party in found if _has_all(party, changes)]
        found = exact if len(exact) == 1 else found
        if len(found) > 1:
            raise _ambiguous(changes, found, house)
        if not found:
            return None
        domains = found[0].domains
        if changes.domain is not None and domains and changes.domain not in domains:
            raise _ambiguous(changes, found, house)
        return found[0]

    async def _found(self) -> list[Party]:
        """Return whom the keys may mean, once none of them is still being made."""
        for _ in range(_LOOKS):
            found = await parties_named(
                self.act.client, self.house, self.changes.name, self.changes.domain
            )
            if not any(party.is_being_made for party in found):
                return found
            await asyncio.sleep(_WAIT_S)
        raise self._busy()

    async def _create(self, fields: dict[str, Any]) -> WriteResult:
        act, changes = self.act, self.changes
        check_new(self.expected_version, f"account {changes.name or changes.domain}")
        if changes.name is None:
            raise InvalidRequestError(
                f"no account has the domain {changes.domain}; a new one needs a name", field="name"
            )
        if changes.currency is None:
            raise InvalidRequestError(
                f"no account is called {changes.name}; a new one needs a currency", field="currency"
            )
        values = await values_of(act, None, fields)
        if act.write.is_rehearsal:
            act.write.note("account", changes.name, None, _shown(fields))
            return WriteResult(id="", state="created", version="")
        values |= await categories_of(act, None, fields)
        mark = ["create", [{"code": f"{act.write.reference}?"}]]
        values["identifiers"] = [*values.get("identifiers", []), mark]
        [number] = await act.send(_PARTY, "create", [values])
        page = await act.client.search(_PARTY, [["id", "=", number]], FIELDS, limit=1)
        if not page.records:
            raise ConflictError(f"account {changes.name} was taken away at once")
        return await self._keep(Party(page.records[0]))

    async def _keep(self, made: Party) -> WriteResult:
        """Let the party stand that this write made, or give way to one made at the same moment.

        Each looks for others only after its own can be seen, so at least one of two sees the
        other. Who finds a finished one, or an unfinished older one, gives way; who finds an
        unfinished younger one waits for what becomes of it. One left open for long stays, for
        others may have used it since.
        """
        act = self.act
        marks = {one["code"]: one["id"] for one in made.record["identifiers"]}
        open_mark = marks.get(f"{act.write.reference}?")
        if open_mark is not None:
            act.write.check_may_send()
            act.has_begun = True
            take_back = partial(act.send, _PARTY, "delete", [made.id])
            closed = {"identifiers": [["write", [open_mark], {"code": act.write.reference}]]}
            close = partial(act.send, _PARTY, "write", [made.id], closed)
            if not made.is_being_made:
                await close()
                return await self._done(made.id, made.account_id, "created")
            async with act.undone_by(take_back):
                gives_way = await self._gives_way(made)
                if not gives_way:
                    await close()
            if gives_way:
                await take_back()
                act.write.is_begun = act.has_begun = False
                return await self.attempt()
        is_new = self.account_id is None
        return await self._done(made.id, made.account_id, "created" if is_new else "updated")

    async def _gives_way(self, made: Party) -> bool:
        for _ in range(_LOOKS):
            found = await parties_named(
                self.act.client, self.house, self.changes.name, self.changes.domain
            )
            others = [party for party in found if party.id != made.id]
            if any(not party.is_being_made or party.id < made.id for party in others):
                return True
            if not others:
                return False
            await asyncio.sleep(_WAIT_S)
        raise self._busy()

    def _is_untouched(self, party: Party, fields: dict[str, Any]) -> bool:
        """Say whether nothing of the change is there; what it was found by was before."""
        keys = {"name", "domain"} if self.account_id is None else set[str]()
        given = self.changes.given().keys() - keys
        return bool(fields) and is_untouched(party.record, self.expected_version, given, fields)

    async def _update(self, party: Party, fields: dict[str, Any]) -> WriteResult:
        act = self.act
        is_done = not fields
        if not (is_done and act.write.may_be_done):
            check_version(party.record, self.expected_version, f"account {party.account_id}")
        if is_done:
            if act.write.may_be_done:
                return await self._done(party.id, party.account_id, "updated")
            return _result(party, "unchanged", changed=False)
        values = await values_of(act, party, fields)
        if act.write.is_rehearsal:
            now = party.fields(self.house)
            before = {"version": now["version"], **_shown({name: now[name] for name in fields})}
            act.write.note("account", party.account_id, before, _shown(fields))
            return _result(party, "updated", changed=True)
        values |= await categories_of(act, party, fields)
        expected = {f"{_PARTY},{party.id}": party.record["_timestamp"]}
        await act.send(_PARTY, "write", [party.id], values, expected=expected)
        return await self._done(party.id, party.account_id, "updated")

    async def _done(self, number: int, account_id: AccountId, state: str) -> WriteResult:
        now = await self.act.read(_PARTY, number, "code")
        self.act.announce("account.changed", account_id, AccountChanged(account_id=account_id))
        return WriteResult(id=account_id, ref=now["code"], state=state, version=now["_timestamp"])

    def _busy(self) -> ConflictError:
        named = self.changes.name or self.changes.domain
        return ConflictError(f"{named} is being made by others at this moment", field="name")


def _result(party: Party, state: str, *, changed: bool) -> WriteResult:
    return WriteResult(
        id=party.account_id,
        ref=party.record["code"],
        state=state,
        version=party.record["_timestamp"],
        changed=changed,
    )


def _has_all(party: Party, changes: AccountChanges) -> bool:
    """Say whether the party has each of the keys given."""
    has_name = changes.name is None or is_named(party, changes.name)
    return has_name and (changes.domain is None or changes.domain in party.domains)


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields as a preview shows them."""
    return {
        name: dict(value) if name == "address" else [*value] if name == "roles" else value
        for name, value in fields.items()
    }


def _ambiguous(changes: AccountChanges, found: Sequence[Party], house: House) -> ConflictError:
    keys = [key for key in (changes.name, changes.domain) if key is not None]
    shown = [party.fields(house) for party in found[:_MOST_CANDIDATES]]
    listed = ", ".join(f"{one['id']} ({one['name']})" for one in shown)
    return ConflictError(
        f"{' and '.join(keys)} may mean another account: {listed}",
        field="account_id",
        details={
            "candidates": [
                {name: one[name] for name in ("id", "ref", "name", "domain")} for one in shown
            ]
        },
    )
