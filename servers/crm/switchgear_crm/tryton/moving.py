"""Opportunities brought to another stage by Tryton's own steps, whose sales decide the end."""

from functools import partial
from typing import Any

from switchgear_crm.models import OPEN_STAGES, OpportunityId, Stage
from switchgear_crm.pipeline import PROBABILITY_PERCENT, check_move
from switchgear_crm.tryton.acting import Act, check_version, settled
from switchgear_crm.tryton.deals import FIELDS, OPPORTUNITY, Deal, deal_of, read_again
from switchgear_crm.tryton.house import house_of
from switchgear_shared.contracts.business_event_data import OpportunityMoved
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import BackendRejectedError, ConflictError
from switchgear_shared.storage.tryton.client import MOST_RECORDS
from switchgear_shared.storage.tryton.texts import marked

LEADS_TO: dict[Stage, tuple[Stage, ...]] = {
    "qualified": ("proposal", "negotiation", "lost"),
    "proposal": ("qualified", "negotiation", "lost"),
    "negotiation": (),
    "won": (),
    "lost": ("qualified", "proposal", "negotiation"),
}
"""Where an opportunity may be moved; the rest is decided by its sale."""

_STEPS: dict[tuple[str, Stage], str] = {
    ("lead", "proposal"): "opportunity",
    ("lead", "negotiation"): "opportunity",
    ("lead", "lost"): "lost",
    ("opportunity", "qualified"): "lead",
    ("opportunity", "negotiation"): "convert",
    ("opportunity", "lost"): "lost",
    **{("lost", stage): "lead" for stage in OPEN_STAGES},
    **{("cancelled", stage): "lead" for stage in OPEN_STAGES},
}
"""Tryton's next step by the state it is in and the stage it is to come to."""

_OPEN = {"lead", "opportunity", "converted"}


async def move_opportunity(
    act: Act,
    opportunity_id: OpportunityId,
    to_stage: Stage,
    reason: str | None,
    expected_version: str | None,
) -> WriteResult:
    """See CrmBackend."""
    attempt = partial(_move, act, opportunity_id, to_stage, reason, expected_version)
    return await settled(attempt, expected_version)


async def _move(
    act: Act,
    opportunity_id: OpportunityId,
    to_stage: Stage,
    reason: str | None,
    expected_version: str | None,
) -> WriteResult:
    house = await house_of(act.client)
    deal = await deal_of(act.client, house, opportunity_id)
    if (act.write.may_be_done or act.has_begun) and _is_marked(act, deal):
        return await _carry_on(act, deal, to_stage, _left(deal), None)
    act.write.is_absent = True
    check_version(deal.record, expected_version, f"opportunity {opportunity_id}")
    if deal.stage == to_stage:
        return _result(deal, changed=False)
    check_move(opportunity_id, deal.stage, to_stage, reason)
    _check_sales(deal, to_stage)
    if act.write.is_rehearsal:
        before = {"version": deal.record["_timestamp"], **_shown(deal)}
        percent = PROBABILITY_PERCENT[to_stage]
        after = {"stage": to_stage, "probability_percent": percent, "reason": reason}
        if to_stage == "lost":
            after["close_on"] = act.today.isoformat()
        act.write.note("opportunity", opportunity_id, before, after)
        if to_stage == "negotiation":
            act.write.note("sale", opportunity_id, None, {"state": "draft"})
        return _result(deal, changed=True, state=to_stage)
    mark = f"{act.write.reference} from {deal.stage}"
    values: dict[str, Any] = {"lost_reason": marked(reason or "", mark)}
    if deal.state in _OPEN:
        values["conversion_probability"] = PROBABILITY_PERCENT[to_stage] / 100
    await _write(act, deal, values)
    marked_deal = await read_again(act.client, deal.id)
    return await _carry_on(act, marked_deal, to_stage, deal.stage, deal)


async def advance(
    act: Act, deal: Deal, to_stage: Stage, percent: int | None, taken: list[str] | None = None
) -> Deal:
    """Take the steps that are left to a stage, each from the state last seen, and return it.

    `percent` is the chance it then has; None leaves it as it is. `taken` gets each step done.
    """
    taken = [] if taken is None else taken
    while True:
        is_at_chance = percent is None or deal.percent == percent or deal.state not in _OPEN
        if deal.stage == to_stage and is_at_chance:
            return deal
        if not is_at_chance and percent is not None:
            await _write(act, deal, {"conversion_probability": percent / 100})
        else:
            step = _STEPS.get((deal.state, to_stage))
            if step is None:
                raise ConflictError(
                    f"opportunity {deal.opportunity_id} was moved to {deal.stage} meanwhile",
                    field="to_stage",
                )
            await act.send(OPPORTUNITY, step, [deal.id], expected=_version(deal))
            taken.append(step)
        deal = await read_again(act.client, deal.id)


