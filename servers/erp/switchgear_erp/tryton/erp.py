"""The ERP in Tryton over its port: the work of each call is next door."""

from collections.abc import Callable
from datetime import UTC, datetime

from switchgear_erp.models import PartyPage, ProductPage, Role
from switchgear_erp.tryton import parties, products
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

    # orders

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
