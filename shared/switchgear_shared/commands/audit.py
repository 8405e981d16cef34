"""Verify and export the audit chains straight from their database, without opening a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.audit_verify import verify
from switchgear_shared.governance.keys import CheckpointKey, load_checkpoint_public_key
from switchgear_shared.governance.store import migrate_audit
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database


def _database(settings: Settings) -> Database:
    return Database.at("audit", data_dir=settings.data, database_url=settings.database_dsn)


async def verified(
    settings: Settings, *, checkpoints: Path | None, key: Path | None
) -> dict[str, Any]:
    """Return the verifier's report; the exported checkpoints of the data directory count too."""
    exported_here = settings.data / "audit" / "checkpoints.jsonl"
    file = checkpoints or (exported_here if exported_here.exists() else None)
    public = load_checkpoint_public_key(key) if key else CheckpointKey(settings.data).public
    database = _database(settings)
    try:
        await migrate_audit(database)
        return asdict(await verify(database, public, file))
    finally:
        await database.close()


async def exported(settings: Settings, tenant: str, write: Callable[[bytes], Any]) -> None:
    """Give every row of a tenant's chain to `write`, oldest first."""
    database = _database(settings)
    try:
        await migrate_audit(database)
        async for line in AuditTrail(database).export(TenantId(tenant)):
            write(line)
    finally:
        await database.close()
