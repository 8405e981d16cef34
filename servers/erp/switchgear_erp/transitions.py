"""The states of an order and the named transitions between them."""

from switchgear_erp.models import OrderState
from switchgear_shared.errors import InvalidRequestError

TRANSITIONS: dict[str, tuple[OrderState, OrderState]] = {
    "quote": ("draft", "quoted"),
    "confirm": ("quoted", "confirmed"),
    "process": ("confirmed", "processed"),
    "withdraw": ("draft", "cancelled"),
    "decline": ("quoted", "cancelled"),
    "cancel": ("confirmed", "cancelled"),
}
"""Each transition by name, from a state to a state."""


def transition(ref: str, state: str, to: OrderState) -> str:
    """Return the name of the transition that takes order `ref` from `state` to `to`.

    Raises:
        InvalidRequestError: there is none; the message says what is allowed.
    """
    for name, step in TRANSITIONS.items():
        if step == (state, to):
            return name
    allowed = [after for before, after in TRANSITIONS.values() if before == state]
    says = f"it can become {' or '.join(allowed)}" if allowed else "it stays so"
    raise InvalidRequestError(
        f"order {ref} is {state}: {says}, not {to}",
        field="to",
        details={"state": state, "allowed": allowed},
    )
