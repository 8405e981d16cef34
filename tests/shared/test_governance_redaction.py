"""What of a call's arguments the trail and the logs may keep."""

import base64
import hashlib

from switchgear_shared.governance.redaction import redact, redact_text

CANARY = "canary-7f3a"


def test_secrets_are_gone_by_name_at_any_depth() -> None:
    secret = dict.fromkeys(
        ("password", "client_secret", "access_token", "apiKey", "Authorization", "pin"), CANARY
    )

    assert CANARY not in str(redact({**secret, "nested": [{"deeper": secret}]}))


def test_secrets_are_gone_by_their_look() -> None:
    texts = {
        "a": f"use mcpk_00ff_{CANARY} please",
        "b": f"eyJhbGciOiJ.eyJzdWIi.{CANARY}",
        "c": f"Bearer {CANARY}",
        "d": f"postgresql://user:{CANARY}@host/db",
        "e": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
    }

    assert CANARY not in str(redact(texts))
    assert redact(texts)["d"] == "postgresql://[redacted]@host/db"
    assert CANARY not in redact_text(texts["a"])


def test_names_that_only_sound_secret_are_kept() -> None:
    kept = {"idempotency_key": "k-1", "preview_digest": "ab", "tokens_used": 5, "pinned": True}

    assert redact(kept) == kept


def test_personal_data_is_partly_masked_except_for_who_decides_on_it() -> None:
    values = {
        "iban": "DE89 3704 0044 0532 0130 00",
        "phone": "+49 30 123456",
        "note": "pay DE89370400440532013000, ask ann.lee@example.com",
    }

    assert redact(values) == {
        "iban": "DE89…3000",
        "phone": "…56",
        "note": "pay DE89…3000, ask a…@example.com",
    }
    assert redact(values, is_personal_masked=False) == values


def test_long_text_is_its_start_and_digest_and_files_are_digests() -> None:
    text = "Dear all, " * 100
    content = bytes(range(256)) * 8

    assert redact({"text": text, "content": base64.b64encode(content).decode(), "raw": b"x"}) == {
        "text": {
            "starts": text[:64],
            "chars": 1000,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        "content": {"bytes": 2048, "sha256": hashlib.sha256(content).hexdigest()},
        "raw": {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()},
    }


def test_the_kept_start_of_long_text_holds_no_part_of_a_secret() -> None:
    kept = redact({"text": "Bearer " + CANARY * 100 + " " + "x" * 300})

    assert CANARY not in str(kept)


def test_large_and_deep_arguments_are_cut() -> None:
    deep: dict[str, object] = {}
    for _ in range(20):
        deep = {"d": deep}

    assert redact({"many": list(range(60))})["many"][-1] == "[10 more]"
    assert "[nested too deep]" in str(redact(deep))
    assert redact({"odd": "a\ud800b"}) == {"odd": "a?b"}
