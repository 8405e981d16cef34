"""Bank accounts of parties, which Tryton keeps where its module `bank` is active."""

from collections.abc import Mapping
from typing import Any

from switchgear_shared.errors import BackendRejectedError
from switchgear_shared.storage.tryton.client import Record, TrytonClient

_ACCOUNT = "bank.account"
_NUMBERS = "bank_accounts_used.numbers"
FIELDS = tuple(f"{_NUMBERS}.{name}" for name in ("type", "number_compact", "active"))
CODE = f"{_NUMBERS}.number_compact"


async def keeps_bank_accounts(client: TrytonClient) -> bool:
    """Say whether Tryton keeps bank accounts of parties."""
    return await client.has_field("party.party", "bank_accounts_used")


async def account_values(client: TrytonClient, iban: str | None) -> Mapping[str, Any]:
    """Return the values by which a new party gets its account, which may be another's already.

    Raises:
        BackendRejectedError: Tryton has no place for it.
    """
    if iban is None:
        return {}
    if not await keeps_bank_accounts(client):
        raise BackendRejectedError("Tryton keeps no bank accounts of parties here", field="iban")
    domain = [["numbers", "where", [["type", "=", "iban"], ["number_compact", "=", iban]]]]
    page = await client.search(_ACCOUNT, domain, ["id"], limit=1)
    if page.records:
        return {"bank_accounts": [["add", [page.records[0]["id"]]]]}
    numbers = [["create", [{"type": "iban", "number": iban}]]]
    return {"bank_accounts": [["create", [{"numbers": numbers}]]]}


async def forget_accounts(client: TrytonClient, accounts: list[int]) -> None:
    """Delete those of the accounts that nobody owns any more."""
    domain = [["id", "in", accounts], ["owners", "=", None]]
    page = await client.search(_ACCOUNT, domain, ["id"], limit=len(accounts))
    if page.records:
        await client.call(_ACCOUNT, "delete", [one["id"] for one in page.records])


def ibans_of(record: Record) -> list[str]:
    """Return the IBANs of a party read with FIELDS, the one to use first first."""
    return [
        number["number_compact"]
        for account in record.get("bank_accounts_used") or []
        for number in account["numbers"] or []
        if number["type"] == "iban" and number["active"] and number["number_compact"]
    ]
