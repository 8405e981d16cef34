"""Learned by command while the suite runs: its next document reads right, without a restart."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from documents.test_erasure import finished, records
from documents.test_erasure_remains import LETTER
from documents.test_learning import NEXT, PAGE, RIGHT
from journeys.desk import opened
from switchgear_shared.cli import app

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_correction_is_learned_and_the_suppliers_next_page_reads_right(
    own_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    environment = {"SWITCHGEAR_DOCUMENT_TEMPLATES": str(folder)}

    async def command(*arguments: str) -> tuple[int, str]:
        given = ["documents", "learn", "template", *arguments, "--data", str(own_data)]
        result = await asyncio.to_thread(CliRunner(env=environment).invoke, app, given)
        return result.exit_code, result.output

    async with opened(own_data, document_templates=folder) as desk:
        receipt = await desk.submit(PAGE.encode(), "page.txt")
        review = await desk.review(receipt)
        code, text = await command(review["id"])
        assert (code, f"nobody corrected document {receipt['id']}" in text) == (1, True)
        await desk.decide(review, "correct", type="invoice", fields=RIGHT)

        code, text = await command(receipt["id"])
        assert (code, "would be learned-nordlicht-werkzeuge-gmbh.yaml" in text) == (0, True)
        assert list(folder.iterdir()) == []
        code, text = await command(review["id"], "--write", "--json")
        assert (code, json.loads(text)["is_written"]) == (0, True)
        assert [file.name for file in folder.iterdir()] == [json.loads(text)["file_name"]]

        shown = await desk.http.get(
            f"/api/v1/documents/{receipt['id']}/template", headers=await desk.headers("operator")
        )
        assert shown.json()["fixed_fields"] == sorted(RIGHT)

        later = await desk.submit(NEXT.encode(), "next.txt")
        await desk.until(later)
        seen = await desk.ask("documents_get_extraction", document_id=later["id"])
        values = {field["name"]: field["value"] for field in seen["fields"]}
        assert (values["number"], values["total_gross"]) == ("77-0932", "248.00")
        assert (await command(receipt["id"], "--as", "clerk"))[0] == 1


async def test_writing_needs_a_folder_that_is_set(own_data: Path) -> None:
    result = await asyncio.to_thread(
        CliRunner().invoke,
        app,
        ["documents", "learn", "template", "doc_1", "--write", "--data", str(own_data)],
    )

    assert result.exit_code == 2
    assert "SWITCHGEAR_DOCUMENT_TEMPLATES" in result.output


async def test_a_filed_document_becomes_an_example_and_leaves_it_when_it_is_erased(
    own_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "examples"
    environment = {"SWITCHGEAR_DOCUMENT_EXAMPLES": str(folder)}

    async def command(*arguments: str) -> tuple[int, str]:
        given = ["documents", "learn", "example", *arguments, "--data", str(own_data)]
        result = await asyncio.to_thread(CliRunner(env=environment).invoke, app, given)
        return result.exit_code, result.output

    async with opened(own_data, document_examples=folder) as desk:
        receipt = await desk.submit(LETTER, "letter.txt")
        await desk.until(receipt, "filed")
        waiting = await desk.submit(PAGE.encode(), "page.txt")
        await desk.until(waiting, "in_review")

        assert (await command(receipt["id"]))[0] == 0
        assert "in_review, not filed" in (await command(waiting["id"]))[1]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert [(row["path"], row["class"]) for row in manifest] == [
            (f"{receipt['id']}.txt", "letter")
        ]
        assert "about the garden" in (folder / f"{receipt['id']}.txt").read_text()

        assert (await (await records(desk)).approved(receipt["id"]))[0] == 200
        await finished(own_data, receipt["id"])
        assert not (folder / "manifest.json").exists()
        assert not (folder / f"{receipt['id']}.txt").exists()
        assert "was erased" in (await command(receipt["id"]))[1]
