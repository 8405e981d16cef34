"""Policies: who may call what, at which amount, with whose approval."""

from typing import Any

import pytest

from switchgear_shared.governance.agents import DEFAULT_AGENTS
from switchgear_shared.governance.policy import Decision, Policies, ToolFacts, check
from switchgear_shared.governance.principal import Principal

PARTIES = {agent.id: agent.principal for agent in DEFAULT_AGENTS}
BUYER = Principal("buyer", "agent", scopes=("erp.*", "*.read"))
ROOTLIKE = ("crm.*", "erp.*", "inventory.*", "documents.*", "workflows.*", "*.read")


def a_tool(name: str, permission: str, effect: Any = "write", **changes: Any) -> ToolFacts:
    server = name.split("_", maxsplit=1)[0]
    facts: dict[str, Any] = {"server": server, "effect": effect, "destructive": False, **changes}
    return ToolFacts(name=name, permission=permission, **facts)


READ = a_tool("erp_get_invoice", "erp.invoice.read", "read")
POST = a_tool("erp_post_invoice", "erp.invoice.post")
PAY = a_tool("erp_record_payment", "erp.payment.record")
ORDER = a_tool("erp_create_order", "erp.order.create")
ADVANCE = a_tool("erp_advance_order", "erp.order.advance", destructive=True)
SUBMIT = a_tool("documents_submit", "documents.document.submit")
REVIEW = a_tool("documents_decide_review", "documents.review.decide")
REPLAY = a_tool("documents_replay_dead_letter", "documents.dead_letter.replay")
CANCEL = a_tool("workflows_cancel", "workflows.process.cancel")
DECIDE = a_tool("workflows_decide_approval", "workflows.approval.decide")
CALL = a_tool("registry_call_tool", "registry.tool.call")
TOOLS = (READ, POST, PAY, ORDER, SUBMIT, REVIEW, REPLAY, CANCEL, DECIDE, CALL)


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies.load(None, {"approval_limit": 1000})


def wants(decision: Decision) -> set[str] | bool:
    """Return True for allowed, the approvals it wants, or False."""
    return decision.allowed or set(decision.needed_approvals) or False


def test_the_shipped_policies_are_valid() -> None:
    named = ("to", "decision", "iban")
    seen = {"properties": {name: {"type": "string"} for name in named}}

    assert check(None, [seen]) == []


def test_only_operators_hand_a_review_to_another(policies: Policies) -> None:
    claim = a_tool("documents_claim_review", "documents.review.claim")

    def may(party: str, **arguments: str) -> bool:
        return policies.decide(PARTIES[party], claim, arguments).allowed

    assert [may("clerk"), may("clerk", to="clerk"), may("clerk", to="lee")] == [True, True, False]
    assert [may("operator", to="lee"), may("assistant")] == [True, False]


@pytest.mark.parametrize(
    ("party", "tools"),
    [
        ("assistant", {READ, SUBMIT, CALL}),
        ("clerk", {READ, SUBMIT, REVIEW, CALL}),
        ("back-office", {READ, POST, PAY, ORDER, CANCEL, CALL}),
        ("finance", {READ, SUBMIT, DECIDE, CALL}),
        ("operator", {READ, REPLAY, CANCEL, CALL}),
        ("workflows", {READ, POST, PAY, ORDER, SUBMIT, REVIEW, REPLAY, CANCEL, DECIDE}),
    ],
)
def test_each_role_lists_the_tools_of_its_work(
    party: str, tools: set[ToolFacts], policies: Policies
) -> None:
    assert {tool for tool in TOOLS if policies.permits_listing(PARTIES[party], tool)} == tools


def test_a_role_bounds_scopes_that_reach_further(policies: Policies) -> None:
    generous = Principal("helper", "agent", roles=("assistant",), scopes=ROOTLIKE)

    assert {tool for tool in TOOLS if policies.permits_listing(generous, tool)} == {READ, SUBMIT}


def test_narrowed_scopes_bound_a_role(policies: Policies) -> None:
    narrow = Principal("clerk", "person", roles=("clerk",), scopes=("crm.account.read",))

    assert [tool for tool in TOOLS if policies.permits_listing(narrow, tool)] == []


def test_an_unknown_role_changes_nothing(policies: Policies) -> None:
    stranger = Principal("stranger", "person", roles=("admin",), scopes=ROOTLIKE)

    assert {tool for tool in TOOLS if policies.permits_listing(stranger, tool)} == {READ}


def test_what_no_policy_permits_is_refused(policies: Policies) -> None:
    assert policies.decide(PARTIES["assistant"], ORDER, {}) == Decision(
        allowed=False,
        needed_approvals=frozenset(),
        policy_ids=(),
        reason="no policy lets assistant call erp_create_order",
    )


