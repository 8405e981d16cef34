"""What every change of a record here does alike: check its version, write what differs."""

from collections.abc import Mapping
from typing import Any, Protocol

from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError


class Versioned(Protocol):
    """A row that counts its changes."""

    version: Any
    id: Any


def check_version(row: Versioned, expected: str | None, noun: str) -> None:
    """Raise ConflictError if the record is not at the version the caller read."""
    if expected is not None and expected != str(row.version):
        raise ConflictError(
            f"{noun} {row.id} is at version {row.version}",
            field="expected_version",
            details={"id": row.id, "version": str(row.version)},
        )


def check_new(expected: str | None, named: str) -> None:
    """Raise ConflictError if the caller read a version of a record that is not there."""
    if expected is not None:
        raise ConflictError(f"there is no {named} at any version", field="expected_version")


def write(row: Versioned, values: Mapping[str, Any]) -> bool:
    """Set the columns that differ and count the change; return whether any did."""
    differing = {name: new for name, new in values.items() if getattr(row, name) != new}
    for name, new in differing.items():
        setattr(row, name, new)
    if differing:
        row.version += 1
    return bool(differing)


def result(row: Any, *, state: str, changed: bool) -> WriteResult:
    """Return what the write did."""
    return WriteResult(
        id=row.id,
        ref=getattr(row, "ref", None),
        state=state,
        version=str(row.version),
        changed=changed,
    )
