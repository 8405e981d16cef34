"""Making and changing opportunities in Tryton."""

from functools import partial
from typing import Any

from switchgear_crm.changes import OpportunityChanges, OpportunityDraft
from switchgear_crm.models import OPEN_STAGES, OpportunityId
from switchgear_crm.pipeline import PROBABILITY_PERCENT, check_amount, check_close_date
from switchgear_crm.tryton.acting import Act, check_version, is_untouched, settled
from switchgear_crm.tryton.deals import FIELDS, OPPORTUNITY, Deal, deal_of, read_again
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.moving import advance, sales_made
from switchgear_crm.tryton.parties import party_of
from switchgear_crm.tryton.people import person_of
from switchgear_shared.contracts.business_event_data import OpportunityChanged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import BackendRejectedError, ConflictError, InvalidRequestError
from switchgear_shared.storage.tryton.client import MOST_RECORDS

_FINAL = {"amount", "probability_percent", "close_on"}
_OF_THE_SALE = {"name", "amount", "close_on", "owner_email"}
"""What Tryton lets nobody change once there is a sale, or the opportunity is closed."""


async def create_opportunity(act: Act, draft: OpportunityDraft) -> WriteResult:
    """See CrmBackend."""
    if (made := await _made(act)) is not None:
        return await _carry_on(act, made, draft, is_new=False)
    check_amount(draft.amount)
    check_close_date(draft.close_on, today=act.today)
    house = await house_of(act.client)
    party = await party_of(act.client, house, draft.account_id)
    contact = None
    if draft.contact_id is not None:
        contact = await _contact(act, house, draft.contact_id, draft.account_id)
    if draft.owner_email is None:
        raise InvalidRequestError(
            f"account {party.account_id} has no owner, so the opportunity needs one",
            field="owner",
        )
    percent = draft.probability_percent
    values = {
        "party": party.id,
        "company": act.client.company,
        "description": draft.name,
        "reference": act.write.reference,
        "amount": draft.amount.amount,
        "currency": await _currency(act, draft.amount.currency),
        "end_date": draft.close_on,
        "conversion_probability": _share(
            PROBABILITY_PERCENT[draft.stage] if percent is None else percent
        ),
        "employee": house.employee(draft.owner_email),
        "contact": contact,
    }
    if act.write.is_rehearsal:
        after = draft.model_dump(mode="json", exclude={"account_id"})
        act.write.note("opportunity", f"{party.account_id} {draft.name}", None, after)
        if draft.stage == "negotiation":
            act.write.note("sale", f"{party.account_id} {draft.name}", None, {"state": "draft"})
        return WriteResult(id="", state=draft.stage, version="")
    about = {"party": party.id, "company": act.client.company, "amount": draft.amount.amount}
    proposed = await act.client.call(OPPORTUNITY, "on_change", about, ["party"])
    values["payment_term"] = proposed.get("payment_term")
    [number] = await act.send(OPPORTUNITY, "create", [values])
    made = await read_again(act.client, number)
    return await _carry_on(act, made, draft, is_new=True)


async def update_opportunity(
    act: Act,
    opportunity_id: OpportunityId,
    changes: OpportunityChanges,
    expected_version: str | None,
) -> WriteResult:
    """See CrmBackend."""
    attempt = partial(_update, act, opportunity_id, changes, expected_version)
    return await settled(attempt, expected_version)


async def _update(
    act: Act,
    opportunity_id: OpportunityId,
    changes: OpportunityChanges,
    expected_version: str | None,
) -> WriteResult:
    house = await house_of(act.client)
    deal = await deal_of(act.client, house, opportunity_id)
    if changes.amount is not None:
        if changes.amount.currency != deal.amount.currency:
            raise InvalidRequestError(
                f"opportunity {opportunity_id} is in {deal.amount.currency}, which stays",
                field="amount.currency",
            )
        check_amount(changes.amount)
    fields = _differing(deal, house, changes)
    act.write.is_absent = is_untouched(deal.record, expected_version, changes.given(), fields)
    if act.write.told == deal.opportunity_id and not act.write.is_absent:
        return await _changed(act, deal)
    if fields or not act.write.may_be_done:
        check_version(deal.record, expected_version, f"opportunity {opportunity_id}")
    if not fields:
        if act.write.may_be_done:
            return await _changed(act, deal)
        return _result(deal, changed=False)
    _check_still_open(deal, {*fields})
    if "close_on" in fields:
        check_close_date(fields["close_on"], today=act.today)
    values = await _values(act, house, deal, fields)
    if act.write.is_rehearsal:
        now = _shown(deal, house)
        before = {"version": deal.record["_timestamp"], **{name: now[name] for name in fields}}
        after = changes.model_dump(mode="json", include={*fields})
        act.write.note("opportunity", opportunity_id, before, after)
        return _result(deal, changed=True)
    expected = {f"{OPPORTUNITY},{deal.id}": deal.record["_timestamp"]}
    await act.send(OPPORTUNITY, "write", [deal.id], values, expected=expected)
    return await _changed(act, deal)