@pytest.mark.parametrize("tool", [POST, PAY])
@pytest.mark.parametrize(
    ("amount_minor", "outcome"),
    [(99_999, True), (100_000, {"finance"}), (100_001, {"finance"}), (None, {"finance"})],
)
def test_money_from_the_limit_on_wants_finance(
    tool: ToolFacts, amount_minor: int | None, outcome: Any, policies: Policies
) -> None:
    facts = {} if amount_minor is None else {"amount_company_minor": amount_minor}

    assert wants(policies.decide(PARTIES["workflows"], tool, {}, facts=facts)) == outcome
    approved = policies.decide(PARTIES["workflows"], tool, {}, facts=facts, approvals={"finance"})
    assert approved.allowed


@pytest.mark.parametrize(
    ("direction", "amount_minor", "outcome", "rules"),
    [
        ("payable", 94_999, True, ("service",)),
        ("payable", 95_000, {"finance"}, ("just-under-limit",)),
        ("payable", 99_999, {"finance"}, ("just-under-limit",)),
        ("payable", 100_000, {"finance"}, ("large-amount",)),
        ("receivable", 99_999, True, ("service",)),
    ],
)
def test_a_vendors_invoice_just_under_the_limit_wants_finance_too(
    direction: str, amount_minor: int, outcome: Any, rules: tuple[str, ...], policies: Policies
) -> None:
    facts = {"amount_company_minor": amount_minor, "direction": direction}
    decision = policies.decide(PARTIES["workflows"], POST, {}, facts=facts)

    assert (wants(decision), decision.policy_ids) == (outcome, rules)
    assert policies.decide(
        PARTIES["workflows"], POST, {}, facts=facts, approvals={"finance"}
    ).allowed
    assert policies.decide(PARTIES["workflows"], PAY, {}, facts=facts).allowed == (
        amount_minor < 100_000
    )


@pytest.mark.parametrize(
    ("to", "facts", "outcome"),
    [
        ("confirmed", {"kind": "purchase", "amount_company_minor": 99_999}, True),
        ("confirmed", {"kind": "purchase", "amount_company_minor": 100_000}, {"finance"}),
        ("confirmed", {"kind": "purchase", "amount_company_minor": 100_001}, {"finance"}),
        ("confirmed", {"kind": "purchase", "amount_minor": 1}, {"finance"}),
        ("confirmed", {"kind": "sale", "amount_company_minor": 10**9}, True),
        ("quoted", {"kind": "purchase", "amount_company_minor": 10**9}, True),
        ("cancelled", {"kind": "purchase", "amount_company_minor": 10**9}, True),
    ],
)
def test_confirming_a_purchase_from_the_limit_on_wants_finance(
    to: str, facts: dict[str, Any], outcome: Any, policies: Policies
) -> None:
    def decided(**more: Any) -> Decision:
        return policies.decide(PARTIES["back-office"], ADVANCE, {"to": to}, facts=facts, **more)

    assert wants(decided()) == outcome
    assert decided(approvals={"finance"}).allowed
    assert decided(is_dry_run=True).allowed


def test_a_risk_wants_finance_whatever_the_amount(policies: Policies) -> None:
    facts = {"amount_company_minor": 1, "risks": ["new_supplier"]}
    decision = policies.decide(PARTIES["workflows"], POST, {}, facts=facts)

    assert (wants(decision), decision.policy_ids) == ({"finance"}, ("risky-invoice",))
    assert policies.decide(
        PARTIES["workflows"], POST, {}, facts=facts, approvals={"finance"}
    ).allowed
    assert policies.decide(PARTIES["workflows"], POST, {}, facts=facts, is_dry_run=True).allowed


def test_a_party_with_a_bank_account_wants_finance_whoever_makes_it(policies: Policies) -> None:
    new = a_tool("erp_create_party", "erp.party.create")
    vendor = {"name": "Neu GmbH", "roles": ["vendor"]}
    paid = {**vendor, "iban": "DE89370400440532013000"}

    for party in ("back-office", "workflows"):
        assert policies.decide(PARTIES[party], new, vendor).allowed
        decision = policies.decide(PARTIES[party], new, paid)
        assert (wants(decision), decision.policy_ids) == ({"finance"}, ("new-bank-account",))
        assert policies.decide(PARTIES[party], new, paid, approvals={"finance"}).allowed
        assert policies.decide(PARTIES[party], new, paid, is_dry_run=True).allowed
    tainted = policies.decide(PARTIES["back-office"], new, paid, taint={"untrusted-document"})
    assert wants(tainted) == {"finance", "owner"}


