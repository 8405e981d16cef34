"""Records of a domain too long for an address: asked for by RPC, then read by their ids."""

from collections.abc import Sequence

from switchgear_shared.storage.tryton.client import Domain, Record, TrytonClient


async def records_in(
    client: TrytonClient,
    model: str,
    domain: Domain,
    fields: Sequence[str],
    *,
    limit: int,
    order: Sequence[tuple[str, str]] = (("id", "ASC"),),
) -> list[Record]:
    """Return the first records in a domain; one that changes its place meanwhile keeps it."""
    ids: list[int] = await client.call(model, "search", domain, 0, limit, order)
    if not ids:
        return []
    page = await client.search(model, [["id", "in", ids]], fields, limit=limit)
    known = {record["id"]: record for record in page.records}
    return [known[number] for number in ids if number in known]
