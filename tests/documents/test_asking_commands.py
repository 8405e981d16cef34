"""`switchgear documents models` as an operator meets it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from documents.endpoint import Endpoint
from documents.test_asking_journeys import catalogue
from journeys.desk import copied
from switchgear_shared.cli import app


def test_the_command_lists_the_models_and_what_they_cost(
    demo_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = catalogue(Endpoint(1), tmp_path / "models.toml")
    monkeypatch.setenv("SWITCHGEAR_DOCUMENT_MODELS", str(file))
    data = copied(demo_data, tmp_path)

    listed = CliRunner().invoke(app, ["documents", "models", "--json", "--data", str(data)])
    tried = CliRunner().invoke(app, ["documents", "models", "--ask", "--json", "--data", str(data)])

    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["tasks"], row["spent_today"]) == (
        "small",
        "classify, extract",
        "0.000000 EUR",
    )
    assert tried.exit_code == 1
    assert json.loads(tried.stdout)[0]["asked_now"].startswith("backend_unavailable: small cannot")
