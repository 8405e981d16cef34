"""Validation: what policies and tools see is what the closed schema accepts, spelled one way."""

from typing import Any

import pytest
from jars_suite import RENT, JarsSuite

from switchgear_shared.calls.validation import MAX_DEPTH, MAX_VALUES

GET, FIND, PUT, PAY = "jars_get_jar", "jars_find_jars", "jars_put_coins", "erp_record_payment"


def nested(depth: int) -> dict[str, Any]:
    """Return arguments whose innermost value stands `depth` levels below the outermost object."""
    value: Any = 1
    for _ in range(depth - 2):
        value = [value]
    return {"weights": {"a": value}}


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        pytest.param(GET, {"jar_id": RENT, "jarid": "x"}, None, id="unknown"),
        pytest.param(GET, {}, None, id="missing"),
        pytest.param(GET, {"jar_id": None}, "jar_id", id="null for a required one"),
        pytest.param(GET, {"jar_id": 7}, "jar_id", id="number for text"),
        pytest.param(PUT, {"jar_id": RENT, "coins": "1_000"}, "coins", id="text for an integer"),
        pytest.param(PUT, {"jar_id": RENT, "coins": "5"}, "coins", id="digits for an integer"),
        pytest.param(PUT, {"jar_id": RENT, "coins": True}, "coins", id="true for an integer"),
        pytest.param(PUT, {"jar_id": RENT, "coins": 1.5}, "coins", id="fraction for an integer"),
        pytest.param(PUT, {"jar_id": RENT, "coins": 0}, "coins", id="below the least"),
        pytest.param(PUT, {"jar_id": RENT, "coins": 10**9 + 1}, "coins", id="above the most"),
        pytest.param(PUT, {"jar_id": RENT, "coins": 10**30}, "coins", id="beyond 64 bits"),
        pytest.param(PUT, {"jar_id": RENT, "coins": float("nan")}, "coins", id="not a number"),
        pytest.param(
            PUT,
            {"jar_id": RENT, "coins": 1, "labels": [{"text": "a", "size": 1}]},
            "labels.0",
            id="unknown within a record",
        ),
        pytest.param(
            PUT,
            {"jar_id": RENT, "coins": 1, "idempotency_key": "with space"},
            "idempotency_key",
            id="key with a space",
        ),
        pytest.param(
            PUT,
            {"jar_id": RENT, "coins": 1, "idempotency_key": "k" * 129},
            "idempotency_key",
            id="key too long",
        ),
        pytest.param(PUT, {"jar_id": RENT, "coins": 1, "dry_run": "yes"}, "dry_run", id="dry run"),
        pytest.param(
            PAY,
            {"jar_id": RENT, "amount": {"amount": "1", "currency": "QQQ"}},
            "amount.currency",
            id="what only the model refuses",
        ),
        pytest.param(PAY, {"jar_id": RENT, "ratio": "1e3"}, "ratio", id="exponent"),
        pytest.param(PAY, {"jar_id": RENT, "ratio": "NaN"}, "ratio", id="NaN as text"),
    ],
)
async def test_arguments_outside_the_schema_are_refused_and_change_nothing(
    suite: JarsSuite, tool: str, arguments: dict[str, Any], field: str | None
) -> None:
    error = await suite.refusal(tool, arguments)

    assert (error.code, error.field) == ("invalid_request", field)
    assert (await suite.drops(), suite.backend.asked) == (0, 0)


async def test_a_null_for_an_optional_argument_means_that_it_is_left_out(suite: JarsSuite) -> None:
    labels = [{"text": "a", "color": None}]
    arguments = {
        "jar_id": RENT,
        "coins": 1,
        "expected_version": None,
        "labels": labels,
        "idempotency_key": None,
        "preview_digest": None,
    }

    with_nulls = await suite.answer(PUT, arguments, correlation_id="cor_1")
    without = await suite.answer(
        PUT, {"jar_id": RENT, "coins": 1, "labels": [{"text": "a"}]}, correlation_id="cor_1"
    )

    assert (with_nulls["replayed"], without["replayed"]) == (False, True)
    assert await suite.drops() == 1


async def test_a_whole_number_is_the_same_integer_however_it_is_spelled(suite: JarsSuite) -> None:
    """Policies do not see fractions: 5.0 left as it came would pass by a rule on the amount."""
    first = await suite.answer(PUT, {"jar_id": RENT, "coins": 5.0}, correlation_id="cor_1")
    again = await suite.answer(PUT, {"jar_id": RENT, "coins": 5}, correlation_id="cor_1")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (await suite.trail("cor_1"))[0]["arguments"] == {"jar_id": RENT, "coins": 5}


@pytest.mark.parametrize("character", ["\0", "\ud800"])
@pytest.mark.parametrize("place", ["value", "key", "key of ours"])
async def test_text_that_no_system_stores_alike_is_refused(
    suite: JarsSuite, character: str, place: str
) -> None:
    dirty = f"a{character}é"
    arguments = {
        "value": {"name": dirty},
        "key": {"weights": {dirty: 1}},
        "key of ours": {dirty: 1},
    }[place]

    error = await suite.refusal(FIND, arguments)

    assert error.code == "invalid_request"
    assert "NUL" in error.message
    error.to_body()["message"].encode()
    (error.field or "").encode()


async def test_text_with_marks_of_any_script_passes(suite: JarsSuite) -> None:
    assert await suite.answer(FIND, {"name": "é漢\U0001f600\u202e\n"}) == {"items": []}


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
async def test_arguments_nested_up_to_the_limit_pass(suite: JarsSuite, depth: int) -> None:
    assert (await suite.call(FIND, nested(depth))).error is None


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 400, 5000])
async def test_arguments_nested_deeper_than_the_limit_are_refused(
    suite: JarsSuite, depth: int
) -> None:
    error = await suite.refusal(FIND, nested(depth), correlation_id="cor_1")

    assert error.code == "invalid_request"
    assert error.message == f"arguments nested deeper than {MAX_DEPTH}"
    assert len(error.field or "") <= 200
    assert [event["outcome"] for event in await suite.trail("cor_1")] == ["invalid_request"]


async def test_arguments_with_too_many_values_are_refused(suite: JarsSuite) -> None:
    around = 2  # the arguments themselves, and the record within
    most = {"weights": {"a": [0] * (MAX_VALUES - around - 1)}}
    more = {"weights": {"a": [0] * (MAX_VALUES - around)}}

    assert (await suite.call(FIND, most)).error is None
    error = await suite.refusal(FIND, more)
    assert error.message == f"more than {MAX_VALUES} values in the arguments"


async def test_at_most_five_problems_are_named_and_each_on_a_short_line(suite: JarsSuite) -> None:
    arguments = {f"x{number}": 1 for number in range(9)}
    wrong = {"jar_id": "j" * 10_000, "coins": "c" * 10_000, **arguments}

    error = await suite.refusal(PUT, wrong)

    assert len(error.message) < 5 * 210
    assert "x0" in error.message


async def test_an_integer_too_large_for_any_policy_is_refused_before_the_tool(
    suite: JarsSuite,
) -> None:
    arguments = {"weights": {"n": 10**30}}

    assert (await suite.refusal(FIND, arguments)).code == "policy_denied"
    assert suite.backend.asked == 0
