"""Names and sizes that the style asks for, in every file that is kept."""

import io
import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import pytest

from switchgear_shared.contracts.event_data import EVENT_DATA

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 300
SAYS_NOTHING = {
    *("util", "utils", "helper", "helpers", "common", "misc", "base", "core"),
    *("manager", "managers", "types", "const", "consts", "constants", "stuff", "lib"),
}
ABBREVIATIONS = {"qm", "cfg", "repo", "repos", "mgr", "svc"}
NOT_PAST = {
    "inventory.stock.below_reorder_point",
    "workflows.process.waiting",
    "documents.review.due",
    "workflows.timer.due",
}
"""Facts about now: there is little left, a process waits from here on, a moment has come."""
HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|ghcr\.io|docker\.io")
PLACES = re.compile(r"(?<![.\w])/(?:work|root)/|/home/\w|/Users/\w|/tmp/")
UNREASONED = re.compile(r"\b(?:TODO|FIXME|HACK)\b(?!\(.+\): .)")
EXEMPT = {
    "README.md": "tells a reader where to put sample files",
    "tests/test_names.py": "holds the patterns",
}


@cache
def kept_files() -> tuple[str, ...]:
    """Return every file that is tracked or about to be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return tuple(sorted(name for name in set(listed) if (ROOT / name).is_file()))


def python_files() -> list[str]:
    return [name for name in kept_files() if name.endswith(".py")]


def names_in(file: str) -> list[tokenize.TokenInfo]:
    text = io.StringIO((ROOT / file).read_text(encoding="utf-8"))
    return [t for t in tokenize.generate_tokens(text.readline) if t.type == tokenize.NAME]


def found(pattern: re.Pattern[str]) -> list[str]:
    """Return `file:line` for every match, the exempt files left out."""
    places: list[str] = []
    for name in kept_files():
        if name in EXEMPT:
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        lines = enumerate(text.splitlines(), 1)
        places += [f"{name}:{number}" for number, line in lines if pattern.search(line)]
    return places


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    words = {word for name in python_files() for word in re.split(r"[^a-z]+", name.lower())}
    assert words & SAYS_NOTHING == set()


def test_no_file_has_a_name_with_an_abbreviation() -> None:
    words = {word for name in python_files() for word in re.split(r"[^a-z]+", name.lower())}
    assert words & ABBREVIATIONS == set()


@pytest.mark.parametrize(
    "room", ["shared", "servers", "console", "tests", "bench", "docs", "examples"]
)
def test_no_name_in_code_is_an_abbreviation(room: str) -> None:
    abbreviated = [
        f"{file}:{token.start[0]} {token.string}"
        for file in python_files()
        if file.startswith(f"{room}/")
        for token in names_in(file)
        if ABBREVIATIONS & set(token.string.lower().split("_"))
    ]
    assert abbreviated == []


def test_no_file_of_the_product_is_longer_than_it_may_be() -> None:
    lengths = {
        name: len((ROOT / name).read_text(encoding="utf-8").splitlines())
        for name in python_files()
        if not name.startswith("tests/")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_event_is_a_past_fact_of_a_server() -> None:
    wrong = [name for name in EVENT_DATA if not re.fullmatch(r"[a-z]+\.[a-z_]+\.[a-z_]+ed", name)]
    assert set(wrong) == NOT_PAST


def test_no_test_is_named_after_a_number_in_a_tracker() -> None:
    pattern = re.compile(r"def test_(?:issue|bug|ticket|gh|pr)_?\d+")
    assert found(pattern) == []


def test_no_todo_stands_without_its_reason() -> None:
    assert found(UNREASONED) == []


def test_no_package_index_is_named() -> None:
    assert found(HOSTS) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert found(PLACES) == []


def test_every_exempt_file_is_still_there() -> None:
    assert set(EXEMPT) <= set(kept_files())
