"""How old an answer is and where it came from: the label on every read."""

from datetime import datetime
from typing import Literal

from switchgear_shared.contracts.model import Contract


class Freshness(Contract):
    """Where a read's answer came from; `stale` means the system behind did not answer just now."""

    source: Literal["live", "cache"]
    as_of: datetime
    age_s: float
    stale: bool
