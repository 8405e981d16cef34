"""Freshness: live answers are labelled so, and old ones are served only where that is honest."""

from datetime import UTC, datetime
from typing import Any

from jars_suite import RENT, JarsSuite

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.calls.fallback import Fallback
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.values import CorrelationId, utc_now
from switchgear_shared.errors import (
    BackendUnavailableError,
    BulkheadFullError,
    CircuitOpenError,
    DeadlineError,
    NotFoundError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.fallback import LastGoodAnswers

GET, PUT = "jars_get_jar", "jars_put_coins"
OF_RENT = {"jar_id": RENT}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def fail() -> None:
    raise BackendUnavailableError("the shelf is out of reach")


async def test_a_live_answer_says_so(suite: JarsSuite) -> None:
    before = utc_now()
    outcome = await suite.call(GET, OF_RENT)

    assert outcome.freshness is not None
    assert outcome.freshness == Freshness(
        source="live", as_of=outcome.freshness.as_of, age_s=0.0, stale=False
    )
    assert before <= outcome.freshness.as_of <= utc_now()
    assert outcome.to_body()["freshness"]["source"] == "live"


async def test_the_last_good_answer_is_served_as_stale_while_the_backend_is_down(
    suite: JarsSuite,
) -> None:
    live = await suite.call(GET, OF_RENT)
    suite.backend.outage = fail

    stale = await suite.call(GET, OF_RENT)

    assert live.freshness is not None
    assert stale.freshness is not None
    assert stale.structured == live.structured
    assert (stale.freshness.source, stale.freshness.stale) == ("cache", True)
    assert live.freshness.as_of <= stale.freshness.as_of <= utc_now()
    assert stale.freshness.age_s >= 0


async def test_a_stale_answer_is_given_to_nobody_else(suite: JarsSuite) -> None:
    await suite.call(GET, OF_RENT)
    suite.backend.outage = fail

    assert (await suite.refusal(GET, OF_RENT, by="spouse")).code == "backend_unavailable"


async def test_a_stale_answer_is_given_to_no_other_question(suite: JarsSuite) -> None:
    await suite.call("jars_find_jars", {"limit": 1})
    suite.backend.outage = fail

    assert (await suite.refusal("jars_find_jars", {"limit": 2})).code == "backend_unavailable"


async def test_a_stale_answer_needs_the_right_as_a_live_one_does(suite: JarsSuite) -> None:
    saver = await suite.principal("saver")
    await suite.call(GET, OF_RENT, by=saver)
    suite.backend.outage = fail
    demoted = type(saver)(saver.id, saver.kind, saver.tenant, (), ("crm.account.read",))

    assert (await suite.refusal(GET, OF_RENT, by=demoted)).code == "policy_denied"


async def test_a_write_is_never_answered_from_memory(suite: JarsSuite) -> None:
    five = {"jar_id": RENT, "coins": 5}
    outcome = await suite.call(PUT, five)
    assert outcome.freshness is None
    suite.backend.outage = fail

    assert (await suite.refusal(PUT, five)).code == "backend_unavailable"


async def test_the_contents_of_resources_are_not_kept(suite: JarsSuite) -> None:
    await suite.call("jars_jar", OF_RENT)
    suite.backend.outage = fail

    assert (await suite.refusal("jars_jar", OF_RENT)).code == "backend_unavailable"


async def test_an_answer_with_others_text_stays_marked_when_it_is_stale(suite: JarsSuite) -> None:
    assert (await suite.call("jars_find_jars", {})).is_untrusted
    suite.backend.outage = fail

    assert (await suite.call("jars_find_jars", {})).is_untrusted


async def test_whoami_answers_while_the_circuit_is_open(suite: JarsSuite) -> None:
    await suite.call("jars_whoami", {})
    suite.pipeline.protection.breaker.isolate()

    outcome = await suite.call("jars_whoami", {})

    assert outcome.unwrap()["backend"]["circuit"] == "isolated"
    assert outcome.freshness is not None
    assert outcome.freshness.source == "live"


class Shelf:
    """A stage below that answers or fails as told, on a clock that is told the time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.says: SwitchgearError | dict[str, Any] = {"coins": 100}
        self.stage = Fallback(
            LastGoodAnswers[dict[str, Any]](10, 300, clock=lambda: self.now_s, now=lambda: NOON)
        )

    async def proceed(self, call: Call) -> Outcome:
        if isinstance(self.says, SwitchgearError):
            raise self.says
        return Outcome(call.correlation_id, structured=self.says)


async def ask(suite: JarsSuite, shelf: Shelf, tool: str = GET) -> Outcome:
    call = Call(
        tool=suite.pipeline.toolset.tools[tool],
        server="jars",
        arguments=OF_RENT,
        principal=await suite.principal("saver"),
        correlation_id=CorrelationId("cor_1"),
        deadline=Deadline.after(1),
    )
    return await shelf.stage(call, shelf.proceed)


async def test_the_label_of_a_stale_answer_tells_its_age(suite: JarsSuite) -> None:
    shelf = Shelf()
    await ask(suite, shelf)
    shelf.says, shelf.now_s = BackendUnavailableError("away"), 299.5

    assert await ask(suite, shelf) == Outcome(
        CorrelationId("cor_1"),
        structured={"coins": 100},
        freshness=Freshness(source="cache", as_of=NOON, age_s=299.5, stale=True),
    )


async def test_an_answer_over_the_age_limit_is_not_served(suite: JarsSuite) -> None:
    shelf = Shelf()
    await ask(suite, shelf)
    shelf.says, shelf.now_s = BackendUnavailableError("away"), 300.5

    assert await failing(suite, shelf) == "backend_unavailable"


async def test_only_a_backend_that_gives_no_answer_is_answered_for(suite: JarsSuite) -> None:
    """An answer such as not_found is the truth of now."""
    shelf = Shelf()
    await ask(suite, shelf)
    served: list[bool] = []
    for error in (
        BackendUnavailableError,
        BulkheadFullError,
        CircuitOpenError,
        DeadlineError,
        ThrottledError,
    ):
        shelf.says = error("no answer")
        served.append((await ask(suite, shelf)).structured == {"coins": 100})
    shelf.says = NotFoundError("jar_of_rent does not exist")

    assert (served, await failing(suite, shelf)) == ([True] * 5, "not_found")


async def failing(suite: JarsSuite, shelf: Shelf) -> str:
    try:
        await ask(suite, shelf)
    except SwitchgearError as error:
        return error.code
    return "served"
