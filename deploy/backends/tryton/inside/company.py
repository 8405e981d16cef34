"""Fill an empty Tryton with a company that can sell, buy, stock and book.

Runs in Tryton's environment and process: `python company.py DATABASE`, passwords as JSON on the
standard input. The last line it prints is what a client needs to know, as JSON.
"""

import json
import os
import sys
from typing import Any

from accounting import open_books
from proteus import Model
from proteus import config as sessions
from selling import open_pipeline
from trade import open_trade
from trytond.modules.company.tests.tools import create_company, get_company
from users import admit_users


def main(database: str, passwords: dict[str, str]) -> dict[str, Any]:
    """Make everything and return what a client needs to know."""
    sessions.set_trytond(database=database, user="admin", config_file=os.environ["TRYTOND_CONFIG"])
    party = Model.get("party.party")(name="Switchgear Works GmbH")
    address = party.addresses.new() if not party.addresses else party.addresses[0]
    address.street, address.postal_code, address.city = "Werkstraße 1", "10115", "Berlin"
    party.save()
    create_company(party=party, currency="EUR")
    company = get_company()
    books = open_books(company)
    open_trade(company, books)
    keys = admit_users(company, passwords)
    open_pipeline(company)
    return {"company": company.id, **keys}


if __name__ == "__main__":
    made = main(sys.argv[1], json.load(sys.stdin))
    print(json.dumps(made))
