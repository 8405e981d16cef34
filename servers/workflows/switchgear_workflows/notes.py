"""Telling the CRM what a process did; a party that the CRM does not know has no log."""

from switchgear_shared.errors import SwitchgearError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Work


async def log_note(
    tools: ProcessTools, work: Work, *, key: str, about_id: str, subject: str, note: str
) -> str | None:
    """Log a note under `key`; return why it is not there, None if it is."""
    try:
        await tools.write(
            work,
            "crm_log_activity",
            key=key,
            about_id=about_id,
            kind="note",
            subject=subject,
            note=note,
        )
    except SwitchgearError as refusal:
        if refusal.retryable:
            raise
        return refusal.message
    return None
