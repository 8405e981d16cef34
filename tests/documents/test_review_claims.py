"""A person takes a review on: nobody else works on it until they decide, give it back or let go."""

import asyncio
import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from documents.room import CALLER, Room, room
from engines import ENGINES, Engine
from journeys.desk import Samples
from journeys.office import Office
from switchgear_documents.review_claims import ReviewClaims
from switchgear_documents.review_queue import ReviewQueue
from switchgear_documents.review_rules import ReviewRules
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError, PolicyDeniedError, SwitchgearError
from switchgear_shared.governance.identity import Agent

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLERK = ("*.read", "documents.document.*", "documents.review.*")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def staffed(office: Office) -> Office:
    """The office with a second clerk, and one who went."""
    await office.host.agents.add(Agent("lee", "person", ("clerk",), CLERK))
    await office.host.agents.add(Agent("gone", "person", ("clerk",), CLERK, is_disabled=True))
    return office


async def asked(office: Office, samples: Samples) -> str:
    """Hand in a riddle and return the id of its review."""
    content = base64.b64encode(f"zxq {samples.small().number} zxq".encode()).decode()
    receipt = await office.ask("documents_submit", name="riddle.txt", content=content)
    await office.deliver()
    status = await office.ask("documents_get_status", document_id=receipt["id"])
    return str(status["open_review_id"])


async def refusal(office: Office, tool: str, **arguments: Any) -> tuple[str, str, str | None]:
    with pytest.raises(SwitchgearError) as caught:
        await office.ask(tool, **arguments)
    return caught.value.code, caught.value.message, caught.value.field


async def listed(office: Office, by: str, **filters: Any) -> list[str]:
    page = await office.ask("documents_list_reviews", by=by, limit=50, **filters)
    return [item["id"] for item in page["items"]]


async def test_a_claimed_review_is_its_holders_to_decide_and_nobody_elses(
    staffed: Office, invoices: Samples
) -> None:
    review = await asked(staffed, invoices)
    claim = await staffed.ask("documents_claim_review", by="clerk", review_id=review)
    until = datetime.fromisoformat(claim["claimed_until"])
    told = (
        "conflict",
        f"review {review} is claimed by clerk until {until.isoformat(timespec='seconds')}",
        "review_id",
    )

    assert (claim["claimed_by"], claim["state"], claim["changed"]) == ("clerk", "open", True)
    assert timedelta(minutes=29) < until - utc_now() <= timedelta(minutes=30)
    arguments = {"by": "lee", "review_id": review}
    decision = {"decision": "approve", **arguments}
    assert await refusal(staffed, "documents_claim_review", **arguments) == told
    assert await refusal(staffed, "documents_claim_review", release=True, **arguments) == told
    assert await refusal(staffed, "documents_decide_review", **decision) == told
    await staffed.ask("documents_decide_review", **{**decision, "by": "clerk"})
    code, message, _ = await refusal(staffed, "documents_claim_review", **arguments)
    assert (code, message) == ("conflict", f"review {review} was decided by clerk: approve")


async def test_claiming_again_renews_and_giving_back_frees(
    staffed: Office, invoices: Samples
) -> None:
    review = await asked(staffed, invoices)
    first, second = [
        await staffed.ask("documents_claim_review", by="clerk", review_id=review) for _ in "12"
    ]
    freed, again = [
        await staffed.ask("documents_claim_review", by="clerk", review_id=review, release=True)
        for _ in "12"
    ]

    assert second["claimed_until"] > first["claimed_until"]
    assert (freed["changed"], freed["claimed_by"], again["changed"]) == (True, None, False)
    taken = await staffed.ask("documents_claim_review", by="lee", review_id=review)
    assert taken["claimed_by"] == "lee"


async def test_the_queue_shows_what_is_mine_what_is_nobodys_and_of_which_type(
    staffed: Office, invoices: Samples
) -> None:
    mine, theirs, free = [await asked(staffed, invoices) for _ in "123"]
    await staffed.ask("documents_claim_review", by="clerk", review_id=mine)
    await staffed.ask("documents_claim_review", by="lee", review_id=theirs)

    seen = await listed(staffed, "clerk", claim="mine")
    assert mine in seen
    assert not {theirs, free} & set(seen)
    seen = await listed(staffed, "clerk", claim="unclaimed")
    assert free in seen
    assert not {theirs, mine} & set(seen)
    assert {mine, theirs, free} <= set(await listed(staffed, "clerk", type="other"))
    assert await listed(staffed, "clerk", type="resume") == []
    assert await listed(staffed, "clerk", overdue=True) == []


