"""Policies for tests of what systems do, where none of them is to stand in the way."""

from pathlib import Path


def permitting_all(data: Path) -> Path:
    """Return a folder whose policies let everybody do everything, without approval."""
    folder = data / "open_policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.cedar").write_text('@id("all") permit (principal, action, resource);')
    return folder
