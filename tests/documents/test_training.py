"""Learning a model: what is kept apart, what is known, what is written."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from switchgear_documents.evaluation.classes import Verdict, score_classes
from switchgear_documents.generating.as_page import to_png
from switchgear_documents.generating.collection import SOURCE, draft, generate
from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.reading.classifier import judged
from switchgear_documents.reading.engines import EngineName, missing_reason
from switchgear_documents.reading.features import features
from switchgear_documents.reading.model import Model
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.reading.templates import Template
from switchgear_documents.training.duplicates import clusters
from switchgear_documents.training.examples import Example, collect
from switchgear_documents.training.fitting import fit
from switchgear_documents.training.folds import by_source, in_folds
from switchgear_documents.training.validation import Judged, best_temperature, scores
from switchgear_shared.cli import app
from switchgear_shared.errors import InvalidRequestError

STORY = "once upon a time there was a miller who had three sons and a donkey and a cat "
BILL = "invoice number 17 due date total amount vat please pay within thirty days iban net "


def an_example(
    text: str, kind: Any = "letter", source: str = "one", document: str | None = None
) -> Example:
    return Example(
        document or text[:40], kind, source, not source.startswith(SOURCE), features(text)
    )


def several() -> list[Example]:
    """Letters and invoices of three sources each, each source's with a word of its own."""
    return [
        an_example(
            f"{text} {source} {' '.join(f'{source}{n}{word}' for word in range(40))}", kind, source
        )
        for kind, text in (("letter", STORY), ("invoice", BILL))
        for source in ("red", "green", "blue")
        for n in range(4)
    ]


def test_documents_that_are_nearly_the_same_belong_together() -> None:
    other = an_example(BILL * 3)
    alike = [an_example(f"{STORY * 3} number {n}") for n in range(4)]

    found = clusters([*alike, other])

    assert len(set(found[:4])) == 1
    assert found[4] != found[0]


def test_readings_of_one_document_belong_together_whatever_they_say() -> None:
    found = clusters([an_example(STORY, document="scan"), an_example(BILL, document="scan")])

    assert found[0] == found[1]


def test_no_text_is_like_no_other() -> None:
    assert len(set(clusters([an_example("", document="a"), an_example("", document="b")]))) == 2


def test_a_source_stays_in_one_fold_where_a_type_has_three() -> None:
    examples = several()

    folds = in_folds(examples)

    assert sorted(place for fold in folds for place in fold) == list(range(len(examples)))
    for fold in folds:
        inside = {(examples[place].document_type, examples[place].source) for place in fold}
        outside = {
            (example.document_type, example.source)
            for place, example in enumerate(examples)
            if place not in fold
        }
        assert inside & outside == set()


def test_near_duplicates_stay_in_one_fold_where_a_type_has_one_source() -> None:
    texts = [f"{STORY * 2}{n} {'x' * n}" for n in range(6)] + [
        " ".join(f"w{n}v{word}" for word in range(50)) for n in range(6)
    ]
    examples = [an_example(text, document=str(n)) for n, text in enumerate(texts)]

    folds = in_folds(examples)

    assert sum(any(place < 6 for place in fold) for fold in folds) == 1
    assert len(folds) > 1


def test_the_invented_are_in_no_fold() -> None:
    examples = [*several(), an_example(STORY, source=f"{SOURCE}/letter")]

    assert max(place for fold in in_folds(examples) for place in fold) == len(examples) - 2
    assert max(place for fold in by_source(examples) for place in fold) == len(examples) - 2
    assert len(by_source(examples)) == 3


def test_what_only_one_source_says_is_not_known_to_the_model() -> None:
    model = fit(several())

    def knows(text: str) -> int:
        return len(model.words.vocabulary.weigh(features(text).words)[0])

    assert knows("miller") == 1
    assert knows("red0w1 blue") == 0


def test_a_model_tells_what_it_learned_and_survives_being_written(tmp_path: Path) -> None:
    model = fit(several())
    model.save(tmp_path / "weights.npz")
    loaded = Model.load(tmp_path / "weights.npz")

    for text, kind in ((STORY, "letter"), (BILL, "invoice")):
        assert judged(model, text).document_type == kind
        assert judged(loaded, text).document_type == kind
        assert judged(loaded, text).confidence == pytest.approx(
            judged(model, text).confidence, abs=0.01
        )


def test_a_file_with_an_object_in_it_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", types=np.array([{"a": 1}], dtype=object))

    with pytest.raises(ValueError, match="allow_pickle"):
        Model.load(tmp_path / "weights.npz")


def test_a_file_with_unknown_types_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", types=np.array(["poem", "letter"]))

    with pytest.raises(ValueError, match="types that are unknown"):
        Model.load(tmp_path / "weights.npz")


def test_one_type_is_too_little_to_learn_from() -> None:
    with pytest.raises(InvalidRequestError, match="two types at least"):
        fit([an_example(STORY), an_example(BILL)])


def judged_at(*outcomes: tuple[float, bool]) -> list[Judged]:
    return [
        Judged(
            an_example(STORY, "letter" if right else "form"),
            ("form", "letter"),
            np.array([1 - sure, sure]),
        )
        for sure, right in outcomes
    ]


