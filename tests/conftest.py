"""A sample server that is installed as any company's own would be, and hosts that serve it."""

import asyncio
import importlib.metadata
import shutil
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from switchgear_shared.testing import Running, running, settings_for

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE / "shared"), str(HERE / "live")]


def pytest_sessionfinish() -> None:
    asyncio.run(import_module("ready_databases").drop_free_schemas())


@pytest.fixture(scope="session")
def jars_distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, makes the entry point of the jars known."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "switchgear_jars-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: switchgear-jars\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[switchgear.servers]\njars = jars_server:build\n")
    return folder


@pytest.fixture
def jars_installed(jars_distribution: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(jars_distribution))
    assert importlib.metadata.version("switchgear-jars") == "0.1.0"


@pytest.fixture(scope="session")
def jars_template(jars_distribution: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that is made once and copied for each test."""
    data = tmp_path_factory.mktemp("template") / "data"
    sys.path.insert(0, str(jars_distribution))
    try:
        asyncio.run(import_module("jars_suite").prepare(data))
    finally:
        sys.path.remove(str(jars_distribution))
    return data


@pytest.fixture
def jars_data(jars_template: Path, jars_installed: None, tmp_path: Path) -> Path:
    """A data directory of the test's own."""
    del jars_installed
    return shutil.copytree(jars_template, tmp_path / "data")


@pytest.fixture
async def suite(jars_data: Path) -> AsyncIterator[Any]:
    """A `JarsSuite` on a data directory of the test's own."""
    async with import_module("jars_suite").serving_jars(jars_data) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    jars_template: Path, jars_distribution: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The jars and the registry over HTTP, with the embedded broker, for a whole module."""
    data = shutil.copytree(jars_template, tmp_path_factory.mktemp("served") / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(jars_distribution))
        async with running(settings_for(data), ["jars", "registry"]) as suite:
            yield suite
