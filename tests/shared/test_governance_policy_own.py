"""A company's own policies: what they see of a call, and what is wrong with them."""

from pathlib import Path
from typing import Any

import pytest
from cedarpy import PolicySet

from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.policy import Decision, Policies, Problem, ToolFacts, check
from switchgear_shared.governance.policy_source import reads_arguments
from switchgear_shared.governance.principal import Principal

BUYER = Principal("buyer", "agent", scopes=("erp.*", "*.read"))
ORDER = ToolFacts("erp_create_order", "erp", "write", "erp.order.create", destructive=False)

TRAP = """
@id("all") permit (principal, action, resource);
@id("own-money") @approval("finance")
forbid (principal, action, resource) when { context.args.amount > 5 };
"""


def with_policies(folder: Path, text: str) -> Policies:
    (folder / "own.cedar").write_text(text)
    return Policies.load(folder, {})


@pytest.mark.parametrize("args", [{}, {"amount": "6"}, {"amount": 6.5}, {"amount": None}])
def test_a_forbid_that_cannot_be_evaluated_refuses_the_call(
    args: dict[str, Any], tmp_path: Path
) -> None:
    """Cedar alone would skip the forbid and allow."""
    decision = with_policies(tmp_path, TRAP).decide(BUYER, ORDER, args)

    assert decision == Decision(
        allowed=False,
        needed_approvals=frozenset(),
        policy_ids=("all",),
        reason="a policy could not be evaluated",
    )


def test_a_policy_sees_arguments_as_exact_values(tmp_path: Path) -> None:
    policies = with_policies(
        tmp_path,
        """
        @id("exact") permit (principal, action, resource) when {
          context.args.amount == 6 && context.args.total_minor == 1250 &&
          context.args.total_currency == "EUR" && context.args.stages.contains("won") &&
          context.args.lines_count == 2 && context.args.party.id == "p-1" &&
          !(context.args has ratio) && !(context.args has nothing)
        };
        """,
    )
    args = {
        "amount": 6,
        "total": {"amount": "12.50", "currency": "EUR"},
        "stages": ["won", "lost"],
        "lines": [{"sku": "a"}, {"sku": "b"}],
        "party": {"id": "p-1"},
        "ratio": 0.5,
        "nothing": None,
    }

    assert policies.decide(BUYER, ORDER, args).allowed
    assert not policies.decide(BUYER, ORDER, {**args, "amount": 7}).allowed


def test_an_argument_cannot_pose_as_an_entity(tmp_path: Path) -> None:
    policies = with_policies(
        tmp_path,
        '@id("trick") permit (principal, action, resource) '
        'when { context.args.who == Switchgear::Role::"service" };',
    )
    posing = {"who": {"__entity": {"type": "Switchgear::Role", "id": "service"}}}

    assert not policies.decide(BUYER, ORDER, posing).allowed


def test_what_is_wrong_with_a_policy_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(
        """
        @id("typo") permit (principal, action, resource) when { context.args has ammount };
        @id("unguarded") permit (principal, action, resource) when { context.args.amount > 1 };
        @id("twice") permit (principal, action, resource) when { context.granted };
        @id("twice") @approval("x") permit (principal, action, resource) when { context.granted };
        permit (principal, action, resource) when { context.granted };
        """
    )
    schema = {"properties": {"amount": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}

    problems = check(tmp_path, [schema])

    assert {problem.policy_id for problem in problems} == {"typo", "unguarded", "twice", "policy4"}
    typo = "nothing has context.args.ammount: the condition never holds"
    assert Problem("typo", typo) in problems
    assert Problem("twice", "two policies have this @id") in problems
    assert Problem("twice", "@approval belongs on a forbid") in problems
    assert Problem("policy4", "a policy needs an @id: audit rows name it") in problems
    assert "amount" in next(p.message for p in problems if p.policy_id == "unguarded")
    assert {problem.policy_id for problem in check(tmp_path)} >= {"unguarded", "twice"}


def test_policies_that_do_not_parse_or_are_not_there_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="has no"):
        Policies.load(tmp_path, {})
    assert len(check(tmp_path)) == 1
    with pytest.raises(InvalidRequestError, match="do not parse"):
        with_policies(tmp_path, "permit (")
    assert len(check(tmp_path)) == 1


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        ("context.granted", False),
        ("context.facts has amount_company_minor", False),
        ("context.args has coins && context.args.coins > 5", True),
        ("context has args", True),
        ("context == context", True),
        ('{"a": context.args}.a has coins', True),
        ("[context.args].isEmpty()", True),
    ],
)
def test_it_is_known_whether_policies_look_at_arguments(condition: str, *, reads: bool) -> None:
    text = f'@id("own") permit (principal, action, resource) when {{ {condition} }};'

    assert reads_arguments(PolicySet.from_str(text)) is reads
