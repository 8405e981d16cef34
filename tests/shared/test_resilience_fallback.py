from datetime import UTC, datetime, timedelta

import pytest

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.resilience.fallback import AnswerKey, LastGoodAnswer, LastGoodAnswers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = AnswerKey(TenantId("acme"), "agent-1", "crm_get_account", "digest-1")


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def moment(self) -> datetime:
        return NOON + timedelta(seconds=self.now_s)


@pytest.fixture
def time() -> Time:
    return Time()


def answers(time: Time, *, entries: int = 3, max_age_s: float = 300) -> LastGoodAnswers[str]:
    return LastGoodAnswers(entries, max_age_s, time, time.moment)


def test_an_answer_comes_back_with_the_moment_it_was_true_and_its_age(time: Time) -> None:
    kept = answers(time)
    kept.put(KEY, "Acme Ltd")

    time.now_s = 42

    assert kept.get(KEY) == LastGoodAnswer("Acme Ltd", NOON, 42.0)


def test_a_newer_answer_takes_the_place_of_the_older(time: Time) -> None:
    kept = answers(time)
    kept.put(KEY, "Acme Ltd")
    time.now_s = 10
    kept.put(KEY, "Acme plc")

    assert kept.get(KEY) == LastGoodAnswer("Acme plc", NOON + timedelta(seconds=10), 0.0)


def test_an_answer_older_than_allowed_is_not_given_and_not_kept(time: Time) -> None:
    kept = answers(time)
    kept.put(KEY, "Acme Ltd")

    time.now_s = 300
    at_the_limit = kept.get(KEY)
    time.now_s = 300.1

    assert at_the_limit == LastGoodAnswer("Acme Ltd", NOON, 300.0)
    assert (kept.get(KEY), len(kept)) == (None, 0)


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(tenant=TenantId("globex")),
        KEY._replace(principal_id="agent-2"),
        KEY._replace(tool="crm_search"),
        KEY._replace(arguments_digest="digest-2"),
    ],
    ids=["tenant", "principal", "tool", "arguments"],
)
def test_an_answer_is_for_nobody_and_nothing_else(time: Time, other: AnswerKey) -> None:
    kept = answers(time)
    kept.put(KEY, "Acme Ltd")

    assert kept.get(other) is None


def test_the_answer_used_longest_ago_makes_room(time: Time) -> None:
    kept = answers(time)
    keys = [KEY._replace(arguments_digest=f"digest-{n}") for n in range(4)]
    for key in keys[:3]:
        kept.put(key, key.arguments_digest)

    kept.get(keys[0])
    kept.put(keys[3], "digest-3")

    assert [answer and answer.value for answer in map(kept.get, keys)] == [
        "digest-0",
        None,
        "digest-2",
        "digest-3",
    ]


def test_an_age_of_zero_keeps_nothing(time: Time) -> None:
    kept = answers(time, max_age_s=0)
    kept.put(KEY, "Acme Ltd")

    assert (kept.get(KEY), len(kept)) == (None, 0)
