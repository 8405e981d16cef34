"""Approvals: a request bound to one exact call, another person's decision, a single use."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.values import CorrelationId, TenantId, new_id, utc_now
from switchgear_shared.errors import ConflictError, NotFoundError, PolicyDeniedError
from switchgear_shared.governance.approval_listing import asked_under, count_open, page_of
from switchgear_shared.governance.approval_record import (
    Approval,
    Grant,
    State,
    approval_digest,
    approval_of,
    grant_of,
    state_of,
)
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.redaction import redact
from switchgear_shared.governance.store import ApprovalRow
from switchgear_shared.storage.database import Database, DuplicateKeyError

__all__ = ["Approval", "Approvals", "Grant", "OnChange", "State", "approval_digest"]

_MAX_REASON = 2000
_ATTEMPTS = 3


OnChange = Callable[[AsyncSession, Approval], Awaitable[None]]
"""Called in the transaction that changes an approval, with its new state."""


class Approvals:
    """The durable approvals in the database called governance, safe from several processes."""

    def __init__(
        self,
        database: Database,
        expiry: timedelta,
        on_change: OnChange | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._expiry = expiry
        self._on_change = on_change
        self._now = now

    async def request(
        self,
        *,
        principal: Principal,
        digest: str,
        server: str,
        tool: str,
        kinds: Collection[str],
        summary: str,
        arguments: Mapping[str, Any],
        facts: Mapping[str, Any],
        correlation_id: CorrelationId,
        asked_under: str | None = None,
    ) -> Approval:
        """Ask for approval; an open request for the same digest is returned instead of doubled.

        Raises:
            PolicyDeniedError: the same request, of the same correlation, was denied.
        """
        for _ in range(_ATTEMPTS):
            try:
                async with self._database.writing() as session:
                    await self._refuse_denied(session, digest, correlation_id)
                    if (row := await self._open(session, digest)) is not None:
                        return approval_of(row, self._now())
                    now = self._now()
                    row = ApprovalRow(
                        tenant=principal.tenant,
                        id=new_id("apr"),
                        digest=digest,
                        open_digest=digest,
                        state="open",
                        server=server,
                        tool=tool,
                        kinds=sorted(kinds),
                        summary=summary,
                        arguments=redact(arguments, is_personal_masked=False),
                        facts=redact(facts, is_personal_masked=False),
                        principal_id=principal.id,
                        requested_by=principal.origin,
                        correlation_id=correlation_id,
                        asked_under=asked_under,
                        created_at=now,
                        expires_at=now + self._expiry,
                    )
                    session.add(row)
                    await session.flush()
                    return await self._changed(session, row)
            except DuplicateKeyError:
                continue
        raise ConflictError("the approval is being requested by others; ask again")

    async def list(
        self,
        tenant: TenantId,
        *,
        state: State | None = None,
        limit: int = 10,
        cursor: str | None = None,
    ) -> tuple[tuple[Approval, ...], str | None]:
        """Return a page of approvals, newest first, and the cursor of the next page or None."""
        async with self._database.reading() as session:
            return await page_of(
                session, tenant, state=state, limit=limit, cursor=cursor, now=self._now()
            )

    async def count_open(self) -> int:
        """Return how many wait for a decision, of all tenants."""
        async with self._database.reading() as session:
            return await count_open(session, self._now())

    async def get(self, tenant: TenantId, approval_id: str) -> Approval:
        """Return one approval; raises NotFoundError."""
        async with self._database.reading() as session:
            row = await session.get(ApprovalRow, (tenant, approval_id))
        if row is None:
            raise NotFoundError(f"approval {approval_id} does not exist")
        return approval_of(row, self._now())

    async def asked_under(
        self, tenant: TenantId, principal_id: str, prefix: str
    ) -> tuple[Approval, ...]:
        """Return what a party asked for under keys that begin so, as far as it may yet be used."""
        async with self._database.reading() as session:
            return await asked_under(session, tenant, principal_id, prefix, self._now())

    async def decide(
        self,
        approval_id: str,
        decision: Literal["approve", "deny"],
        by: Principal,
        reason: str = "",
    ) -> Approval:
        """Decide an open request; deciding it again the same way changes nothing.

        Raises:
            PolicyDeniedError: `by` made the request, or is who it was made for.
            ConflictError: it has expired, or was decided the other way.
            NotFoundError: the tenant of `by` has no such approval.
        """
        async with self._database.writing() as session:
            row = await session.get(ApprovalRow, (by.tenant, approval_id), with_for_update=True)
            if row is None:
                raise NotFoundError(f"approval {approval_id} does not exist")
            if not {by.id, by.origin}.isdisjoint({row.principal_id, row.requested_by}):
                raise PolicyDeniedError(f"{by.id} cannot decide what {row.requested_by} asked for")
            wanted: State = "approved" if decision == "approve" else "denied"
            if self._settled_as(row, wanted):
                return approval_of(row, self._now())
            self._settle(row, wanted, by, reason)
            return await self._changed(session, row)

    async def withdraw(self, approval_id: str, by: Principal, reason: str) -> Approval:
        """Take back what `by` asked for, granted or not; used or closed it stays as it is.

        Raises:
            PolicyDeniedError: another one asked for it.
            NotFoundError: the tenant of `by` has no such approval.
        """
        async with self._database.writing() as session:
            row = await session.get(ApprovalRow, (by.tenant, approval_id), with_for_update=True)
            if row is None:
                raise NotFoundError(f"approval {approval_id} does not exist")
            if by.id != row.principal_id:
                raise PolicyDeniedError(
                    f"{by.id} cannot withdraw what {row.principal_id} asked for"
                )
            if state_of(row, self._now()) not in ("open", "approved"):
                return approval_of(row, self._now())
            self._settle(row, "withdrawn", by, reason)
            return await self._changed(session, row)

    async def claim(self, digest: str, call_key: str) -> Grant | None:
        """Use an approval of this digest for the call of this key; None where there is none.

        The same call may claim again, so a repeat after a crash passes; another call may not.
        """
        async with self._database.writing() as session:
            used = select(ApprovalRow).where(
                ApprovalRow.digest == digest,
                ApprovalRow.state == "used",
                ApprovalRow.used_by == call_key,
            )
            if (row := (await session.scalars(used.limit(1))).first()) is not None:
                return grant_of(row)
            usable = (
                select(ApprovalRow)
                .where(
                    ApprovalRow.digest == digest,
                    ApprovalRow.state == "approved",
                    ApprovalRow.expires_at > self._now(),
                )
                .order_by(ApprovalRow.decided_at, ApprovalRow.id)
                .limit(1)
                .with_for_update()
            )
            if (row := (await session.scalars(usable)).first()) is None:
                return None
            row.state, row.used_by, row.used_at = "used", call_key, self._now()
            await self._changed(session, row)
            return grant_of(row)

    async def used_by(self, tenant: TenantId, tool: str, call_key: str) -> Grant | None:
        """Return the approval that the call of this key has used, whatever it was bound to."""
        query = select(ApprovalRow).where(
            ApprovalRow.tenant == tenant,
            ApprovalRow.tool == tool,
            ApprovalRow.state == "used",
            ApprovalRow.used_by == call_key,
        )
        async with self._database.reading() as session:
            row = (
                await session.scalars(query.order_by(ApprovalRow.used_at.desc()).limit(1))
            ).first()
        return grant_of(row) if row is not None else None

    async def release(self, grant: Grant, call_key: str) -> None:
        """Give a claimed approval back after a call that is known to have done nothing."""
        async with self._database.writing() as session:
            row = await session.get(ApprovalRow, (grant.tenant, grant.id), with_for_update=True)
            if row is not None and row.state == "used" and row.used_by == call_key:
                row.state, row.used_by, row.used_at = "approved", None, None

    async def expire(self) -> int:
        """Close the requests and unused grants whose time is over; return how many there were."""
        due = (
            select(ApprovalRow)
            .where(
                ApprovalRow.state.in_(("open", "approved")), ApprovalRow.expires_at <= self._now()
            )
            .with_for_update()
        )
        async with self._database.writing() as session:
            rows = list(await session.scalars(due))
            for row in rows:
                await self._close(session, row)
            return len(rows)

    async def _open(self, session: AsyncSession, digest: str) -> ApprovalRow | None:
        query = select(ApprovalRow).where(ApprovalRow.open_digest == digest).with_for_update()
        row = (await session.scalars(query)).first()
        if row is not None and row.expires_at <= self._now():
            await self._close(session, row)
            return None
        return row

    async def _refuse_denied(
        self, session: AsyncSession, digest: str, correlation_id: CorrelationId
    ) -> None:
        query = select(ApprovalRow).where(
            ApprovalRow.digest == digest,
            ApprovalRow.state == "denied",
            ApprovalRow.correlation_id == correlation_id,
            ApprovalRow.expires_at > self._now(),
        )
        if (row := (await session.scalars(query.limit(1))).first()) is not None:
            said = f": {row.reason}" if row.reason else ""
            raise PolicyDeniedError(
                f"approval {row.id} was denied by {row.decided_by}{said}",
                details={"approval_id": row.id},
            )

    async def _close(self, session: AsyncSession, row: ApprovalRow) -> None:
        row.state, row.open_digest = "expired", None
        await session.flush()
        await self._changed(session, row)

    async def _changed(self, session: AsyncSession, row: ApprovalRow) -> Approval:
        approval = approval_of(row, self._now())
        if self._on_change is not None:
            await self._on_change(session, approval)
        return approval

    def _settle(self, row: ApprovalRow, state: State, by: Principal, reason: str) -> None:
        row.state, row.open_digest = state, None
        row.decided_by, row.decided_at = by.id, self._now()
        row.reason = reason[:_MAX_REASON]

    def _settled_as(self, row: ApprovalRow, wanted: State) -> bool:
        state = state_of(row, self._now())
        if state == "open":
            return False
        if state == wanted or (state == "used" and wanted == "approved"):
            return True
        was = f"{state} by {row.decided_by}" if row.decided_by else state
        raise ConflictError(f"approval {row.id} is {was}")
