import math
from typing import Any

import orjson
import pytest

from switchgear_shared.observability.masking import MASK, mask_text, mask_values

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZ2VudC0xIn0.c2lnbmF0dXJl"
SEED = "SUAM" + "A7" * 27
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIC\n-----END PRIVATE KEY-----"
NAMES = [
    *("authorization", "Authorization", "token", "access_token", "refreshToken", "password"),
    *("client_secret", "api_key", "X-API-Key", "apiKey", "Set-Cookie", "DB_PASSWORD"),
    "private_key",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_value_whose_name_says_secret_is_masked_at_any_depth(name: str) -> None:
    values = {"headers": [{name: "canary-1"}], name: ["canary-2"], "inner": {name: b"canary-3"}}

    assert mask_values(values) == {"headers": [{name: MASK}], name: MASK, "inner": {name: MASK}}


def test_counts_of_tokens_are_no_secrets() -> None:
    values = {"tokens_left": 512, "has_token": True, "token": None, "password": 1234}

    assert mask_values(values) == {**values, "password": MASK}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sent Bearer abc.DEF-123_~+/= on", "sent Bearer [masked] on"),
        ("bearer  abcdefgh1", "bearer  [masked]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [masked]"),
        ("key mcpk_A1b2_c3-d4, xmcpk_A1.", "key [masked], x[masked]."),
        (f"jwt {JWT}", "jwt [masked]"),
        (f"seed {SEED}", "seed [masked]"),
        (SEED, MASK),
        (f"pem {PEM} end", "pem [masked] end"),
        ("postgresql://app:s3cr3t@db:5432/erp", "postgresql://app:[masked]@db:5432/erp"),
        ("redis://:s3cr3t@cache", "redis://:[masked]@cache"),
        ('{"password": "s3cr3t", "user": "u"}', '{"password": "[masked]", "user": "u"}'),
        ("/cb?api_key=s3cr3t&x=1&token=s3cr3t", "/cb?api_key=[masked]&x=1&token=[masked]"),
    ],
)
def test_secrets_inside_any_text_are_masked(text: str, masked: str) -> None:
    assert (mask_text(text), mask_values({"a": {"b": [text]}})) == (masked, {"a": {"b": [masked]}})


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8080/a@b says token expired",
        "the bearer of this letter",
        "basic auth is off; secretary: Jo",
        "Grüße, 東京",
        "",
    ],
)
def test_text_without_secrets_is_left_as_it_is(text: str) -> None:
    assert mask_text(text) == text


class Wild:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_values_of_any_kind_become_plain_json() -> None:
    plain = mask_values(
        {
            "nan": math.nan,
            "huge": 10**6000,
            "raw": b"\xff\xfe",
            "keys": {1: "a", ("t",): "b"},
            "kind": int,
            "a_set": {"one"},
            "error": ValueError("Bearer canary-canary"),
        }
    )

    assert orjson.loads(orjson.dumps(plain)) == {
        "nan": None,
        "huge": "[integer of 19932 bits]",
        "raw": "[2 bytes]",
        "keys": {"1": "a", "('t',)": "b"},
        "kind": "<class 'int'>",
        "a_set": ["one"],
        "error": "ValueError('Bearer [masked]')",
    }


def test_a_value_that_cannot_say_what_it_is_does_not_fail_the_rest() -> None:
    assert mask_values({"wild": Wild()})["wild"].startswith("<Wild instance at")


def test_endless_and_exploding_values_are_bounded() -> None:
    circle: list[Any] = []
    circle.append(circle)
    bomb: Any = "x"
    for _ in range(12):
        bomb = [bomb] * 50

    plain = mask_values({"circle": circle, "bomb": bomb})

    assert plain["circle"] == [[[[[[[["[list of 1]"]]]]]]]]
    assert len(orjson.dumps(plain)) < 50_000


def test_of_a_very_long_text_the_beginning_and_the_end_are_kept() -> None:
    assert mask_text("y" * 1_000_000) == "y" * 4000 + " [992000 characters cut] " + "y" * 4000


def test_a_secret_is_not_left_over_where_a_long_text_is_cut() -> None:
    cut = [
        mask_text("y" * start + " Bearer " + "canary" * 20 + " z" * 9000)
        for start in range(3900, 4010, 10)
    ]

    assert "canary" not in "".join(cut)


@pytest.mark.parametrize(
    "piece", ["://", "://a:", "password", "-----BEGIN ", "Bearer ", "eyJaaaaaaaa.", "a-", "token="]
)
def test_masking_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    """Quadratic patterns would take minutes over these."""
    assert len(mask_text(piece * (65_536 // len(piece)))) < 8_100
