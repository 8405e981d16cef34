"""The sweep: what is past its time is disposed of, and what a kill left half erased is ended."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import load_only

from switchgear_documents.holds import holds_on
from switchgear_documents.remains import Remains
from switchgear_documents.retention_rules import RetentionRules
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.values import TenantId, new_correlation_id, utc_now
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.observability.logs import logger
from switchgear_shared.storage.database import Database

log = logger(__name__)

_EVERY_S = 60.0
_AGAIN = timedelta(hours=1)
_PAGE = 100


class RetentionSweep:
    """Looks every minute; any number of processes may, since each of its steps happens once."""

    def __init__(
        self,
        database: Database,
        rules: RetentionRules,
        remains: Remains,
        tools: ToolClient,
        now: Callable[[], datetime] = utc_now,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._rules = rules
        self._remains = remains
        self._tools = tools
        self._now = now
        self._pause = pause
        self._refused: dict[tuple[str, str], datetime] = {}
        self._waiting: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Sweep again and again."""
        while True:
            await self.sweep()
            await self._pause(_EVERY_S)

    async def sweep(self) -> int:
        """End what is half erased, dispose of what is due, and return how many documents went.

        What is held, or still in somebody's hands, stays until a later sweep. What is half erased
        because an approval is open is taken up again once that is decided or has expired.
        """
        for tenant, document_id in await self._remains.pending():
            await self._finish(tenant, document_id)
        count = 0
        after = ("", "")
        while page := await self._page(after):
            for record in page:
                if await self._is_ready(record):
                    count += await self._dispose(record.tenant, record.id)
            after = (page[-1].tenant, page[-1].id)
        return count

    async def _finish(self, tenant: str, document_id: str) -> None:
        erasure = (tenant, document_id)
        try:
            if erasure in self._waiting and await self._remains.has_open(tenant, document_id):
                return
            self._waiting.discard(erasure)
            is_over = await self._remains.finish(tenant, document_id)
            if not is_over and await self._remains.has_open(tenant, document_id):
                self._waiting.add(erasure)
        except SwitchgearError as error:
            log.warning("erasure waits", document_id=document_id, reason=error.message)
        except Exception:  # one broken erasure must not hold up the others
            log.exception("erasure failed", document_id=document_id)

    async def _is_ready(self, record: DocumentRecord) -> bool:
        """Say whether to try; what was refused is tried again an hour later."""
        now = self._now()
        due_at = self._rules.due_at(record.document_type, record.settled_at)
        if due_at is None or due_at > now:
            return False
        refused_at = self._refused.get((record.tenant, record.id))
        if refused_at is not None and now - refused_at < _AGAIN:
            return False
        async with self._database.reading() as session:
            return not await holds_on(session, [record])

    async def _dispose(self, tenant: str, document_id: str) -> int:
        try:
            answer = await self._tools.call(
                "documents_dispose",
                {"document_id": document_id},
                tenant=TenantId(tenant),
                requested_by=self._tools.principal.id,
                correlation_id=new_correlation_id(),
            )
        except SwitchgearError as error:
            log.info("document stays", document_id=document_id, reason=error.message)
            self._refused[tenant, document_id] = self._now()
            return 0
        self._refused.pop((tenant, document_id), None)
        return len(answer["erased_ids"])

    async def _page(self, after: tuple[str, str]) -> list[DocumentRecord]:
        """Return the next documents, in order, whose time may be over."""
        if not self._rules.periods:
            return []
        record, now = DocumentRecord, self._now()
        is_next = and_(record.tenant == after[0], record.id > after[1])
        query = (
            select(record)
            .options(load_only(record.document_type, record.settled_at, record.correlation_id))
            .where(
                record.parent_id.is_(None),
                or_(record.tenant > after[0], is_next),
                or_(
                    *(
                        and_(_is_of(name), record.settled_at <= now - period.least())
                        for name, period in self._rules.periods.items()
                    )
                ),
            )
            .order_by(record.tenant, record.id)
            .limit(_PAGE)
        )
        async with self._database.reading() as session:
            return list(await session.scalars(query))


def _is_of(document_type: str) -> ColumnElement[bool]:
    column = DocumentRecord.document_type
    is_it = column == document_type
    return or_(is_it, column.is_(None)) if document_type == "other" else is_it
