"""The engine's own promises, with kinds of process made for the test."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from journeys.office import KilledError, Office
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.errors import (
    BackendUnavailableError,
    ConflictError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
)
from switchgear_workflows.process import (
    Done,
    End,
    Kind,
    Kinds,
    Step,
    UndoEnd,
    Undone,
    Work,
)
from switchgear_workflows.sql import SqlWorkflows

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Wanted(Contract):
    """The input of the test's kind."""

    about: Annotated[str, Field(max_length=20)]
    amount: Annotated[int, Field(ge=1, le=3)] = 1


class Ledger:
    """Effects by key, as a system with idempotency keys keeps them, and what is to go wrong."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.asked: list[str] = []
        self.faults: dict[str, list[BaseException]] = {}

    def do(self, name: str, key: str) -> None:
        self.asked.append(name)
        fault = self.faults.get(name, [None]).pop(0) if self.faults.get(name) else None
        if fault is not None and not getattr(fault, "is_after", False):
            raise fault
        self.there.setdefault(key, name)
        if fault is not None:
            raise fault

    def step(self, name: str, *, undo: bool = True, stays: str | None = None) -> Step:
        async def take(work: Work) -> End:
            self.do(name, work.key(name))
            return Done(detail={"key": work.key(name)}, data={name: True})

        async def take_back(work: Work) -> UndoEnd:
            self.do(f"undo {name}", work.undo_key(name))
            self.there.pop(work.key(name), None)
            return Undone()

        return Step(take, undo=take_back if undo else None, stays=stays)

    def kind(self, version: int = 1, name: str = "errand", **steps: Step) -> Kind:
        return Kind(
            name=name,
            version=version,
            starts_with=("workflows_start",),
            waits_for=(),
            steps=steps or {n: self.step(n) for n in ("one", "two", "three")},
            record_of=lambda data: {"version": version, **data},
            input=Wanted,
            subject_of=lambda given: given["about"],
        )


def after(error: BaseException) -> BaseException:
    """Return the error as one that is raised once the effect is there."""
    error.is_after = True  # type: ignore[attr-defined]
    return error


class Room:
    """A process manager and a backend that know the test's kinds."""

    def __init__(self, office: Office, *kinds: Kind) -> None:
        self.office = office
        self.kinds = Kinds(kinds)
        self.manager = office.manager(kinds=self.kinds)
        self.backend = SqlWorkflows(office.database, office.host.approvals, self.kinds)
        self.caller = Caller(
            tenant=DEFAULT_TENANT,
            principal_id="back-office",
            requested_by="back-office",
            correlation_id=new_correlation_id(),
        )

    async def start(self, about: str, process: str = "errand", **more: Any) -> Event:
        """Start a process; return the event of its start, with what others left taken away."""
        await self.events()
        await self.backend.start(self.caller, process=process, given={"about": about, **more})
        (started,) = await self.events()
        return started

    async def events(self) -> list[Event]:
        return await self.office.deliver(hold=EVENTS)

    async def shown(self, started: Event) -> dict[str, Any]:
        process = await self.backend.get_process(
            DEFAULT_TENANT, process_id=started.subject, correlation_id=None
        )
        return process.model_dump(mode="json")

    async def stands(self, started: Event) -> dict[str, str]:
        return {line["step"]: line["state"] for line in (await self.shown(started))["receipt"]}


EVENTS = {
    "workflows.process.started",
    "workflows.process.advanced",
    "workflows.process.reverted",
    "workflows.process.completed",
    "workflows.process.failed",
}


async def test_a_step_that_cannot_be_done_has_those_before_it_undone_last_first(
    office: Office,
) -> None:
    ledger = Ledger()
    ledger.faults["three"] = [ConflictError("it moved on")]
    room = Room(office, ledger.kind())
    started = await room.start("a")

    await room.manager.resume(started)

    shown = await room.shown(started)
    assert (shown["state"], shown["reason"]) == ("failed", "conflict: it moved on")
    assert ledger.asked == ["one", "two", "three", "undo two", "undo one"]
    assert set(ledger.there.values()) == {"undo one", "undo two"}
    assert await room.stands(started) == {"one": "undone", "two": "undone", "three": "failed"}
    assert [event.type for event in await room.events()] == [
        "workflows.process.reverted",
        "workflows.process.failed",
    ]


async def test_what_cannot_be_undone_is_said_and_the_rest_is_undone(office: Office) -> None:
    ledger = Ledger()
    room = Room(
        office,
        ledger.kind(
            one=ledger.step("one"),
            sent=ledger.step("sent", undo=False, stays="a letter that was sent is sent"),
            two=ledger.step("two"),
            three=ledger.step("three"),
        ),
    )
    ledger.faults["three"] = [ConflictError("no")]
    ledger.faults["undo two"] = [InvalidRequestError("it is shipped")]
    started = await room.start("b")

    await room.manager.resume(started)

    shown = await room.shown(started)
    assert {line["step"]: (line["state"], line["reason"]) for line in shown["receipt"]} == {
        "one": ("undone", None),
        "sent": ("not_undone", "a letter that was sent is sent"),
        "two": ("not_undone", "invalid_request: it is shipped"),
        "three": ("failed", "conflict: no"),
    }
    assert (await room.events())[-1].data["not_undone"] == ["sent", "two"]


