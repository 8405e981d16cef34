"""Document types that a package brings: what they must be, how they read, and the guide's own."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import httpx2
import pytest

from switchgear_documents.reading import own_document
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.own_document import OwnField, OwnType
from switchgear_documents.reading.own_reading import check_own, read_own, recognised
from switchgear_documents.reading.words import pages_of_text
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.testing import free_port

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/adding-a-document-type.md").read_text(encoding="utf-8")
START_S = 60

PARKING = OwnType(
    name="parking_ticket",
    recognise=lambda text: 0.8 if "PARKING" in text else 0.2,
    fields={
        "bay": OwnField("code", after=("Bay",)),
        "until": OwnField("date", after=("valid to", "gültig bis")),
        "paid": OwnField("amount", after=("Paid",)),
        "currency": OwnField("currency", after=("Currency",)),
        "place": OwnField("text", after=("Place",)),
    },
    check=lambda fields: () if fields.get("place") else ("it names no place",),
)


def install(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, object]) -> None:
    """Let these be what is installed, by the name of the entry point."""

    class Point(EntryPoint):
        def load(self) -> Any:
            loaded = dict(found)[self.name]
            if isinstance(loaded, Exception):
                raise loaded
            return loaded

    points = [Point(name, "acme:TYPE", own_document.GROUP) for name, _ in found]
    monkeypatch.setattr(own_document, "entry_points", lambda **_: points)
    own_document.own_types.cache_clear()


@pytest.fixture(autouse=True)
def as_it_was() -> Generator[None]:
    yield
    own_document.own_types.cache_clear()


def test_the_surest_type_is_recognised_from_a_half_on(monkeypatch: pytest.MonkeyPatch) -> None:
    unsure = OwnType(name="ticket", recognise=lambda _: 0.5, fields={})
    install(monkeypatch, ("one", PARKING), ("two", unsure))

    assert recognised("PARKING AT THE STATION") == (PARKING, 0.8)
    assert recognised("something else") == (unsure, 0.5)


@pytest.mark.parametrize("said", [0.499, 0.0, -1.0, float("nan")])
def test_below_a_half_it_is_not_the_type(monkeypatch: pytest.MonkeyPatch, said: float) -> None:
    install(monkeypatch, ("one", OwnType(name="ticket", recognise=lambda _: said, fields={})))

    assert recognised("anything") is None


def test_without_packages_nothing_is_recognised() -> None:
    assert recognised("REMITTANCE ADVICE") is None


def test_fields_are_read_after_their_labels_in_their_own_form() -> None:
    text = (
        "PARKING\nBay: B-17\nGÜLTIG BIS 3. November 2026\nPaid 1.204,50\nCurrency: EUR\nPlace: Linz"
    )
    pages = pages_of_text((text,))

    found = read_own(PARKING, pages)

    assert {name: candidate.value for name, candidate in found.items()} == {
        "bay": "B-17",
        "until": "2026-11-03",
        "paid": "1204.50",
        "currency": "EUR",
        "place": "Linz",
    }
    assert [found["bay"].cell.line, found["place"].cell.line] == [2, 6]


def test_its_own_check_fails_with_its_words() -> None:
    (failed,) = check_own(PARKING, Extract("parking_ticket", "own/parking_ticket"))

    assert (failed.name, failed.passed, failed.detail) == (
        "parking_ticket_rules",
        False,
        "it names no place",
    )


@pytest.mark.parametrize("name", ["ab", "a" * 32, "a_1"])
def test_a_name_of_2_to_32_is_one(name: str) -> None:
    assert OwnType(name=name, recognise=lambda _: 0, fields={}).name == name


@pytest.mark.parametrize("name", ["a", "a" * 33, "Ab", "1a", "a-b", "ab\n", ""])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="is no name"):
        OwnType(name=name, recognise=lambda _: 0, fields={})
    with pytest.raises(InvalidRequestError, match="is no name"):
        OwnType(name="fine", recognise=lambda _: 0, fields={name: OwnField("text", after=("x",))})


def test_a_field_that_is_required_and_never_read_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="requires total, but never reads it"):
        OwnType(name="fine", recognise=lambda _: 0, fields={}, required_fields=("total",))


@pytest.mark.parametrize(
    ("confidence", "is_good"), [(0, False), (0.01, True), (1, True), (1.01, False)]
)
def test_its_confidence_is_above_0_and_at_most_1(confidence: float, is_good: bool) -> None:
    def make() -> OwnType:
        return OwnType(
            name="fine", recognise=lambda _: 0, fields={}, straight_through_confidence=confidence
        )

    if is_good:
        assert make().straight_through_confidence == confidence
    else:
        with pytest.raises(InvalidRequestError, match="a confidence is above 0, at most 1"):
            make()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((("bad", ImportError("no module acme")),), "document type bad: no module acme"),
        ((("bad", object()),), "document type bad: acme:TYPE is no OwnType"),
        (
            (("one", PARKING), ("two", PARKING)),
            "document type two: parking_ticket is there already",
        ),
        (
            (("bad", OwnType(name="invoice", recognise=lambda _: 1, fields={})),),
            "document type bad: invoice is there already",
        ),
    ],
)
def test_a_package_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, found: tuple[tuple[str, object], ...], said: str
) -> None:
    install(monkeypatch, *found)

    with pytest.raises(InvalidRequestError, match=re.escape(said)):
        own_document.own_types()


def test_a_command_with_such_a_package_says_what_is_wrong_and_does_nothing(tmp_path: Path) -> None:
    info = tmp_path / "bad-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[switchgear.document_types]\nbad = no_module:X\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "switchgear_shared.cli", "up", "--data", str(tmp_path / "data")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = "invalid_request: document type bad: No module named 'no_module'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert not (tmp_path / "data").exists()


def test_the_type_of_the_guide_is_filed_as_the_guide_says(tmp_path: Path) -> None:
    python = _environment(tmp_path)
    letter = tmp_path / "letter.txt"
    letter.write_text(re.findall(r"```text\n(.+?)```", GUIDE, re.DOTALL)[0], encoding="utf-8")

    with _suite(python, tmp_path) as run:
        (submitted,) = run("documents", "submit", str(letter), "--wait", "--json")
        trace = run("documents", "trace", submitted["correlation_id"], "--json")

    assert (submitted["state"], submitted["document_type"]) == ("filed", "remittance_advice")
    classified = next(s for s in trace["steps"] if s["what"] == "documents.document.classified")
    assert classified["detail"]["classifier"] == "own/remittance_advice"


def _environment(folder: Path) -> Path:
    """Return the Python of an environment that has all of ours and the guide's package."""
    package = folder / "package"
    for name, text in re.findall(r"`([\w./]+\.py)`\n\n```python\n(.+?)```", GUIDE, re.DOTALL):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    info = package / "acme_papers-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-papers\nVersion: 0.1.0\n")
    (point,) = re.findall(r"^remittance_advice = \"(.+)\"$", GUIDE, re.MULTILINE)
    (info / "entry_points.txt").write_text(
        f"[switchgear.document_types]\nremittance_advice = {point}\n"
    )
    home = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=60)
    (site,) = home.glob("lib/python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (site / "all.pth").write_text(f"import site; site.addsitedir({ours!r})\n{package}\n")
    return home / "bin" / "python"


@contextmanager
def _suite(python: Path, folder: Path) -> Generator[Any]:
    """Run the suite with that Python; gives what runs a command of it and returns its JSON."""
    port = free_port()
    environment = {
        **os.environ,
        "SWITCHGEAR_DATA": str(folder / "data"),
        "SWITCHGEAR_LOG_LEVEL": "warning",
    }
    command = [str(python), "-m", "switchgear_shared.cli"]
    log = (folder / "suite.log").open("wb")
    suite = subprocess.Popen(
        [*command, "up", "--port", str(port)], env=environment, stdout=log, stderr=log
    )

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [*command, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    try:
        _wait_until_ready(suite, port, folder / "suite.log")
        yield run
    finally:
        suite.terminate()
        suite.wait(timeout=30)
        log.close()


def _wait_until_ready(suite: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and suite.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace"))
