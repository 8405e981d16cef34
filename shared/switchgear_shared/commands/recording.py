"""The record of commands that change who may come in: who ran them, what they did, to whom."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from switchgear_shared.contracts.values import new_correlation_id, utc_now
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.digests import digest
from switchgear_shared.governance.redaction import redact


@asynccontextmanager
async def recorded(audit: Audit, command: str, **whom: str) -> AsyncGenerator[dict[str, Any]]:
    """Commit who runs the command before the block, and after it what came of that.

    The block puts what is known only then into the dict that it is given.

    Raises:
        AuditUnavailableError: before the block, which is then not run, or after it.
    """
    who = f"local:{os_user()}"
    intent = AuditEvent(
        kind="intent",
        server="governance",
        tool=command,
        principal=who,
        requested_by=who,
        correlation_id=new_correlation_id(),
        arguments_digest=digest(whom),
        arguments=redact(whom),
    )
    await audit.append(intent)
    outcome, detail = "internal", dict[str, Any]()
    try:
        yield detail
        outcome = "ok"
    except SwitchgearError as error:
        outcome = error.code
        raise
    finally:
        await audit.append(
            replace(intent, kind="outcome", time=utc_now(), outcome=outcome, detail=detail)
        )


def os_user() -> str:
    """Return who runs this process, as the system knows them; the environment is not asked."""
    if sys.platform == "win32":
        return os.getlogin()
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
