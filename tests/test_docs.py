"""What the documentation says is what the code does."""

import asyncio
import importlib.util
import re
import subprocess
import sys
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from switchgear_shared.governance.agents import Agent
from switchgear_shared.governance.policy_source import read_policies
from switchgear_shared.testing import running, settings_for

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_FILE = re.compile(r"^`([\w./]+\.py)`\n\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).exists()]


@cache
def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@cache
def _generated() -> dict[Path, str]:
    return _generator().documents(asyncio.run(_generator().suite()))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "path",
    [
        "docs/asyncapi.json",
        "docs/errors.md",
        "docs/events.md",
        "docs/permissions.md",
        "docs/settings.md",
        *(f"servers/{name}/README.md" for name in _generator().SERVERS),
    ],
)
def test_running_make_docs_would_change_nothing(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == _generated()[ROOT / path]


def test_every_server_of_the_repository_is_documented() -> None:
    assert sorted(_generator().SERVERS) == sorted(
        folder.name
        for folder in (ROOT / "servers").iterdir()
        if (folder / "pyproject.toml").exists()
    )


def test_every_shipped_rule_is_explained() -> None:
    rules = re.findall(r'@id\("([^"]+)"\)', read_policies(None))
    explained = re.findall(
        r"^\| `([a-z-]+)` \| (?:permit|forbid)",
        (ROOT / "docs/permissions.md").read_text(),
        re.MULTILINE,
    )
    assert explained == rules


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    broken: list[str] = []
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_decisions_are_numbered_without_a_gap_and_of_one_shape() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [page.name[:5] for page in pages] == [f"{n:04d}-" for n in range(1, len(pages) + 1)]
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], page.name


def test_every_direct_dependency_says_what_it_is_here_for() -> None:
    members = (*ROOT.glob("s*/**/pyproject.toml"), ROOT / "console/pyproject.toml")
    projects = [tomllib.loads(path.read_text()) for path in members]
    needed = {
        re.split(r"[\[<>=;]", requirement)[0].strip()
        for project in projects
        for requirement in (
            *project["project"]["dependencies"],
            *chain(*project["project"].get("optional-dependencies", {}).values()),
        )
    }
    page = (ROOT / "docs/decisions/0008-libraries.md").read_text()
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert explained == {name for name in needed if not name.startswith("switchgear-")}


async def test_the_server_of_the_guide_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _FILE.findall((ROOT / "docs/writing-a-server.md").read_text(encoding="utf-8"))
    for name, text in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "switchgear_parking/__init__.py").touch()
    info = tmp_path / "switchgear_parking-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: switchgear-parking\nVersion: 0\n")
    (info / "entry_points.txt").write_text(
        "[switchgear.servers]\nparking = switchgear_parking.server:build\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    async with running(settings_for(tmp_path / "data"), ["parking"]) as suite:
        await suite.host.agents.add(Agent("porter", "agent", scopes=("parking.*",)))
        headers = {"Authorization": f"Bearer {await suite.token('porter')}"}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(f"{suite.url}/mcp", http_client=http)) as client,
        ):
            assigned = await client.call_tool(
                "parking_assign_bay", {"id": "B-7", "plate": "HH-AB 12", "expected_version": "1"}
            )
            bay = await client.call_tool("parking_get_bay", {"id": "B-7"})
            taken = await client.call_tool("parking_assign_bay", {"id": "B-7", "plate": "B-X 9"})

    assert _part(assigned, "id", "state", "version", "changed") == ["B-7", "taken", "2", True]
    assert _part(bay, "id", "plate", "version") == ["B-7", "HH-AB 12", "2"]
    assert getattr(taken.content[0], "text", "").startswith("conflict: bay B-7 has HH-AB 12\n")


def _part(result: Any, *names: str) -> list[Any]:
    return [result.structured_content[name] for name in names]