async def test_operators_hand_a_review_to_another_with_a_reason(
    staffed: Office, invoices: Samples
) -> None:
    review = await asked(staffed, invoices)
    await staffed.ask("documents_claim_review", by="clerk", review_id=review)
    handing = {"review_id": review, "to": "lee", "reason": "clerk is on holiday"}

    with pytest.raises(PolicyDeniedError):
        await staffed.ask("documents_claim_review", by="clerk", **handing)
    given = await staffed.ask("documents_claim_review", by="operator", **handing)

    assert given["claimed_by"] == "lee"
    (item,) = [
        item
        for item in (await staffed.ask("documents_list_reviews", by="lee", claim="mine"))["items"]
        if item["id"] == review
    ]
    trace = await staffed.ask("documents_trace", correlation_id=item["correlation_id"])
    claims = [s["detail"] for s in trace["steps"] if s["what"] == "documents.review.claimed"]
    assert claims == []  # not yet delivered
    await staffed.deliver()
    trace = await staffed.ask("documents_trace", correlation_id=item["correlation_id"])
    claims = [s["by"] for s in trace["steps"] if s["what"] == "documents.review.claimed"]
    assert claims == ["clerk", "operator"]


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"review_id": "rev_0"}, "not_found", "review_id"),
        ({"to": "assistant", "reason": "idle"}, "invalid_request", "to"),
        ({"to": "nobody", "reason": "idle"}, "invalid_request", "to"),
        ({"to": "gone", "reason": "idle"}, "invalid_request", "to"),
        ({"to": "lee"}, "invalid_request", "reason"),
        ({"to": "lee", "reason": "no"}, "invalid_request", "reason"),
        ({"to": "lee", "release": True}, "invalid_request", "release"),
    ],
)
async def test_a_claim_that_makes_no_sense_is_refused(
    staffed: Office, invoices: Samples, arguments: dict[str, Any], code: str, field: str
) -> None:
    whole = {"review_id": await asked(staffed, invoices), **arguments}

    seen = await refusal(staffed, "documents_claim_review", by="operator", **whole)

    assert (seen[0], seen[2]) == (code, field)


async def test_assistants_cannot_claim(staffed: Office) -> None:
    seen = await refusal(staffed, "documents_claim_review", by="assistant", review_id="rev_0")

    assert seen[0] == "policy_denied"


async def _review_in(place: Room) -> str:
    await place.submit(b"zxq zxq", "riddle.txt")
    await place.deliver()
    page = await ReviewQueue(place.database).list_reviews(
        CALLER,
        state="open",
        claim=None,
        document_type=None,
        is_overdue=False,
        cursor=None,
        limit=9,
    )
    return page.items[0].id


@pytest.mark.parametrize("engine", ENGINES)
async def test_of_many_claims_at_once_one_holds(engine: Engine, tmp_path: Path) -> None:
    async with room(engine, tmp_path) as place:
        review = await _review_in(place)
        claims = ReviewClaims(place.database, ReviewRules(), _anyone)

        async def claim(party: str) -> object:
            caller = CALLER.model_copy(update={"requested_by": party})
            return await claims.claim_review(caller, review, to=None)

        answers = await asyncio.gather(*map(claim, "abcdef"), return_exceptions=True)

    assert sorted(type(a).__name__ for a in answers) == [*["ConflictError"] * 5, "ReviewClaim"]


@pytest.mark.parametrize(("minutes", "is_held"), [(29.99, True), (30, False), (30.01, False)])
async def test_a_claim_runs_out(tmp_path: Path, minutes: float, is_held: bool) -> None:
    start = utc_now()
    async with room("sqlite", tmp_path) as place:
        review = await _review_in(place)
        early = ReviewClaims(place.database, ReviewRules(), _anyone, now=lambda: start)
        await early.claim_review(CALLER, review, to=None)
        later = start + timedelta(minutes=minutes)
        late = ReviewClaims(place.database, ReviewRules(), _anyone, now=lambda: later)
        other = CALLER.model_copy(update={"requested_by": "other"})

        if is_held:
            with pytest.raises(ConflictError, match="is claimed by agent until"):
                await late.claim_review(other, review, to=None)
        else:
            assert (await late.claim_review(other, review, to=None)).claimed_by == "other"


async def _anyone(_party: str, _tenant: str) -> bool:
    return True
