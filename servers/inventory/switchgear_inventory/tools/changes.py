"""What changes the stock, or what is held of it."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import MOST_LINES, ReceiptLine, TransferLine
from switchgear_inventory.tools.arguments import (
    ForRef,
    ItemSku,
    Lines,
    LotName,
    Reason,
    SourceRef,
    Warehouse,
    inventory,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import ExactDecimal
from switchgear_shared.errors import InvalidRequestError


@inventory.write(permission="inventory.stock.receive", idempotent=False)
async def inventory_receive(
    backend: InventoryBackend,
    caller: Caller,
    *,
    lines: Annotated[
        tuple[ReceiptLine, ...],
        Field(min_length=1, max_length=MOST_LINES, description="What came, as counted."),
    ],
    location: Warehouse,
    source_ref: SourceRef,
) -> WriteResult:
    """Receive goods into a warehouse for a purchase order: all lines or none.

    Books what came in from a vendor. State `partly_received` means the order expects more. Fails
    with conflict if it expects less of an item (look at inventory_list_movements: they may be
    received already), with invalid_request for a missing lot or an item or warehouse the order is
    not for, with not_found.
    """
    return await backend.receive(
        caller.tenant, lines=lines, location=location, source_ref=source_ref, caller=caller
    )


@inventory.write(permission="inventory.reservation.create", idempotent=False)
async def inventory_reserve(
    backend: InventoryBackend,
    caller: Caller,
    *,
    lines: Lines,
    for_ref: ForRef,
    location: Annotated[
        Warehouse | None, Field(description="Warehouse; without: the first by code.")
    ] = None,
    expires_at: Annotated[
        AwareDatetime | None,
        Field(description="When the hold ends by itself; within 365 days, with time zone."),
    ] = None,
) -> WriteResult:
    """Reserve stock for a customer's order: all lines or none.

    Nobody else can take what is held. Each call holds more, unless it repeats an
    idempotency_key. Shipping the order uses it up. Fails with conflict if less is available: the
    message says how much, and where else. Fails with not_found, and with invalid_request for a
    split piece or `expires_at` out of range.
    """
    return await backend.reserve(
        caller.tenant,
        lines=lines,
        location=location,
        for_ref=for_ref,
        expires_at=expires_at,
        caller=caller,
    )


@inventory.write(permission="inventory.reservation.release", idempotent=True)
async def inventory_release(
    backend: InventoryBackend,
    caller: Caller,
    *,
    reservation_id: Annotated[
        str | None,
        Field(min_length=1, max_length=64, description="Its `id`, from inventory_get_stock."),
    ] = None,
    for_ref: ForRef | None = None,
) -> WriteResult:
    """Release reserved stock: one reservation, or all that an order holds.

    `changed` false: nothing was held any more, `state` says why. Fails with not_found for an
    unknown reservation_id, with invalid_request if neither argument is given.
    """
    if reservation_id is None and for_ref is None:
        raise InvalidRequestError("reservation_id or for_ref is needed", field="reservation_id")
    return await backend.release(
        caller.tenant, reservation_id=reservation_id, for_ref=for_ref, caller=caller
    )


@inventory.write(permission="inventory.stock.transfer", idempotent=False)
async def inventory_transfer(
    backend: InventoryBackend,
    caller: Caller,
    *,
    lines: Annotated[
        tuple[TransferLine, ...],
        Field(min_length=1, max_length=MOST_LINES, description="What to move."),
    ],
    from_location: Warehouse,
    to_location: Annotated[Warehouse, Field(description="Another warehouse's code.")],
    source_ref: Annotated[
        SourceRef | None, Field(description="The order behind it; without: a new number.")
    ] = None,
) -> WriteResult:
    """Move goods from one warehouse to another, with their lots: all lines or none.

    Only what is available moves; an expired lot only if you name it. Fails with conflict if less
    is available, with not_found, with invalid_request for twice the same warehouse.
    """
    return await backend.transfer(
        caller.tenant,
        lines=lines,
        from_location=from_location,
        to_location=to_location,
        source_ref=source_ref,
        caller=caller,
    )


@inventory.write(permission="inventory.stock.adjust", idempotent=False)
async def inventory_adjust(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: ItemSku,
    location: Warehouse,
    expected_quantity: Annotated[
        ExactDecimal, Field(ge=Decimal(0), description="`on_hand` as last read, of the lot if any.")
    ],
    reason: Reason,
    counted: Annotated[
        ExactDecimal | None, Field(ge=Decimal(0), description="What is really there.")
    ] = None,
    delta: Annotated[ExactDecimal | None, Field(description="Or the change: -2 are gone.")] = None,
    lot: LotName | None = None,
    expires_on: Annotated[date | None, Field(description="Of a lot not known yet.")] = None,
) -> WriteResult:
    """Correct what is on hand after a stock count, breakage or loss.

    Give `counted` or `delta`. Fails with conflict if `expected_quantity` is not on hand (read and
    count again) or reservations, which it names, need more than would be left; with not_found,
    and with invalid_request for a missing lot or less than nothing.
    """
    return await backend.adjust(
        caller.tenant,
        sku=sku,
        location=location,
        counted=counted,
        delta=delta,
        expected_quantity=expected_quantity,
        reason=reason,
        lot=lot,
        expires_on=expires_on,
        caller=caller,
    )
