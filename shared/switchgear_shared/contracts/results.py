"""The answer of every write, real or previewed."""

from typing import Any

from pydantic import ConfigDict, Field

from switchgear_shared.contracts.model import Contract


class Effect(Contract):
    """One row that a write changes, before and after; null where it did not or will not exist."""

    record: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Preview(Contract):
    """What a write would do; `preview_digest` holds a later call to exactly this."""

    preview_digest: str
    effects: tuple[Effect, ...]


def _brief(schema: dict[str, Any]) -> None:
    """Leave out what an answer always keeps to: every write of every server would repeat it."""
    schema.pop("required", None)
    schema["properties"]["preview"] = {
        "anyOf": [
            {"type": "object", "description": "Of dry_run: preview_digest, effects"},
            {"type": "null"},
        ]
    }


class WriteResult(Contract):
    """What a write did, never the whole record.

    `changed` is false if the record already was so; `caveat` says what the system cannot promise.
    """

    model_config = ConfigDict(json_schema_extra=_brief)

    id: str
    ref: str | None = Field(default=None, description="The human number, such as INV-2026-0042.")
    state: str
    version: str = Field(description="Pass as `expected_version` in the next change.")
    changed: bool = True
    replayed: bool = Field(default=False, description="True if an earlier call did this.")
    caveat: str | None = None
    preview: Preview | None = None
