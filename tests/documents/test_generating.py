"""Generated documents: all types and languages, the same for the same seed, and true."""

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pypdfium2
import pytest
from stdnum import iban as iban_number
from typer.testing import CliRunner

from switchgear_documents.evaluation.manifest import load
from switchgear_documents.generating.as_page import to_png
from switchgear_documents.generating.blocks import Columns, Draft, Lines, Pairs, Paragraph, Table
from switchgear_documents.generating.collection import MAKERS, WRITERS, draft, generate
from switchgear_documents.generating.parties import account, tax_number
from switchgear_documents.generating.stacks import generate_stacks
from switchgear_documents.generating.strange import in_no_language, technical
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading.own_document import OURS
from switchgear_documents.reading.vat import vat_rule
from switchgear_shared.cli import app

ROUND = len(MAKERS) * len(LANGUAGES)


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - chance to repeat, not to hide


def words_of(drafted: Draft) -> str:
    words: list[str] = []
    for block in drafted.blocks:
        match block:
            case Pairs(pairs):
                words += [f"{label} {value}" for label, value in pairs]
            case Lines(lines):
                words += lines
            case Table(head, rows):
                words += [" ".join(row) for row in (head, *rows)]
            case Columns(left, right):
                words += [*left, *right]
            case _:
                words.append(block.text)
    return "\n".join(words)


def test_every_type_is_made_in_every_language() -> None:
    made = Counter(
        (one.document_type, one.language) for one in (draft(place, 1) for place in range(ROUND))
    )

    assert set(MAKERS) == set(OURS)
    assert made == Counter({(kind, language): 1 for kind in MAKERS for language in LANGUAGES})


def test_the_same_seed_writes_the_same_bytes_whatever_the_count(tmp_path: Path) -> None:
    one = generate(tmp_path / "one", 42, seed=3)
    more = generate(tmp_path / "more", 60, seed=3)
    others = generate(tmp_path / "others", 42, seed=4)

    assert more[:42] == one
    assert {row["format"] for row in more} >= {"txt", "md", "html", "pdf"}
    assert all(a["sha256"] != b["sha256"] for a, b in zip(one, others, strict=True))
    assert len({row["sha256"] for row in more}) == 60


def test_the_command_writes_a_manifest_that_can_be_evaluated(tmp_path: Path) -> None:
    arguments = ["documents", "generate", str(tmp_path), "--count", "14", "--seed", "5"]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "wrote 14 documents" in result.output
    assert {entry.document_type for entry in load(tmp_path)} == set(MAKERS)
    evaluated = CliRunner().invoke(
        app, ["documents", "evaluate", str(tmp_path), "--in-process", "--json"]
    )
    assert json.loads(evaluated.stdout)["documents"] == 14


@pytest.mark.parametrize("count", ["0", "100001"])
def test_a_count_out_of_bounds_is_refused(tmp_path: Path, count: str) -> None:
    result = CliRunner().invoke(app, ["documents", "generate", str(tmp_path), "--count", count])

    assert result.exit_code == 2


@pytest.mark.parametrize("place", range(0, ROUND * 3, 7))
def test_what_the_truth_says_stands_on_the_document(place: int) -> None:
    drafted = draft(place, seed=11)
    text = words_of(drafted)
    fields: dict[str, Any] = drafted.fields

    for name in ("number", "supplier", "buyer", "order_ref", "iban", "supplier_vat"):
        if name in fields and not (name == "buyer" and drafted.document_type == "purchase_order"):
            assert fields[name] in text
    if "total_gross" in fields:
        digits = f"{abs(fields['total_gross']):.2f}".replace(".", "")
        assert digits in "".join(c for c in text if c.isdigit() or c == "\n")
    if {"total_net", "total_tax"} <= fields.keys():
        assert fields["total_net"] + fields["total_tax"] == pytest.approx(fields["total_gross"])
    if "lines" in fields:
        *_, table = (block for block in drafted.blocks if isinstance(block, Table))
        assert len(table.rows) == fields["lines"]


def test_no_gap_of_a_phrase_is_left_open() -> None:
    for place in range(ROUND):
        text = words_of(draft(place, seed=2))
        assert "{" not in text
        assert "}" not in text


@pytest.mark.parametrize("country", ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "NL"])
def test_accounts_and_tax_numbers_pass_their_checks(country: str) -> None:
    iban = account(chance(1), country)
    assert iban is not None
    assert iban_number.validate(iban, check_country=False)
    vat = tax_number(chance(1), country)
    rule = vat_rule(vat or "")
    assert vat is None or rule is None or rule(vat)


def test_a_country_without_accounts_of_this_kind_has_none() -> None:
    assert account(chance(1), "US") is None
    assert tax_number(chance(1), "US") is None


@pytest.mark.parametrize("ending", list(WRITERS))
def test_every_format_holds_every_kind_of_block(ending: str) -> None:
    blocks = (
        Lines(("Nördlich GmbH", "")),
        Columns(("a",), ("b", "c")),
        Pairs((("Total", "1,00 €"),)),
        Table(("one", "two"), (("x <y>", "2"),)),
        Paragraph("word " * 60),
    )
    data = WRITERS[ending](Draft("other", "de", "test", blocks), chance(1))

    assert len(data) > 300


def test_a_picture_is_askew_but_whole() -> None:
    data = to_png(draft(0, seed=1), chance(1))

    assert data.startswith(b"\x89PNG")


def test_amounts_are_written_as_the_language_writes_them() -> None:
    amount = Decimal("1234567.80")
    written = {Voice(chance(seed), "de").digits(amount) for seed in range(30)}

    assert written == {"1.234.567,80", "1 234 567,80", "1234567,80"}
    assert {Voice(chance(seed), "en").digits(amount) for seed in range(30)} == {
        "1,234,567.80",
        "1234567.80",
    }


def test_a_page_in_no_language_looks_like_what_it_was_and_is_none_of_the_types() -> None:
    was = draft(0, seed=1)
    strange = in_no_language(chance(1), was)

    assert (strange.document_type, strange.fields) == ("other", {})
    assert [type(block) for block in strange.blocks] == [type(block) for block in was.blocks]
    words = set(re.findall(r"[a-zà-ÿ]{4,}", words_of(was).lower()))
    assert words & set(re.findall(r"[a-zà-ÿ]{4,}", words_of(strange).lower())) == set()
    assert re.sub(r"[^\W\d_]", "", words_of(strange)) == re.sub(r"[^\W\d_]", "", words_of(was))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_technical_belongs_to_no_type(seed: int) -> None:
    made = technical(Voice(chance(seed), "en"))

    assert made.document_type == "other"
    assert words_of(made).count("\n") + words_of(made).count(" ") > 4


def test_stacks_are_the_same_for_the_same_seed_and_their_parts_are_every_page(
    tmp_path: Path,
) -> None:
    arguments = ["documents", "generate", str(tmp_path / "one"), "--stacks", "--count", "10"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    again = generate_stacks(tmp_path / "again", 8, seed=1)

    rows = json.loads((tmp_path / "one" / "manifest.json").read_text(encoding="utf-8"))
    assert [row["sha256"] for row in rows[:8]] == [row["sha256"] for row in again]
    assert [row["format"] for row in rows] == ["pdf"] * 9 + ["tif"]
    for entry in load(tmp_path / "one")[:9]:
        pages = [page for first, last in entry.parts for page in range(first, last + 1)]
        document = pypdfium2.PdfDocument((tmp_path / "one" / entry.path).read_bytes())
        assert pages == list(range(1, len(document) + 1))
        document.close()
        assert entry.document_type == ("bundle" if len(entry.parts) > 1 else "invoice")
