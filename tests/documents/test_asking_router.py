"""Which model is asked, which is passed over, who follows one that fails, and who pays."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.exceptions import (
    ModelAuthenticationError,
    ModelRateLimitError,
    ModelUnavailableError,
)
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage
from sqlalchemy import select

import switchgear_documents
from engines import ENGINES, Engine
from ready_databases import migrated
from switchgear_documents.asking.catalogue import Catalogue, ModelEntry
from switchgear_documents.asking.provider import LanguageModel
from switchgear_documents.asking.questions import which_type
from switchgear_documents.asking.router import ModelRouter
from switchgear_documents.asking.spending import Spending, Subject, spent_on
from switchgear_documents.tables import ModelCallRecord
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.storage.database import Database

MIGRATIONS = Path(switchgear_documents.__file__).parent / "migrations"
SUBJECT = Subject(TenantId("default"), "doc_1", "cor_1")
QUESTION = which_type("Rechnung 17", 1000)

Reply = Callable[[], "str | Exception"]


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Scripted:
    """Models that answer a type, fail, or take their time, by name."""

    clock: Clock
    replies: dict[str, "list[str | Exception]"]
    takes_s: dict[str, float] = field(default_factory=dict[str, float])
    asked: list[str] = field(default_factory=list[str])

    def model(self, name: str, price: str, **changes: Any) -> LanguageModel:
        """Return the model `name`; its last reply is the one for ever."""
        entry = ModelEntry.model_validate(
            {
                "name": name,
                "provider": "openai",
                "model": name,
                "base_url": "http://127.0.0.1:1/v1",
                "input_price": price,
                "output_price": price,
                **changes,
            }
        )

        async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            del messages
            await asyncio.sleep(0)
            self.asked.append(name)
            self.clock.now_s += self.takes_s.get(name, 0.0)
            script = self.replies[name]
            reply = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(reply, Exception):
                raise reply
            usage = RequestUsage(input_tokens=100, output_tokens=10)
            tool = info.output_tools[0].name
            if reply == "rubbish":
                return ModelResponse(parts=[TextPart("rubbish")], usage=usage)
            return ModelResponse(parts=[ToolCallPart(tool, {"document_type": reply})], usage=usage)

        return LanguageModel(entry, FunctionModel(answer))


def throttled(seconds: float | None = None) -> Exception:
    return ModelRateLimitError("m", "slowly", retry_after=seconds)


def unavailable() -> Exception:
    return ModelUnavailableError("m", "busy")


def refused() -> Exception:
    return ModelAuthenticationError("m", "no")


@asynccontextmanager
async def routing(
    database: Database, scripted: Scripted, *models: LanguageModel, **changes: Any
) -> AsyncGenerator[ModelRouter]:
    catalogue = Catalogue.model_validate(
        {
            "budget_per_day": 10,
            "budget_per_document": 1,
            "models": [model.entry.model_dump() for model in models],
            **changes,
        }
    )
    yield ModelRouter(catalogue, Spending(database, catalogue), models, scripted.clock)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with migrated("sqlite", "documents", tmp_path, [MIGRATIONS]) as made:
        yield made


async def rows(database: Database) -> list[ModelCallRecord]:
    async with database.reading() as session:
        return list(await session.scalars(select(ModelCallRecord).order_by(ModelCallRecord.at)))


async def test_the_cheapest_that_can_is_asked(database: Database) -> None:
    scripted = Scripted(Clock(), {"dear": ["letter"], "cheap": ["invoice"], "narrow": ["form"]})
    dear, cheap = scripted.model("dear", "3"), scripted.model("cheap", "1")
    narrow = scripted.model("narrow", "0.1", tasks=["extract"])
    async with routing(database, scripted, dear, cheap, narrow) as router:
        advice = await router.ask(SUBJECT, QUESTION)

    assert advice.answer is not None
    assert (advice.answer.document_type, advice.model, advice.trust) == ("invoice", "cheap", 0.85)
    assert scripted.asked == ["cheap"]
    (decision,) = advice.decisions
    assert (decision.outcome, decision.cost_micro) == ("answered", 110)
    assert (decision.input_tokens, decision.output_tokens) == (100, 10)


async def test_the_fastest_is_preferred_once_it_is_known(database: Database) -> None:
    scripted = Scripted(
        Clock(), {"slow": ["invoice"], "fast": ["invoice"]}, {"slow": 2.0, "fast": 0.5}
    )
    slow, fast = scripted.model("slow", "1"), scripted.model("fast", "2")
    async with routing(database, scripted, slow, fast, prefer="latency") as router:
        for _ in range(4):
            await router.ask(SUBJECT, QUESTION)

    assert scripted.asked == ["slow", "fast", "fast", "fast"]


@pytest.mark.parametrize(
    ("failure", "code", "cost"),
    [
        (throttled(), "throttled", 0),
        (unavailable(), "backend_unavailable", 0),
        (refused(), "backend_rejected", 0),
        ("rubbish", "backend_rejected", None),
    ],
)
async def test_who_fails_is_followed_by_the_next(
    database: Database, failure: str | Exception, code: str, cost: int | None
) -> None:
    scripted = Scripted(Clock(), {"first": [failure], "second": ["invoice"]})
    first, second = scripted.model("first", "1"), scripted.model("second", "2")
    async with routing(database, scripted, first, second) as router:
        advice = await router.ask(SUBJECT, QUESTION)

    assert advice.model == "second"
    failed, answered = advice.decisions
    assert (failed.outcome, (failed.reason or "").split(":")[0]) == ("failed", code)
    assert answered.outcome == "answered"
    assert failed.cost_micro == 0 if cost == 0 else failed.cost_micro > 220
    assert [row.cost_micro for row in await rows(database)] == [failed.cost_micro, 220]


async def test_who_throttles_is_left_alone_until_it_may_be_asked_again(
    database: Database,
) -> None:
    scripted = Scripted(Clock(), {"first": [throttled(60), "invoice"], "second": ["letter"]})
    first, second = scripted.model("first", "1"), scripted.model("second", "2")
    async with routing(database, scripted, first, second) as router:
        await router.ask(SUBJECT, QUESTION)
        scripted.clock.now_s += 59.5
        passed_over = await router.ask(SUBJECT, QUESTION)
        scripted.clock.now_s += 0.6
        asked = await router.ask(SUBJECT, QUESTION)

    assert scripted.asked == ["first", "second", "second", "first"]
    assert [d.outcome for d in passed_over.decisions] == ["skipped", "answered"]
    assert asked.model == "first"


async def test_a_circuit_opens_and_closes_again(database: Database) -> None:
    scripted = Scripted(Clock(), {"only": [unavailable(), unavailable(), unavailable(), "invoice"]})
    async with routing(database, scripted, scripted.model("only", "1")) as router:
        for _ in range(3):
            await router.ask(SUBJECT, QUESTION)
        (skipped,) = (await router.ask(SUBJECT, QUESTION)).decisions
        scripted.clock.now_s += 31
        again = await router.ask(SUBJECT, QUESTION)

    assert (skipped.outcome, skipped.reason) == ("skipped", "only has been failing")
    assert again.answer is not None
    assert len(scripted.asked) == 4


async def test_nobody_who_answers_is_no_answer_and_no_error(database: Database) -> None:
    scripted = Scripted(Clock(), {"only": [unavailable()]})
    async with routing(database, scripted, scripted.model("only", "1")) as router:
        advice = await router.ask(SUBJECT, QUESTION)

    assert (advice.answer, advice.model) == (None, "")
    assert [d.outcome for d in advice.decisions] == ["failed"]


async def test_who_asks_many_at_once_waits_for_a_slot(database: Database) -> None:
    scripted = Scripted(Clock(), {"only": ["invoice"]})
    async with routing(database, scripted, scripted.model("only", "1", parallel=1)) as router:
        subjects = [Subject(TenantId("default"), f"doc_{n}", "cor") for n in range(5)]
        advice = await asyncio.gather(*(router.ask(one, QUESTION) for one in subjects))

    assert [one.model for one in advice] == ["only"] * 5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("more", "is_asked"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize("budget", ["budget_per_day", "budget_per_document"])
async def test_a_budget_holds_to_the_millionth(
    engine: Engine, tmp_path: Path, budget: str, more: int, is_asked: bool
) -> None:
    scripted = Scripted(Clock(), {"only": ["invoice"]})
    model = scripted.model("only", "1")
    at_most = model.entry.cost_micro(
        2 * QUESTION.likely_tokens + QUESTION.most_tokens, 2 * QUESTION.most_tokens
    )
    limit = Decimal(at_most + more).scaleb(-6)
    async with (
        migrated(engine, "documents", tmp_path, [MIGRATIONS]) as database,
        routing(database, scripted, model, **{budget: limit}) as router,
    ):
        advice = await router.ask(SUBJECT, QUESTION)
        again = await router.ask(SUBJECT, QUESTION)

    assert (advice.answer is not None) == is_asked
    (decision,) = again.decisions
    assert (decision.outcome, decision.reason) == (
        "skipped",
        "the budget has too little left for it",
    )


async def test_each_tenant_and_each_document_has_its_own_budget(database: Database) -> None:
    scripted = Scripted(Clock(), {"only": ["invoice"]})
    model = scripted.model("only", "1")
    limit = Decimal("0.004")
    async with routing(
        database, scripted, model, budget_per_document=limit, budget_per_day=1
    ) as router:
        asked = [
            await router.ask(Subject(TenantId(tenant), document, "cor"), QUESTION)
            for tenant, document in (("a", "1"), ("a", "2"), ("b", "1"))
        ]

    assert all(one.answer is not None for one in asked)


@pytest.mark.parametrize("engine", ENGINES)
async def test_many_at_once_never_spend_more_than_there_is(engine: Engine, tmp_path: Path) -> None:
    """Of twenty reservations at once as many are granted as the day's budget holds."""
    scripted = Scripted(Clock(), {"only": ["invoice"]})
    entry = scripted.model("only", "1").entry
    catalogue = Catalogue(
        budget_per_day=Decimal("0.0005"), budget_per_document=Decimal(1), models=(entry,)
    )
    async with migrated(engine, "documents", tmp_path, [MIGRATIONS]) as database:
        spending = Spending(database, catalogue)
        granted = await asyncio.gather(
            *(
                spending.reserve(Subject(TenantId("t"), f"doc_{n}", "cor"), "classify", entry, 100)
                for n in range(20)
            )
        )
        (spent,) = await spent_on(database, TenantId("t"), utc_now().date())

    assert sum(one is not None for one in granted) == 5
    assert spent.cost_micro == 500


