"""Taking back what was begun on another system."""

import pytest

from switchgear_shared.errors import BackendRejectedError, BackendUnavailableError, ConflictError
from switchgear_shared.storage.remote_write import RemoteWrite


def begun() -> RemoteWrite:
    """Return a write whose first change was sent and whose second one is about to be."""
    write = RemoteWrite("sg-1")
    write.check_may_send()
    write.check_may_send()
    return write


async def test_what_is_refused_in_words_is_taken_back_and_nothing_stays_begun() -> None:
    write, taken = begun(), list[str]()

    async def take_back() -> None:
        taken.append("back")

    with pytest.raises(ConflictError) as refused:
        async with write.undone_by(take_back):
            raise ConflictError("others were first")

    assert (taken, write.is_begun, refused.value.outcome) == (["back"], False, "not_done")


async def test_what_cannot_be_taken_back_is_unknown() -> None:
    write = begun()

    async def take_back() -> None:
        raise BackendRejectedError("it has left")

    with pytest.raises(ConflictError) as refused:
        async with write.undone_by(take_back):
            raise ConflictError("others were first")

    assert (write.is_begun, refused.value.outcome) == (True, "unknown")


async def test_what_may_be_done_is_not_taken_back() -> None:
    write, taken = begun(), list[str]()

    async def take_back() -> None:
        taken.append("back")

    with pytest.raises(BackendUnavailableError):
        async with write.undone_by(take_back):
            raise BackendUnavailableError("broke off", outcome="unknown")

    assert (taken, write.is_begun) == ([], True)


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (None, None),
        ("invoice-77", 77),
        ("sale-77", 0),
        ("invoice-", 0),
        ("invoice-7x", 0),
        ("invoice-99999999999", 0),
        ("77", 0),
    ],
)
def test_a_told_record_has_a_number_of_its_own_kind_alone(
    told: str | None, number: int | None
) -> None:
    assert RemoteWrite("sg-1", told=told).told_number("invoice") == number


def test_a_told_record_of_another_write_is_a_conflict() -> None:
    own, other = (f"sg-{char * 24}" for char in "ab")
    write = RemoteWrite(own, told="invoice-77")

    write.check_is_free(None, "", "by hand", f"for purchase-3 [{own}]")
    with pytest.raises(ConflictError, match="invoice-77 is of another write"):
        write.check_is_free(f"for purchase-3 [{other}]")
