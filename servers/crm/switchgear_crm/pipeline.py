"""The rules of a sale, the same whatever system keeps it: stages, moves, chances and dates."""

from datetime import date

from switchgear_crm.models import OPEN_STAGES, STAGES, Stage
from switchgear_shared.contracts.values import Money, minor_digits
from switchgear_shared.errors import ConflictError, InvalidRequestError

LATEST_CLOSE_YEARS = 10
"""How far ahead a close date may lie."""

PROBABILITY_PERCENT: dict[Stage, int] = {
    "qualified": 20,
    "proposal": 45,
    "negotiation": 70,
    "won": 100,
    "lost": 0,
}
"""The chance of a sale at each stage, where its opportunity names no other."""


def leads_to(stage: Stage) -> tuple[Stage, ...]:
    """Return the stages that one at `stage` may go to; a closed one only back into the open."""
    reachable = STAGES if stage in OPEN_STAGES else OPEN_STAGES
    return tuple(other for other in reachable if other != stage)


def check_move(opportunity_id: str, stage: Stage, to_stage: Stage, reason: str | None) -> None:
    """Refuse a move that the pipeline does not know; `to_stage` is another than `stage`.

    Raises:
        ConflictError: `stage` does not lead there.
        InvalidRequestError: it does, for a reason only, and there is none.
    """
    reachable = leads_to(stage)
    if to_stage not in reachable:
        raise ConflictError(
            f"opportunity {opportunity_id} is {stage}, which is final unless it is opened again",
            field="to_stage",
            details={"stage": stage, "leads_to": list(reachable)},
        )
    if reason is None and (to_stage == "lost" or stage not in OPEN_STAGES):
        raise InvalidRequestError(f"{stage} to {to_stage} needs a reason", field="reason")


def check_amount(amount: Money) -> None:
    """Raise InvalidRequestError for less than nothing and for parts of a smallest coin."""
    if amount.amount < 0:
        raise InvalidRequestError(f"{amount.amount:f} is less than nothing", field="amount")
    digits = minor_digits(amount.currency)
    if amount != Money.from_minor(amount.to_minor(), amount.currency):
        raise InvalidRequestError(
            f"{amount.amount:f} has more than the {digits} decimals of {amount.currency}",
            field="amount",
        )


def check_close_date(close_on: date, *, today: date) -> None:
    """Raise InvalidRequestError for a day that is over or more than ten years away."""
    if close_on < today:
        raise InvalidRequestError(f"{close_on} is before today, {today}", field="close_on")
    if close_on.year - today.year > LATEST_CLOSE_YEARS or (
        close_on.year - today.year == LATEST_CLOSE_YEARS
        and (close_on.month, close_on.day) > (today.month, today.day)
    ):
        raise InvalidRequestError(
            f"{close_on} is more than {LATEST_CLOSE_YEARS} years after today, {today}",
            field="close_on",
        )
