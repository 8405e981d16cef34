"""What models cost, one row a decision: written before a model is asked, settled after."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.asking.catalogue import MICRO, Catalogue, ModelEntry, Task
from switchgear_documents.tables import ModelBudgetRecord, ModelCallRecord
from switchgear_shared.contracts.event_data import DocumentModelAsked
from switchgear_shared.contracts.values import TenantId, new_id, utc_now
from switchgear_shared.storage.database import Database, DuplicateKeyError

Outcome = Literal["asked", "answered", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Subject:
    """The document that a model is asked about, and whose it is."""

    tenant: TenantId
    document_id: str
    correlation_id: str


class Spending:
    """The budget of each tenant and document, shared by all processes over one database.

    A reservation counts in full until it is settled, so a process that dies between question and
    answer leaves its call paid for, not forgotten.
    """

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def reserve(
        self, subject: Subject, task: Task, entry: ModelEntry, most_micro: int
    ) -> str | None:
        """Set aside what a call may cost and return its id; None where no budget has as much."""
        today = utc_now().date()
        await self._open(subject.tenant, today)
        async with self._database.writing() as session:
            await session.get(ModelBudgetRecord, (subject.tenant, today), with_for_update=True)
            call = ModelCallRecord
            spent_today = await _sum(session, call.tenant == subject.tenant, call.day == today)
            spent_on_it = await _sum(
                session, call.tenant == subject.tenant, call.document_id == subject.document_id
            )
            if spent_today + most_micro > _micro(
                self._catalogue.budget_per_day
            ) or spent_on_it + most_micro > _micro(self._catalogue.budget_per_document):
                return None
            record = _row(subject, task, entry.name, today, "asked")
            record.cost_micro = most_micro
            session.add(record)
            return record.id

    async def settle(self, subject: Subject, call_id: str, came_to: DocumentModelAsked) -> None:
        """Write what the call came to and cost in place of what was set aside."""
        async with self._database.writing() as session:
            record = await session.get_one(
                ModelCallRecord, (subject.tenant, call_id), with_for_update=True
            )
            record.outcome = came_to.outcome
            record.reason = came_to.reason
            record.cost_micro = came_to.cost_micro
            record.input_tokens = came_to.input_tokens
            record.output_tokens = came_to.output_tokens
            record.latency_ms = came_to.latency_ms

    async def _open(self, tenant: TenantId, day: date) -> None:
        async with self._database.reading() as session:
            if await session.get(ModelBudgetRecord, (tenant, day)) is not None:
                return
        try:
            async with self._database.writing() as session:
                session.add(ModelBudgetRecord(tenant=tenant, day=day))
        except DuplicateKeyError:
            return  # another process opened the day


@dataclass(frozen=True, slots=True)
class Spent:
    """What one model was asked and cost on one day."""

    model: str
    answered: int
    failed: int
    cost_micro: int
    latency_ms: int | None


async def spent_on(database: Database, tenant: TenantId, day: date) -> tuple[Spent, ...]:
    """Return the day's calls by model, with the mean latency of those that were answered."""
    call = ModelCallRecord
    async with database.reading() as session:
        found = await session.execute(
            select(
                call.model,
                func.count().filter(call.outcome == "answered"),
                func.count().filter(call.outcome != "answered"),
                func.sum(call.cost_micro),
                func.avg(call.latency_ms).filter(call.outcome == "answered"),
            )
            .where(call.tenant == tenant, call.day == day)
            .group_by(call.model)
            .order_by(call.model)
        )
        return tuple(
            Spent(model, answered, failed, int(cost or 0), None if mean is None else round(mean))
            for model, answered, failed, cost, mean in found
        )


def _micro(amount: Decimal) -> int:
    return int(amount * MICRO)


async def _sum(session: AsyncSession, *which: object) -> int:
    total = await session.scalar(
        select(func.coalesce(func.sum(ModelCallRecord.cost_micro), 0)).where(*which)  # type: ignore[arg-type]
    )
    return int(total or 0)


def _row(subject: Subject, task: Task, model: str, day: date, outcome: Outcome) -> ModelCallRecord:
    return ModelCallRecord(
        tenant=subject.tenant,
        id=new_id("mdl"),
        document_id=subject.document_id,
        correlation_id=subject.correlation_id,
        task=task,
        model=model,
        day=day,
        at=utc_now(),
        outcome=outcome,
        cost_micro=0,
        input_tokens=0,
        output_tokens=0,
        latency_ms=0,
    )