async def test_a_call_that_was_never_settled_stays_paid_for(database: Database) -> None:
    """A process that is killed between question and answer leaves its reservation."""
    scripted = Scripted(Clock(), {"only": ["invoice"]})
    entry = scripted.model("only", "1").entry
    catalogue = Catalogue(
        budget_per_day=Decimal("0.000150"), budget_per_document=Decimal(1), models=(entry,)
    )
    spending = Spending(database, catalogue)

    first = await spending.reserve(SUBJECT, "classify", entry, 100)
    second = await spending.reserve(SUBJECT, "classify", entry, 100)

    assert first is not None
    assert second is None
    (row,) = await rows(database)
    assert (row.outcome, row.cost_micro) == ("asked", 100)


async def test_what_a_call_came_to_is_kept_with_its_cost_and_time(database: Database) -> None:
    scripted = Scripted(Clock(), {"only": ["invoice"]}, {"only": 1.5})
    async with routing(database, scripted, scripted.model("only", "2.5")) as router:
        await router.ask(SUBJECT, QUESTION)

    (row,) = await rows(database)
    assert (row.document_id, row.correlation_id, row.task, row.model, row.outcome) == (
        "doc_1",
        "cor_1",
        "classify",
        "only",
        "answered",
    )
    assert (row.cost_micro, row.input_tokens, row.output_tokens, row.latency_ms) == (
        275,
        100,
        10,
        1500,
    )