async def _made(act: Act) -> Deal | None:
    """Return the opportunity that an earlier attempt made, if it did and it is not cancelled."""
    if not act.write.may_be_done:
        return None
    told = act.write.told_number("opportunity")
    domain = [["reference", "=", act.write.reference] if told is None else ["id", "=", told]]
    page = await act.client.search(OPPORTUNITY, domain, FIELDS, limit=MOST_RECORDS)
    if told is not None:
        act.write.check_is_free(*(record["reference"] for record in page.records))
    act.write.is_absent = not page.records
    return next((deal for deal in map(Deal, page.records) if deal.state != "cancelled"), None)


async def _carry_on(act: Act, deal: Deal, draft: OpportunityDraft, *, is_new: bool) -> WriteResult:
    """Bring an opportunity to the stage it is to begin at, or take a new one away again."""
    if deal.stage in OPEN_STAGES[: OPEN_STAGES.index(draft.stage)]:
        act.has_begun = True
        async with act.undone_by(partial(_take_back, act, deal, is_new)):
            await advance(act, deal, draft.stage, None)
    now = await read_again(act.client, deal.id)
    data = OpportunityChanged(opportunity_id=now.opportunity_id, account_id=now.account_id)
    act.announce("opportunity.created", now.opportunity_id, data)
    return _result(now, changed=True, caveat=await sales_made(act, now))


async def _take_back(act: Act, deal: Deal, is_new: bool) -> None:
    if not is_new:
        raise BackendRejectedError("an earlier attempt made it, and people may work on it since")
    await act.send(OPPORTUNITY, "cancel", [deal.id])
    await act.send(OPPORTUNITY, "delete", [deal.id])


async def _changed(act: Act, deal: Deal) -> WriteResult:
    now = await read_again(act.client, deal.id)
    data = OpportunityChanged(opportunity_id=now.opportunity_id, account_id=now.account_id)
    act.announce("opportunity.changed", now.opportunity_id, data)
    return _result(now, changed=True)


def _result(deal: Deal, *, changed: bool, caveat: str | None = None) -> WriteResult:
    return WriteResult(
        id=deal.opportunity_id,
        ref=deal.record["number"],
        state=deal.stage,
        version=deal.record["_timestamp"],
        changed=changed,
        caveat=caveat,
    )


def _shown(deal: Deal, house: House) -> dict[str, Any]:
    contact = deal.record["contact"]
    return {
        "name": deal.name,
        "amount": deal.amount.model_dump(mode="json"),
        "close_on": deal.close_on.isoformat(),
        "probability_percent": deal.percent,
        "owner_email": house.email_of(deal.record["employee"]),
        "contact_id": f"contact-{contact}" if contact else None,
    }


def _differing(deal: Deal, house: House, changes: OpportunityChanges) -> dict[str, Any]:
    now = _shown(deal, house) | {"amount": deal.amount, "close_on": deal.close_on}
    return {name: value for name, value in changes.given().items() if now[name] != value}


def _check_still_open(deal: Deal, fields: set[str]) -> None:
    if fields & _FINAL and not deal.is_open:
        raise ConflictError(
            f"opportunity {deal.opportunity_id} is {deal.stage}: its amount, chance and close "
            "date are final",
            details={"stage": deal.stage},
        )
    if fields & _OF_THE_SALE and deal.state not in {"lead", "opportunity"}:
        raise ConflictError(
            f"opportunity {deal.opportunity_id} is {deal.stage}: Tryton keeps its name, amount, "
            "close date and owner as they are",
            details={"stage": deal.stage},
        )


async def _values(act: Act, house: House, deal: Deal, fields: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in fields.items():
        match name:
            case "name":
                values["description"] = value
            case "amount":
                values["amount"] = value.amount
            case "close_on":
                values["end_date"] = value
            case "probability_percent":
                values["conversion_probability"] = _share(value)
            case "owner_email":
                values["employee"] = house.employee(value)
            case _:
                values["contact"] = await _contact(act, house, value, deal.account_id)
    return values


async def _contact(act: Act, house: House, contact_id: str, account_id: str) -> int:
    person = await person_of(act.client, house, contact_id)
    if person.account_id != account_id:
        raise InvalidRequestError(
            f"contact {contact_id} is of account {person.account_id}, not of {account_id}",
            field="contact_id",
        )
    return person.id


async def _currency(act: Act, code: str) -> int:
    domain = [["code", "=", code]]
    page = await act.client.search("currency.currency", domain, ["code"], limit=1)
    if not page.records:
        raise InvalidRequestError(f"Tryton knows no currency {code}", field="amount.currency")
    return page.records[0]["id"]


def _share(percent: int) -> float:
    return percent / 100
