"""Learning a model: what is kept apart, what is known, what is written."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from switchgear_documents.evaluation.classes import Verdict, score_classes
from switchgear_documents.generating.collection import SOURCE, generate
from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.reading.classifier import judged
from switchgear_documents.reading.features import features
from switchgear_documents.reading.model import Model
from switchgear_documents.training.duplicates import clusters
from switchgear_documents.training.examples import Example
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


def test_the_command_measures_and_writes_a_model_with_its_card(tmp_path: Path) -> None:
    generate(tmp_path / "invented", 42, seed=1)
    real = generate(tmp_path / "real", 84, seed=2)
    for place, row in enumerate(real):
        row["source"] = f"maker {place // 14 % 2}"
    (tmp_path / "real" / "manifest.json").write_text(json.dumps(real))

    folders = [str(tmp_path / name) for name in ("real", "invented")]
    result = train(*folders, "--out", str(tmp_path / "model"))

    assert result.exit_code == 0, result.output
    assert "near-duplicates and sources apart, five folds" in result.output
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    weights = tmp_path / "model" / "weights.npz"
    assert card["sha256"] == sha256(weights.read_bytes()).hexdigest()
    assert len(card["types"]) == 14
    assert sum(card["learned_from"]["letter"].values()) >= 6
    assert set(card["learned_from"]["letter"]) == {"invented", "maker 0", "maker 1"}
    measured = card["measured"]["each source judged by the others"]
    assert measured["accuracy"] > 0.6
    assert 0 < measured["count"] <= 84
    assert Model.load(weights).temperature == pytest.approx(card["temperature"], abs=1e-4)


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
