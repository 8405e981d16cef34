"""What a supplier's document itself says against posting it unseen, by name.

What the ERP's own records say, such as a supplier that is new, the ERP adds where it is posted.
"""

from collections.abc import Mapping
from typing import Any

_PAGES = "page_shows_"
"""How the checks begin that hold an invoice's XML against its pages."""


def risks_of(data: Mapping[str, Any]) -> list[str]:
    """Return the names of the risks that the steps before have found, in order.

    A reviewer has seen each and let it pass: whoever decides on the money is told too.
    """
    found = {
        "off_order": data.get("is_off_order"),
        "other_account": data.get("is_other_account"),
        "pages_differ": any(name.startswith(_PAGES) for name in data.get("failed", ())),
    }
    return [name for name, is_so in found.items() if is_so]
