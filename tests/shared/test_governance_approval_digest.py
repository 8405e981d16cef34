"""What an approval is bound to."""

from dataclasses import replace
from typing import Any

import pytest

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.governance.approval import approval_digest
from switchgear_shared.governance.principal import Principal

WORKFLOWS = Principal("workflows", "service", requested_by="clerk")
ARGUMENTS = {"invoice_id": "inv_1", "note": "as ordered"}


def digest_of(**changes: Any) -> str:
    bound: dict[str, Any] = {
        "principal": WORKFLOWS,
        "tool": "erp_post_invoice",
        "pin": "p1",
        "arguments": ARGUMENTS,
        "facts": {"amount_company_minor": 250_000},
    }
    return approval_digest(**{**bound, **changes})


@pytest.mark.parametrize(
    "changed",
    [
        {"principal": replace(WORKFLOWS, id="other")},
        {"principal": replace(WORKFLOWS, requested_by="finance")},
        {"principal": replace(WORKFLOWS, tenant=TenantId("other"))},
        {"tool": "erp_record_payment"},
        {"pin": "p2"},
        {"arguments": {**ARGUMENTS, "invoice_id": "inv_2"}},
        {"facts": {"amount_company_minor": 250_001}},
    ],
)
def test_an_approval_is_bound_to_the_whole_call(changed: dict[str, Any]) -> None:
    assert digest_of(**changed) != digest_of()


def test_an_approval_is_not_bound_to_the_idempotency_key_or_the_order_of_arguments() -> None:
    respelt = {"dry_run": False, **dict(reversed(ARGUMENTS.items())), "idempotency_key": "k"}

    assert digest_of(arguments=respelt) == digest_of()
