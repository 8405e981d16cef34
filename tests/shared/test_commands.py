"""The command line as operators and scripts meet it."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from switchgear_shared.cli import app
from switchgear_shared.commands import recording
from switchgear_shared.commands.console import show
from switchgear_shared.testing import free_port

Command = Callable[..., Result]


@pytest.fixture
def command(jars_data: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `switchgear` on the jars' data directory."""
    monkeypatch.setenv("SWITCHGEAR_DATA", str(jars_data))
    monkeypatch.delenv("SWITCHGEAR_TEST_DATABASE_URL", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_token_is_issued_with_what_a_script_needs(command: Command) -> None:
    issued = answer(
        command("token", "issue", "assistant", "--scope", "registry.tool.read", "--json")
    )

    assert sorted(issued) == ["agent", "expires_at", "scopes", "token"]
    assert (issued["agent"], issued["scopes"]) == ("assistant", ["registry.tool.read"])
    assert issued["token"].count(".") == 2


def test_a_key_is_revoked_by_the_id_it_is_listed_with(command: Command) -> None:
    first, second = (command("token", "key", "assistant").stdout.strip() for _ in range(2))

    revoked = command("token", "revoke", first.split("_")[1])
    listed = answer(command("token", "keys", "assistant", "--json"))

    assert revoked.exit_code == 0
    assert [(key["id"], key["revoked_at"] is None) for key in listed] == [
        (first.split("_")[1], False),
        (second.split("_")[1], True),
    ]
    assert first.split("_")[2] not in json.dumps(listed)


def test_a_party_is_disabled_and_let_in_again(command: Command) -> None:
    def is_disabled() -> dict[str, bool]:
        listed = answer(command("agents", "list", "--json"))
        return {agent["id"]: agent["is_disabled"] for agent in listed}

    before = is_disabled()
    command("agents", "disable", "assistant")
    disabled = is_disabled()
    command("agents", "enable", "assistant")

    assert disabled == {**before, "assistant": True}
    assert is_disabled() == before


def recorded(command: Command) -> list[dict[str, Any]]:
    """Return what the trail says of commands that decide who may come in."""
    lines = command("audit", "export").stdout.splitlines()
    bodies = [
        {**json.loads(row["body"]), **json.loads(row["payload"])} for row in map(json.loads, lines)
    ]
    return [body for body in bodies if body["server"] == "governance"]


def test_who_lets_a_party_in_or_out_stands_in_the_audit_trail(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "os_user", lambda: "mara")
    key_id = command("token", "key", "assistant").stdout.split("_")[1]
    command("token", "revoke", key_id)
    command("agents", "disable", "assistant")
    command("agents", "enable", "assistant")
    command("agents", "disable", "nobody")
    command("token", "revoke", "mcpk_0123_secret")
    command("agents", "add", "porter", "--kind", "person", "--role", "clerk", "--scope", "*.read")
    command("agents", "add", "porter")
    issued = answer(command("token", "issue", "porter", "--json"))
    command("token", "issue", "nobody")
    command("token", "issue", "porter", "--scope", "erp.invoice.post")

    rows = recorded(command)

    assert {(row["principal"], row["requested_by"]) for row in rows} == {("local:mara",) * 2}
    assert [
        (row["kind"], row["tool"], row["arguments"], row["outcome"], row["detail"]) for row in rows
    ] == [
        row
        for tool, arguments, outcome, detail in (
            ("token key", {"agent": "assistant"}, "ok", {"key_id": key_id}),
            ("token revoke", {"key_id": key_id}, "ok", {"agent": "assistant"}),
            ("agents disable", {"agent": "assistant"}, "ok", {}),
            ("agents enable", {"agent": "assistant"}, "ok", {}),
            ("agents disable", {"agent": "nobody"}, "not_found", {}),
            ("token revoke", {"key_id": "[redacted]"}, "not_found", {}),
            (
                "agents add",
                {"agent": "porter"},
                "ok",
                {"kind": "person", "roles": ["clerk"], "scopes": ["*.read"]},
            ),
            ("agents add", {"agent": "porter"}, "conflict", {}),
            (
                "token issue",
                {"agent": "porter"},
                "ok",
                {"scopes": ["*.read"], "expires_at": issued["expires_at"]},
            ),
            ("token issue", {"agent": "nobody"}, "not_found", {}),
            ("token issue", {"agent": "porter"}, "policy_denied", {}),
        )
        for row in (
            ("intent", tool, arguments, None, {}),
            ("outcome", tool, arguments, outcome, detail),
        )
    ]
    assert [row["correlation_id"] for row in rows[::2]] == [
        row["correlation_id"] for row in rows[1::2]
    ]
    assert len({row["correlation_id"] for row in rows}) == 11
    assert issued["token"] not in command("audit", "export").stdout
    assert answer(command("audit", "verify", "--json"))["ok"]


def test_nobody_is_disabled_while_the_audit_trail_cannot_be_written(
    command: Command, jars_data: Path
) -> None:
    with sqlite3.connect(jars_data / "audit.db") as audit:
        audit.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit_rows BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    audit.close()

    refused = command("agents", "disable", "assistant")

    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "audit_unavailable")
    listed = answer(command("agents", "list", "--json"))
    assert not any(agent["is_disabled"] for agent in listed)


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "issue", "finance"),
        ("approvals", "list", "--as", "finance"),
        ("approvals", "decide", "apr_none", "deny", "--as", "finance"),
    ],
)
def test_nobody_acts_as_a_disabled_party(command: Command, arguments: tuple[str, ...]) -> None:
    command("agents", "disable", "finance")

    refused = command(*arguments)
    command("agents", "enable", "finance")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "policy_denied: agent finance is disabled\n"
    assert "policy_denied" not in command(*arguments).stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("token", "keys", "nobody"), "not_found"),
        (("token", "revoke", "0000"), "not_found"),
        (("agents", "disable", "nobody"), "not_found"),
        (("token", "issue", "nobody"), "not_found"),
        (("token", "issue", "assistant", "--scope", "erp.invoice.post"), "policy_denied"),
        (("agents", "add", "assistant"), "conflict"),
        (("approvals", "decide", "apr_none", "approve"), "not_found"),
    ],
)
def test_a_foreseen_failure_ends_with_its_code_and_message(
    command: Command, arguments: tuple[str, ...], code: str
) -> None:
    result = command(*arguments)

    assert (result.exit_code, result.stderr.split(":")[0]) == (1, code)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("PORT", "99999", "SWITCHGEAR_PORT: Input should be less than or equal to 65535"),
        ("PORT", "-1", "SWITCHGEAR_PORT: Input should be greater than or equal to 0"),
        ("PORT", "web", "SWITCHGEAR_PORT: Input should be a valid integer"),
        ("DELIVERY_ATTEMPTS", "0", "SWITCHGEAR_DELIVERY_ATTEMPTS: Input should be"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SWITCHGEAR_{setting}", value)

    result = command("agents", "list")

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_an_option_that_cannot_be_used_is_named(command: Command) -> None:
    result = command("up", "--port", "70000")

    assert result.exit_code == 2
    assert "--port: Input should be less than or equal to 65535" in result.stderr


def test_an_address_that_cannot_be_taken_is_refused_before_anything_starts(
    command: Command, jars_data: Path
) -> None:
    before = sorted(jars_data.iterdir())

    result = command("up", "--host", "198.51.100.1", "--port", str(free_port()))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "invalid_request: cannot listen on 198.51.100.1:" in result.stderr
    assert sorted(jars_data.iterdir()) == before


def test_a_listing_shows_ids_whole_however_narrow_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    approval = f"apr_{'0' * 32}"

    show(
        [{"id": approval, "tool": "erp_post_invoice", "summary": "pay " * 40}],
        as_json=False,
        columns=("id", "tool", "summary"),
    )

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert approval in lines[1]
    assert "erp_post_invoice" in lines[1]


def test_an_empty_listing_says_so(command: Command) -> None:
    assert command("approvals", "list").stdout == "none\n"
    assert answer(command("approvals", "list", "--json")) == []


def test_edits_of_a_dead_letter_are_json(command: Command) -> None:
    result = command("dead-letters", "replay", "1", "--edits", "{")

    assert result.exit_code == 2
    assert "no JSON" in result.stderr


def test_the_shipped_policies_check(command: Command) -> None:
    assert answer(command("policy", "check", "--json")) == []


def test_a_policy_that_names_what_nothing_has_is_a_problem(
    command: Command, tmp_path: Path
) -> None:
    own = tmp_path / "policies"
    own.mkdir()
    (own / "own.cedar").write_text(
        '@id("typo") permit (principal, action, resource) when { context.args.amuont > 1 };'
    )

    result = command("policy", "check", str(own), "--json")

    assert result.exit_code == 1
    assert [problem["policy_id"] for problem in json.loads(result.stdout)] == ["typo"]


def test_the_audit_trail_verifies_until_a_row_is_changed(command: Command, jars_data: Path) -> None:
    command("approvals", "list")
    whole = answer(command("audit", "verify", "--json"))
    with sqlite3.connect(jars_data / "audit.db") as audit:
        audit.execute("UPDATE audit_rows SET principal = 'mallory' WHERE seq = 1")
    audit.close()

    broken = command("audit", "verify", "--json")

    assert (whole["ok"], whole["first_bad"]) == (True, None)
    assert whole["rows"] >= 1
    assert (broken.exit_code, json.loads(broken.stdout)["first_bad"]["seq"]) == (1, 1)


@pytest.mark.parametrize(("client", "section"), [("cursor", "mcpServers"), ("vscode", "servers")])
def test_connecting_a_client_keeps_its_other_servers(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    client: str,
    section: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f".{client}" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({section: {"other": {"command": "x"}}, "theme": "dark"}))

    result = command("connect", client, "--write")

    written = json.loads(file.read_text())
    assert result.exit_code == 0
    assert (written["theme"], sorted(written[section])) == ("dark", ["other", "switchgear"])
    assert written[section]["switchgear"]["args"] == ["serve", "registry", "--transport", "stdio"]


def test_a_client_file_that_cannot_be_read_is_left_as_it_is(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text("{ // my notes\n}")

    result = command("connect", "cursor", "--write")

    assert (result.exit_code, file.read_text()) == (2, "{ // my notes\n}")