def test_a_boastful_model_gets_a_higher_temperature_and_a_timid_one_a_lower() -> None:
    boastful = judged_at(*[(0.99, True)] * 8, *[(0.99, False)] * 2)
    timid = judged_at(*[(0.7, True)] * 99, (0.7, False))

    assert best_temperature(boastful) > 1 > best_temperature(timid)
    assert best_temperature([]) == 1
    cooled = scores(boastful, best_temperature(boastful))
    plain = score_classes(
        [Verdict("letter", "letter", 0.99)] * 8 + [Verdict("letter", "form", 0.99)] * 2
    )
    assert cooled is not None
    assert plain is not None
    assert cooled.calibration_error < plain.calibration_error


def train(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["documents", "train", *arguments])


def a_collection(folder: Path, count: int, seed: int, makers: int = 0) -> list[dict[str, Any]]:
    """Documents of three types, in words and not in pictures; of some makers, or our own."""
    rows = [
        row
        for row in generate(folder, count, seed)
        if row["class"] in ("letter", "receipt", "resume") and row["format"] != "png"
    ]
    for place, row in enumerate(rows):
        row["source"] = f"maker {place // 3 % makers}" if makers else row["source"]
    (folder / "manifest.json").write_text(json.dumps(rows))
    return rows


def test_the_command_measures_and_writes_a_model_with_its_card(tmp_path: Path) -> None:
    a_collection(tmp_path / "invented", 84, seed=1)
    real = a_collection(tmp_path / "real", 112, seed=2, makers=2)

    folders = [str(tmp_path / name) for name in ("real", "invented")]
    result = train(*folders, "--out", str(tmp_path / "model"))

    assert result.exit_code == 0, result.output
    assert "near-duplicates and sources apart, five folds" in result.output
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    weights = tmp_path / "model" / "weights.npz"
    assert card["sha256"] == sha256(weights.read_bytes()).hexdigest()
    assert card["types"] == ["letter", "receipt", "resume"]
    learned = card["learned_from"]["letter"]
    assert set(learned) == {"invented", "maker 0", "maker 1"}
    assert sum(learned.values()) >= 12
    measured = card["measured"]["each source judged by the others"]
    assert measured["accuracy"] > 0.8
    assert len(real) * 0.9 < measured["count"] <= len(real)
    assert Model.load(weights).temperature == pytest.approx(card["temperature"], abs=1e-4)


class CountingReader(Reader):
    """The reader itself, that notes which names it was given."""

    def __init__(self, *engines: EngineName) -> None:
        super().__init__(workers=1, engines=engines)
        self.names: list[str] = []

    async def read(
        self, path: Path, name: str, templates: Sequence[Template] | None = None
    ) -> Reading:
        self.names.append(name)
        return await super().read(path, name, templates)


@pytest.mark.skipif(missing_reason("tesseract") is not None, reason="tesseract is not installed")
async def test_a_scan_is_learned_from_as_each_reader_reads_it_and_words_once(
    tmp_path: Path,
) -> None:
    drafted = draft(5, seed=2)
    (tmp_path / "scan.png").write_bytes(to_png(drafted, Random(1)))  # noqa: S311 - the same again
    (tmp_path / "words.txt").write_text(STORY)
    rows = [
        {"path": "scan.png", "class": drafted.document_type, "format": "png", "source": "maker"},
        {"path": "words.txt", "class": "letter", "format": "txt", "source": "maker"},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps(rows))
    readers = [CountingReader("tesseract"), CountingReader("tesseract"), CountingReader()]

    try:
        examples = await collect([tmp_path], readers)
    finally:
        for reader in readers:
            await reader.close()

    assert [one.document for one in examples] == ["scan", "scan", "words"]
    assert len(set(clusters(examples))) == 2
    assert [reader.names for reader in readers] == [
        ["scan.png", "words.txt"],
        ["scan.png"],
        ["scan.png"],
    ]


def test_examples_that_were_kept_are_learned_from_too(tmp_path: Path) -> None:
    generate(tmp_path / "real", 42, seed=2)
    kept = ExampleFolder(tmp_path / "kept")
    kept.add("doc_1", "letter", "Dear Ann, I am writing to you about the garden. Bob", "doc_1")

    arguments = ["documents", "train", str(tmp_path / "real"), "--out", str(tmp_path / "model")]
    learned = []
    for folder in (tmp_path / "none", tmp_path / "kept"):
        environment = {"SWITCHGEAR_DOCUMENT_EXAMPLES": str(folder)}
        result = CliRunner(env=environment).invoke(app, arguments)
        assert result.exit_code == 0, result.output
        card = json.loads((tmp_path / "model" / "card.json").read_text())
        learned.append(card["learned_from"]["letter"].get("doc_1"))

    assert learned == [None, 1]


def test_there_must_be_something_to_do(tmp_path: Path) -> None:
    assert train(str(tmp_path)).exit_code == 2


def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    result = train(str(tmp_path), "--cross-validate")

    assert result.exit_code == 1
    assert "not_found" in result.output