async def sales_made(act: Act, deal: Deal) -> str | None:
    """Return what to know of the sales of an opportunity in negotiation."""
    if deal.stage != "negotiation":
        return None
    domain = [["id", "in", deal.record["sales"]]]
    page = await act.client.search("sale.sale", domain, ["number"], limit=MOST_RECORDS)
    named = ", ".join(f"sale-{sale['id']}" for sale in page.records)
    return f"Tryton made {named} for it: confirmed it is won, cancelled it is lost."


async def _carry_on(
    act: Act, deal: Deal, to_stage: Stage, from_stage: Stage, before: Deal | None
) -> WriteResult:
    """Go on from whatever state it is in; `before` is what to put back if Tryton refuses."""
    act.has_begun = True
    percent = PROBABILITY_PERCENT[to_stage]
    taken: list[str] = []
    async with act.undone_by(partial(_put_back, act, before, taken)):
        now = await advance(act, deal, to_stage, percent, taken)
    data = OpportunityMoved(
        opportunity_id=now.opportunity_id,
        account_id=now.account_id,
        from_stage=from_stage,
        to_stage=to_stage,
    )
    act.announce("opportunity.moved", now.opportunity_id, data)
    return _result(now, changed=True, caveat=await sales_made(act, now))


def _check_sales(deal: Deal, to_stage: Stage) -> None:
    """Refuse what only a sale may bring about."""
    if to_stage in LEADS_TO[deal.stage] and not (
        to_stage == "negotiation" and deal.record["sales"]
    ):
        return
    sales = ", ".join(f"sale-{number}" for number in deal.record["sales"])
    about = f"opportunity {deal.opportunity_id} is {deal.stage}"
    match deal.stage, to_stage:
        case "negotiation", "won":
            message = f"{about}: confirm {sales} in the ERP, which wins it"
        case _, "won":
            message = (
                f"{about}: Tryton wins it by its confirmed sale, which a move to negotiation makes"
            )
        case "negotiation", "lost":
            message = f"{about}: cancel {sales} in the ERP, which loses it"
        case (("negotiation" | "won"), _):
            message = f"{about} by {sales}: Tryton opens it again only once that is cancelled"
        case _:
            message = f"{about} and had {sales}: Tryton makes no second sale for it"
    raise BackendRejectedError(message, field="to_stage", details={"stage": deal.stage})


async def _put_back(act: Act, before: Deal | None, taken: list[str]) -> None:
    if before is None:
        raise BackendRejectedError("an earlier attempt was half done")
    if taken:
        raise BackendRejectedError("some of the steps are done")
    page = await act.client.search(OPPORTUNITY, [["id", "=", before.id]], FIELDS, limit=1)
    now = next(map(Deal, page.records), None)
    if now is None or not _is_marked(act, now):
        return
    if now.state != before.state:
        raise BackendRejectedError(f"it was moved to {now.stage} meanwhile")
    values: dict[str, Any] = {"lost_reason": before.record["lost_reason"]}
    if now.state in _OPEN:
        values["conversion_probability"] = before.record["conversion_probability"]
    await _write(act, now, values)


async def _write(act: Act, deal: Deal, values: dict[str, Any]) -> None:
    await act.send(OPPORTUNITY, "write", [deal.id], values, expected=_version(deal))


def _left(deal: Deal) -> Stage:
    """Return the stage that the mark on an opportunity says it was moved from."""
    word = (deal.record["lost_reason"] or "").rpartition(" from ")[2].removesuffix("]")
    stages: dict[str, Stage] = {stage: stage for stage in LEADS_TO}
    return stages.get(word, deal.stage)


def _version(deal: Deal) -> dict[str, str]:
    return {f"{OPPORTUNITY},{deal.id}": deal.record["_timestamp"]}


def _is_marked(act: Act, deal: Deal) -> bool:
    return f"[{act.write.reference} from " in (deal.record["lost_reason"] or "")


def _shown(deal: Deal) -> dict[str, Any]:
    return {
        "stage": deal.stage,
        "probability_percent": deal.percent,
        "reason": deal.reason,
        "close_on": deal.close_on.isoformat(),
    }


def _result(
    deal: Deal, *, changed: bool, state: Stage | None = None, caveat: str | None = None
) -> WriteResult:
    return WriteResult(
        id=deal.opportunity_id,
        ref=deal.record["number"],
        state=state or deal.stage,
        version=deal.record["_timestamp"],
        changed=changed,
        caveat=caveat,
    )
