"""Writing down what was done: one note on the record it was about."""

from switchgear_crm.models import ActivityKind
from switchgear_crm.tryton.acting import Act
from switchgear_crm.tryton.activities import NOTE, about, message_of
from switchgear_crm.tryton.house import house_of
from switchgear_crm.tryton.names import id_of
from switchgear_shared.contracts.business_event_data import AccountChanged, ActivityLogged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.storage.tryton.texts import literal


async def log_activity(
    act: Act, about_id: str, kind: ActivityKind, subject: str, note: str
) -> WriteResult:
    """See CrmBackend."""
    house = await house_of(act.client)
    resource, party_id = await about(act.client, house, about_id)
    number = await _made(act, resource)
    if number is None:
        by = act.caller.requested_by
        if act.write.is_rehearsal:
            after = {"kind": kind, "subject": subject, "note": note, "done_by": by}
            act.write.note("activity", about_id, None, after)
            return WriteResult(id="", state="logged", version="")
        message = message_of(kind, subject, note, by, act.write.reference)
        values = {"resource": resource, "message": message}
        [number] = await act.send(NOTE, "create", [values])
    made = await act.read(NOTE, number, "resource")
    account_id, activity_id = id_of("party", party_id), id_of("note", number)
    act.announce("account.changed", account_id, AccountChanged(account_id=account_id))
    logged = ActivityLogged(activity_id=activity_id, about_id=about_id)
    act.announce("activity.logged", activity_id, logged)
    return WriteResult(id=activity_id, state="logged", version=made["_timestamp"])


async def _made(act: Act, resource: str) -> int | None:
    """Return the note that an earlier attempt made, if it did."""
    if not act.write.may_be_done:
        return None
    told = act.write.told_number("note")
    mark = ["message", "like", f"%{literal(f'[{act.write.reference}]')}"]
    domain = [["resource", "=", resource], mark if told is None else ["id", "=", told]]
    found = await act.client.call(NOTE, "search", domain, 0, 1, None)
    if found and told is not None:
        act.write.check_is_free((await act.read(NOTE, found[0], "message"))["message"])
    act.write.is_absent = not found
    return found[0] if found else None