@pytest.mark.parametrize(
    ("currency", "below", "at"),
    [("JPY", 999, 1000), ("EUR", 99_999, 100_000), ("KWD", 999_999, 1_000_000)],
)
def test_the_limit_is_in_whole_units_of_the_companys_currency(
    currency: str, below: int, at: int, policies: Policies
) -> None:
    def decided(amount: int) -> bool:
        facts = {"amount_company_minor": amount, "company_currency": currency}
        return policies.decide(PARTIES["workflows"], POST, {}, facts=facts).allowed

    assert (decided(below), decided(at)) == (True, False)


def test_the_limit_is_a_setting() -> None:
    strict = Policies.load(None, {"approval_limit": 10})
    facts = {"amount_company_minor": 1000}

    assert wants(strict.decide(PARTIES["workflows"], POST, {}, facts=facts)) == {"finance"}


def test_an_approval_is_not_wanted_where_it_would_not_help(policies: Policies) -> None:
    facts = {"amount_company_minor": 500_000}

    assert wants(policies.decide(PARTIES["clerk"], POST, {}, facts=facts)) is False


def test_an_approval_of_another_kind_does_not_help(policies: Policies) -> None:
    facts = {"amount_company_minor": 500_000}
    decision = policies.decide(
        PARTIES["workflows"], POST, {}, facts=facts, approvals={"owner", "Finance"}
    )

    assert wants(decision) == {"finance"}


def test_a_tainted_agent_writes_only_with_its_owners_approval(policies: Policies) -> None:
    taint = {"untrusted-document"}

    assert wants(policies.decide(BUYER, ORDER, {}, taint=taint)) == {"owner"}
    assert policies.decide(BUYER, ORDER, {}, taint=taint, approvals={"owner"}).allowed
    assert policies.decide(BUYER, READ, {}, taint=taint).allowed
    assert policies.decide(PARTIES["workflows"], ORDER, {}, taint=taint).allowed
    assert policies.decide(PARTIES["assistant"], CALL, {}, taint=taint).allowed


def test_a_tainted_agent_that_posts_much_wants_both_approvals(policies: Policies) -> None:
    decision = policies.decide(
        BUYER, POST, {}, facts={"amount_company_minor": 10**9}, taint={"mail"}
    )

    assert decision == Decision(
        allowed=False,
        needed_approvals=frozenset({"finance", "owner"}),
        policy_ids=("large-amount", "tainted-write"),
        reason="large-amount, tainted-write wants approval: finance, owner",
    )


def test_a_dry_run_needs_permission_but_no_approval(policies: Policies) -> None:
    facts = {"amount_company_minor": 10**9}

    assert policies.decide(BUYER, POST, {}, facts=facts, taint={"x"}, is_dry_run=True).allowed
    assert not policies.decide(PARTIES["clerk"], POST, {}, facts=facts, is_dry_run=True).allowed


def test_an_unpinned_tool_runs_for_nobody_whatever_is_approved(policies: Policies) -> None:
    changed = a_tool("erp_get_invoice", "erp.invoice.read", "read", pinned=False)

    decision = policies.decide(PARTIES["workflows"], changed, {}, approvals={"finance", "owner"})

    assert decision == Decision(
        allowed=False,
        needed_approvals=frozenset(),
        policy_ids=("unpinned",),
        reason="refused by unpinned",
    )
    assert not policies.permits_listing(PARTIES["workflows"], changed)


def test_an_approver_does_not_decide_what_they_requested(policies: Policies) -> None:
    finance = PARTIES["finance"]
    carried = Principal(
        "workflows", "service", roles=("service",), scopes=ROOTLIKE, requested_by="finance"
    )

    assert policies.decide(finance, DECIDE, {}, facts={"requested_by": "clerk"}).allowed
    assert not policies.decide(finance, DECIDE, {}, facts={"requested_by": "finance"}).allowed
    assert not policies.decide(carried, DECIDE, {}, facts={"requested_by": "finance"}).allowed
    assert not policies.decide(finance, DECIDE, {}).allowed


@pytest.mark.parametrize(
    "args",
    [
        {"amount": 2**63},
        {"amounts": [2**70]},
        {"total": {"amount": "1e99", "currency": "EUR"}},
        {"total": {"amount": "NaN", "currency": "EUR"}},
        {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        {"name": "\ud800"},
    ],
)
def test_an_argument_that_no_policy_can_see_whole_refuses_the_call(
    args: dict[str, Any], policies: Policies
) -> None:
    assert policies.decide(BUYER, ORDER, {}).allowed
    assert policies.decide(BUYER, ORDER, args).reason.startswith("an argument ")
    assert not policies.decide(BUYER, ORDER, args).allowed


def test_names_with_quotes_and_newlines_are_names(policies: Policies) -> None:
    odd = Principal('x" || true\n', "agent", scopes=("erp.*",))

    assert policies.decide(odd, ORDER, {}).allowed
    assert not policies.decide(odd, SUBMIT, {}).allowed
