"""The ERP in Tryton over its port: the work of each call is next door."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from switchgear_erp.models import (
    Order,
    OrderId,
    OrderKind,
    OrderPage,
    OrderPart,
    OrderState,
    PartyId,
    PartyPage,
    ProductPage,
    Role,
)
from switchgear_erp.tryton import orders, parties, products
from switchgear_erp.tryton.acting import Act
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.storage.tryton.client import TrytonClient


class TrytonErp:
    """ErpBackend over one company in Tryton, which is one tenant's."""

    def __init__(
        self,
        client: TrytonClient,
        clock: Callable[[], datetime] = utc_now,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._tenant = tenant

    async def find_parties(
        self, tenant: TenantId, *, query: str, role: Role | None, limit: int
    ) -> PartyPage:
        """See ErpBackend."""
        return await parties.find_parties(self._of(tenant), query=query, role=role, limit=limit)

    async def find_products(self, tenant: TenantId, *, query: str, limit: int) -> ProductPage:
        """See ErpBackend."""
        return await products.find_products(self._of(tenant), query=query, limit=limit)

    async def list_orders(
        self,
        tenant: TenantId,
        *,
        kind: OrderKind | None,
        state: OrderState | None,
        party_id: PartyId | None,
        since: date | None,
        query: str | None,
        limit: int,
        cursor: str | None,
    ) -> OrderPage:
        """See ErpBackend."""
        search = orders.OrderSearch(kind, state, party_id, since, query)
        return await orders.list_orders(self._of(tenant), search, limit=limit, cursor=cursor)

    async def get_order(
        self,
        tenant: TenantId,
        *,
        order_id: OrderId | None = None,
        ref: str | None = None,
        include: Sequence[OrderPart] = (),
    ) -> Order:
        """See ErpBackend."""
        return await orders.get_order(self._of(tenant), order_id=order_id, ref=ref, include=include)

    # invoices

    def _of(self, tenant: TenantId) -> TrytonClient:
        if tenant != self._tenant:
            raise PolicyDeniedError("the company in Tryton is another tenant's")
        return self._client

    def _act(self, tenant: TenantId, caller: Caller) -> Act:
        return Act(self._of(tenant), current_write(), caller, self._now)

    @property
    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)
