"""The AsyncAPI document, held to the specification by the parser of those who write it."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from interop.conftest import Run

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

VALIDATE = Path(__file__).with_name("validate_asyncapi.mjs")


@pytest.fixture
def faults(node: str, node_modules: Path, run: Run) -> Callable[[Path], Awaitable[list[Any]]]:
    """Return what the parser finds wrong with a file: errors and warnings."""

    async def found(file: Path) -> list[Any]:
        ran = await run(node, str(VALIDATE), str(node_modules), str(file))
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return found


async def test_the_asyncapi_document_keeps_to_the_specification(faults: Any, root: Path) -> None:
    assert await faults(root / "docs/asyncapi.json") == []


async def test_a_document_that_refers_to_nothing_is_found_out(
    faults: Any, root: Path, tmp_path: Path
) -> None:
    document = json.loads((root / "docs/asyncapi.json").read_text())
    document["channels"]["rpc.request"]["messages"]["call"]["$ref"] = "#/components/messages/none"
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document))

    assert await faults(broken) != []
