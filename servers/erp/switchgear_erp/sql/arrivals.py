"""Goods that the inventory booked in for our purchase orders, taken up as receipts."""

from sqlalchemy import select

from switchgear_erp.sql.fulfilling import record
from switchgear_erp.sql.orders import line_rows, locked_order
from switchgear_erp.tables import OrderRow
from switchgear_erp.trade import FulfilledLine, Fulfilment
from switchgear_shared.contracts.business_event_data import StockReceived
from switchgear_shared.contracts.events import Event
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.storage.database import Database

_CONSUMER = "erp-stock-received"


class Arrivals:
    """The idempotent receiver of goods that came in without the ERP's doing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of the embedded ERP."""
        return (Consumer(_CONSUMER, "inventory.stock.received", self.received),)

    async def received(self, event: Event) -> None:
        """Book the goods on their purchase order; what is not on one of ours is passed over.

        Raises:
            ConflictError: more came than was ordered.
            InvalidRequestError: the order is not confirmed.
        """
        goods = StockReceived.model_validate(event.data)
        if goods.fulfilment_id is not None:
            return
        async with once(self._database, _CONSUMER, event.id, tenant=event.tenant) as session:
            if session is None:
                return
            order_id = await session.scalar(
                select(OrderRow.id).where(
                    OrderRow.tenant == event.tenant,
                    OrderRow.kind == "purchase",
                    OrderRow.ref == goods.source_ref,
                )
            )
            if order_id is None:
                return
            order = await locked_order(session, event.tenant, order_id)
            if all(line.sku != goods.sku for line in await line_rows(session, order)):
                return
            line = FulfilledLine(sku=goods.sku, quantity=goods.quantity, lot=goods.lot)
            await record(
                session,
                order,
                Fulfilment(lines=(line,), location=goods.location),
                on=event.time.date(),
                created_by=f"event:{goods.movement_id}",
                now=event.time,
            )
