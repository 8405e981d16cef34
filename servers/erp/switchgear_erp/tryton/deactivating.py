"""Putting a party of Tryton's away that nothing refers to."""

from functools import partial

from switchgear_erp.models import PartyId
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.company import company_of
from switchgear_erp.tryton.ids import number_in
from switchgear_erp.tryton.party_making import PARTY
from switchgear_shared.contracts.business_event_data import PartyChanged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.storage.tryton.client import Record

_REFERRING = {
    "sale.sale": "order",
    "purchase.purchase": "order",
    "account.invoice": "invoice",
    "account.move.line": "booking",
}


async def deactivate(act: Act, named: PartyId) -> WriteResult:
    """See ErpBackend.deactivate_party."""
    record = await _record(act, named)
    number = record["id"]
    if not record["active"]:
        return await _done(act, named, number, changed=act.write.may_be_done)
    act.write.is_absent = True
    await _check_unused(act, record)
    if act.write.is_rehearsal:
        before = {"version": record["_timestamp"], "state": "active"}
        act.write.note("party", named, before, {"state": "inactive"})
        return WriteResult(
            id=named, ref=record["code"], state="inactive", version=record["_timestamp"]
        )
    act.write.check_may_send()
    write = partial(act.client.call, PARTY, "write", [number])
    expected = {f"{PARTY},{number}": record["_timestamp"]}
    await write({"active": False}, expected=expected)
    async with act.write.undone_by(partial(write, {"active": True})):
        await _check_unused(act, record)  # something may have come in between
    with act.write.reading_back():
        return await _done(act, named, number, changed=True)


async def _record(act: Act, named: PartyId) -> Record:
    number = number_in("party", named)
    company = await company_of(act.client)
    if number is not None and number not in {company.party, *company.people}:
        domain = [["id", "=", number], ["active", "in", [True, False]]]
        fields = ["code", "name", "active", "_timestamp"]
        page = await act.client.search(PARTY, domain, fields, limit=1)
        if page.records:
            return page.records[0]
    raise NotFoundError(f"there is no party {named}", field="party_id")


async def _check_unused(act: Act, record: Record) -> None:
    for model, word in _REFERRING.items():
        page = await act.client.search(model, [["party", "=", record["id"]]], ["id"], limit=1)
        if page.records:
            found = f"{model.rpartition('.')[2]}-{page.records[0]['id']}"
            raise ConflictError(
                f"{word} {found} is of party {record['code']}: it stays",
                field="party_id",
                details={f"{word}_id": found},
            )


async def _done(act: Act, named: PartyId, number: int, *, changed: bool) -> WriteResult:
    record = await act.read(PARTY, number, "code")
    if changed:
        data = PartyChanged(party_id=named, ref=record["code"] or "")
        act.announce("erp.party.deactivated", named, data)
    return WriteResult(
        id=named,
        ref=record["code"],
        state="inactive",
        version=record["_timestamp"],
        changed=changed,
    )