async def test_an_effect_whose_end_is_not_known_is_looked_for_before_it_is_undone(
    office: Office,
) -> None:
    ledger = Ledger()
    ledger.faults["two"] = [after(InternalError("who knows", outcome="unknown"))]
    room = Room(office, ledger.kind())
    started = await room.start("c")

    await room.manager.resume(started)

    shown = await room.shown(started)
    assert (shown["state"], await room.stands(started)) == (
        "running",
        {"one": "done", "two": "not_reached", "three": "not_reached"},
    )
    assert shown["reason"].startswith("two is tried again: the outcome of two is not known")
    await room.backend.cancel(room.caller, started.subject, reason="enough")
    await room.manager.resume(started)
    assert (await room.shown(started))["state"] == "cancelled"
    assert ledger.asked == ["one", "two", "two", "undo two", "undo one"]
    assert await room.stands(started) == {"one": "undone", "two": "undone", "three": "not_reached"}


async def test_undoing_waits_for_a_system_that_is_away(office: Office) -> None:
    ledger = Ledger()
    ledger.faults["three"] = [ConflictError("no")]
    ledger.faults["undo two"] = [BackendUnavailableError("away")]
    room = Room(office, ledger.kind())
    started = await room.start("d")

    await room.manager.resume(started)
    assert (await room.shown(started))["state"] == "compensating"
    assert await room.stands(started) == {"one": "done", "two": "done", "three": "failed"}
    for event in await room.events():
        await room.manager.resume(event)

    assert (await room.shown(started))["state"] == "failed"
    assert await room.stands(started) == {"one": "undone", "two": "undone", "three": "failed"}


@pytest.mark.parametrize("is_after", [True, False])
@pytest.mark.parametrize("name", ["one", "two", "three", "undo two", "undo one"])
async def test_killed_anywhere_every_effect_is_there_once_and_undone_once(
    office: Office, name: str, is_after: bool
) -> None:
    ledger = Ledger()
    killed = KilledError()
    ledger.faults[name] = [after(killed) if is_after else killed]
    ledger.faults.setdefault("three", []).append(ConflictError("no"))
    room = Room(office, ledger.kind())
    started = await room.start(f"{name} {is_after}")

    with pytest.raises(KilledError):
        await room.manager.resume(started)
    await office.manager(kinds=room.kinds).resume(started)

    assert await room.stands(started) == {"one": "undone", "two": "undone", "three": "failed"}
    assert set(ledger.there.values()) - {"three"} == {"undo one", "undo two"}


async def test_each_step_has_attempts_of_its_own(office: Office) -> None:
    """A step that fails for now after another was done is carried on by a new event."""
    ledger = Ledger()
    away = BackendUnavailableError("away")
    ledger.faults = {"two": [away, away], "three": [away]}
    room = Room(office, ledger.kind())
    started = await room.start("e")

    await room.manager.resume(started)
    (advanced,) = await room.events()
    assert (advanced.type, advanced.data["step"]) == ("workflows.process.advanced", "one")
    with pytest.raises(BackendUnavailableError):
        await room.manager.resume(advanced)
    await room.manager.resume(advanced)
    (further,) = await room.events()
    assert further.data["step"] == "two"
    await room.manager.resume(further)

    assert (await room.shown(started))["state"] == "completed"
    assert sorted(ledger.there.values()) == ["one", "three", "two"]


async def test_a_process_goes_on_with_the_version_that_it_was_started_with(
    office: Office,
) -> None:
    ledger = Ledger()
    first = ledger.kind(1)
    ledger.faults["two"] = [KilledError()]
    room = Room(office, first)
    started = await room.start("f")
    with pytest.raises(KilledError):
        await room.manager.resume(started)

    second = ledger.kind(2, only=ledger.step("only"))
    upgraded = Room(office, first, second)
    await upgraded.manager.resume(started)
    later = await upgraded.start("g")
    await upgraded.manager.resume(later)

    old, new = await upgraded.shown(started), await upgraded.shown(later)
    assert (old["process_version"], old["state"], old["result"]["version"]) == (1, "completed", 1)
    assert (new["process_version"], new["state"], new["result"]["version"]) == (2, "completed", 2)
    assert ledger.asked == ["one", "two", "two", "three", "only"]


