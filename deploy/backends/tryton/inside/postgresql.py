"""Create, copy and drop databases on PostgreSQL; runs in Tryton's environment, for its driver."""

import os
import sys

import psycopg
from psycopg.sql import SQL, Identifier


def main(action: str, name: str, template: str = "") -> None:
    """Do one thing to one database; `create` takes the place of what was there."""
    url = os.environ["SWITCHGEAR_TEST_DATABASE_URL"].replace("postgresql+asyncpg", "postgresql", 1)
    with psycopg.connect(url, autocommit=True) as connection:
        if action == "exists":
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            print("yes" if found.fetchone() else "no")
            return
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        if action == "create":
            made = SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(made.format(Identifier(name), Identifier(template)))


if __name__ == "__main__":
    main(*sys.argv[1:])
