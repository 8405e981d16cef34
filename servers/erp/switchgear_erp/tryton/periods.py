"""The periods of the books: on which days anything is booked."""

from datetime import date

from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import TrytonClient

_MODEL = "account.period"


async def check_is_open(client: TrytonClient, field: str, day: date) -> None:
    """Raise InvalidRequestError where the books are closed on that day, or not there yet."""
    domain = [["type", "=", "standard"], ["start_date", "<=", day], ["end_date", ">=", day]]
    found = (await client.search(_MODEL, domain, ["state", "end_date"], limit=1)).records
    if not found:
        raise InvalidRequestError(f"the books have no period for {day}", field=field)
    if found[0]["state"] != "open":
        until = found[0]["end_date"]
        raise InvalidRequestError(
            f"the books are closed until {until}: nothing is booked on {day}",
            field=field,
            details={"closed_until": until.isoformat()},
        )