async def test_a_process_whose_version_is_gone_says_so_and_goes_on_when_it_is_back(
    office: Office,
) -> None:
    ledger = Ledger()
    first = ledger.kind(1)
    room = Room(office, first)
    started = await room.start("h")
    downgraded = Room(office, ledger.kind(2))

    await downgraded.manager.resume(started)

    shown = await downgraded.shown(started)
    assert (shown["state"], shown["reason"]) == (
        "suspended",
        "version 1 of errand is not installed; installed: 2",
    )
    for change in (
        downgraded.backend.cancel(room.caller, started.subject, reason="x"),
        downgraded.backend.retry(room.caller, started.subject, from_step=None),
    ):
        with pytest.raises(ConflictError, match="version 1 of errand is not installed"):
            await change
    result = await room.backend.retry(room.caller, started.subject, from_step=None)
    assert (result.state, result.changed) == ("running", True)
    await room.manager.resume((await room.events())[-1])
    assert (await room.shown(started))["state"] == "completed"


async def test_only_one_process_about_a_subject_is_open(office: Office) -> None:
    ledger = Ledger()
    room = Room(office, ledger.kind())
    started = await room.start("i")

    with pytest.raises(ConflictError) as second:
        await room.backend.start(room.caller, process="errand", given={"about": "i"})
    assert second.value.message == f"errand for i is under way as {started.subject}"
    assert second.value.details == {"process_id": started.subject}

    await room.manager.resume(started)
    await room.events()
    again = await room.start("i")
    assert again.subject != started.subject


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "input"),
        ({"about": "j", "amount": 0}, "input.amount"),
        ({"about": "j", "amount": 4}, "input.amount"),
        ({"about": "j", "amount": "1"}, "input.amount"),
        ({"about": "j" * 21}, "input.about"),
        ({"about": "j", "else": 1}, "input"),
    ],
)
async def test_an_input_outside_of_the_schema_starts_nothing(
    office: Office, given: dict[str, Any], field: str
) -> None:
    room = Room(office, Ledger().kind())

    with pytest.raises(InvalidRequestError) as refusal:
        await room.backend.start(room.caller, process="errand", given=given)

    assert refusal.value.field == field
    with pytest.raises(NotFoundError):
        await room.backend.get_process(
            DEFAULT_TENANT, process_id=None, correlation_id=room.caller.correlation_id
        )


async def test_what_is_over_is_not_cancelled_and_what_is_done_not_taken_up_again(
    office: Office,
) -> None:
    room = Room(office, Ledger().kind())
    started = await room.start("k")
    await room.manager.resume(started)
    await room.events()

    for change in (
        room.backend.cancel(room.caller, started.subject, reason="x"),
        room.backend.retry(room.caller, started.subject, from_step=None),
    ):
        with pytest.raises(ConflictError, match=f"process {started.subject} is completed"):
            await change
    for change in (
        room.backend.cancel(room.caller, "prc_0", reason="x"),
        room.backend.retry(room.caller, "prc_0", from_step=None),
    ):
        with pytest.raises(NotFoundError, match="no process prc_0"):
            await change
    with pytest.raises(NotFoundError, match="no process unheard_of, only errand"):
        await room.backend.start(room.caller, process="unheard_of", given={})


async def test_cancelling_twice_changes_nothing_more(office: Office) -> None:
    ledger = Ledger()
    ledger.faults["two"] = [KilledError()]
    room = Room(office, ledger.kind())
    started = await room.start("l")
    with pytest.raises(KilledError):
        await room.manager.resume(started)

    results = [
        await room.backend.cancel(room.caller, started.subject, reason="no") for _ in range(2)
    ]
    await room.manager.resume(started)
    results.append(await room.backend.cancel(room.caller, started.subject, reason="no"))

    assert [(r.state, r.changed) for r in results] == [
        ("compensating", True),
        ("compensating", False),
        ("cancelled", False),
    ]


async def test_a_failed_process_is_taken_up_from_a_step_whose_predecessors_stand(
    office: Office,
) -> None:
    ledger = Ledger()
    room = Room(
        office,
        ledger.kind(
            one=ledger.step("one", undo=False, stays="it stays"),
            two=ledger.step("two"),
            three=ledger.step("three"),
        ),
    )
    ledger.faults["three"] = [ConflictError("no")]
    started = await room.start("m")
    await room.manager.resume(started)
    await room.events()
    retry = room.backend.retry
    with pytest.raises(InvalidRequestError, match="errand has no step four, only one, two, three"):
        await retry(room.caller, started.subject, from_step="four")
    with pytest.raises(InvalidRequestError, match="step two before three is undone: begin there"):
        await retry(room.caller, started.subject, from_step="three")

    await retry(room.caller, started.subject, from_step="two")
    await room.manager.resume(started)

    assert (await room.shown(started))["state"] == "completed"
    assert ledger.asked == ["one", "two", "three", "undo two", "two", "three"]
    assert sorted(set(ledger.there.values())) == ["one", "three", "two", "undo two"]


async def test_the_keys_of_a_process_that_began_before_attempts_were_counted_stay() -> None:
    work = Work(
        process_id="prc_1",
        tenant=DEFAULT_TENANT,
        document_id="doc_1",
        requested_by="assistant",
        correlation_id=new_correlation_id(),
        traceparent=None,
        data={"round": 2},
    )

    assert (work.key("draft"), work.undo_key("draft")) == ("prc_1:draft:2", "prc_1:draft.undo:2")
