"""Previews: what a write would do, and holding the write to it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from jars_suite import RENT, JarsSuite

from switchgear_shared.calls.call import Call
from switchgear_shared.calls.preview import Effects

PUT, OPEN, PAY = "jars_put_coins", "jars_open_jar", "erp_record_payment"
FIVE = {"jar_id": RENT, "coins": 5}
JAR = {"tenant": "default", "id": RENT, "name": "rent"}


async def previewed(suite: JarsSuite, tool: str, arguments: dict[str, Any]) -> str:
    shown = await suite.answer(tool, {**arguments, "dry_run": True})
    return shown["preview"]["preview_digest"]


async def test_a_preview_shows_the_rows_before_and_after_and_changes_nothing(
    suite: JarsSuite,
) -> None:
    shown = await suite.answer(PUT, {**FIVE, "dry_run": True})

    changed, added = sorted(shown["preview"]["effects"], key=lambda e: e["record"], reverse=True)
    assert changed == {
        "record": "jars",
        "before": {**JAR, "coins": 100, "version": 1},
        "after": {**JAR, "coins": 105, "version": 2},
    }
    assert (added["record"], added["before"]) == ("drops", None)
    assert (added["after"]["coins"], added["after"]["jar_id"]) == (5, RENT)
    assert (shown["version"], shown["replayed"]) == ("2", False)
    assert (await suite.coins(), await suite.drops(), await suite.kept_keys()) == (100, 0, 0)


async def test_a_write_passes_with_the_digest_of_its_preview(suite: JarsSuite) -> None:
    seen = await previewed(suite, PUT, FIVE)

    await suite.answer(PUT, {**FIVE, "preview_digest": seen})

    assert await suite.coins() == 105


async def test_a_write_that_makes_ids_passes_with_the_digest_of_its_preview(
    suite: JarsSuite,
) -> None:
    seen = await previewed(suite, OPEN, {"name": "boat"})

    assert (await suite.answer(OPEN, {"name": "boat", "preview_digest": seen}))["ref"] == "boat"


async def test_a_preview_of_records_that_moved_is_a_conflict(suite: JarsSuite) -> None:
    seen = await previewed(suite, PUT, FIVE)
    await suite.answer(PUT, {**FIVE, "coins": 1})

    error = await suite.refusal(PUT, {**FIVE, "preview_digest": seen})

    assert (error.code, error.field) == ("conflict", "preview_digest")
    assert (await suite.coins(), await suite.drops()) == (101, 1)


async def test_a_preview_vouches_for_its_own_arguments_only(suite: JarsSuite) -> None:
    """Even where others would change the same rows: what a person saw is what runs."""
    seen = await previewed(suite, PUT, FIVE)

    error = await suite.refusal(
        PUT, {**FIVE, "labels": [{"text": "for lee"}], "preview_digest": seen}
    )

    assert (error.code, await suite.drops()) == ("conflict", 0)


async def test_the_preview_of_another_tool_is_a_conflict(suite: JarsSuite) -> None:
    seen = await previewed(suite, PAY, {"jar_id": RENT})

    error = await suite.refusal(PUT, {**FIVE, "preview_digest": seen})

    assert (error.code, await suite.coins()) == ("conflict", 100)


@pytest.mark.parametrize("digest", ["0" * 63, "g" * 64, ""])
async def test_what_is_no_digest_is_refused(suite: JarsSuite, digest: str) -> None:
    error = await suite.refusal(PUT, {**FIVE, "preview_digest": digest})

    assert (error.code, error.field) == ("invalid_request", "preview_digest")


async def test_a_preview_fails_as_the_write_would(suite: JarsSuite) -> None:
    await suite.answer(OPEN, {"name": "boat"})

    taken = await suite.refusal(OPEN, {"name": "boat", "dry_run": True})
    gone = await suite.refusal(PUT, {**FIVE, "jar_id": "jar_none", "dry_run": True})
    stale = await suite.refusal(PUT, {**FIVE, "expected_version": "7", "dry_run": True})

    assert [taken.code, gone.code, stale.code] == ["conflict", "not_found", "conflict"]
    assert stale.message == f"jar {RENT} is at version 1"


async def test_a_preview_uses_up_no_key(suite: JarsSuite) -> None:
    keyed = {**FIVE, "idempotency_key": "k-1"}
    await suite.answer(PUT, {**keyed, "dry_run": True})

    assert (await suite.answer(PUT, keyed))["replayed"] is False


async def test_a_repeat_with_the_digest_of_its_preview_answers_the_first_result(
    suite: JarsSuite,
) -> None:
    """The records did move: this very call moved them."""
    keyed = {**FIVE, "idempotency_key": "k-1"}
    seen = await previewed(suite, PUT, FIVE)
    await suite.answer(PUT, {**keyed, "preview_digest": seen})

    assert (await suite.answer(PUT, {**keyed, "preview_digest": seen}))["replayed"] is True


def test_a_number_that_another_write_took_meanwhile_does_not_spoil_a_preview() -> None:
    """A new record's running number is not a record that moved."""
    call = SimpleNamespace(
        tool=SimpleNamespace(name=OPEN), arguments={}, correlation_id="cor_1", traceparent=None
    )
    seen, later, other = Effects(), Effects(), Effects()
    seen.note("orders", "1", None, {"ref": "SO-7", "net": 5})
    later.note("orders", "2", None, {"ref": "SO-8", "net": 5})
    other.note("orders", "2", {"ref": "SO-7", "net": 5}, {"ref": "SO-8", "net": 5})

    assert seen.digest(cast("Call", call)) == later.digest(cast("Call", call))
    assert other.digest(cast("Call", call)) != later.digest(cast("Call", call))
