"""Install, fill, start, reset and stop a Tryton on loopback, for tests and trying out.

    python deploy/backends/tryton/tryton.py install|init|start|stop|reset|status
    python deploy/backends/tryton/tryton.py init --like FOLDER

Every command is idempotent. Where things lie and what can be set: README.md beside this file.
"""

import argparse
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import server
from databases import SERVER, Database, database_of
from place import HERE, Place, read_json, write_json, write_private

REQUIREMENTS = HERE / "requirements.txt"
MODULES = [
    line.partition("==")[0].removeprefix("trytond-").replace("-", "_")
    for line in (HERE / "requirements.in").read_text(encoding="utf-8").splitlines()
    if line.startswith("trytond-")
]
FILLING = [REQUIREMENTS, Path(__file__), *sorted((HERE / "inside").glob("*.py"))]


def install(place: Place) -> None:
    """Make Tryton's own environment from the pinned requirements."""
    stamp = place.environment / "installed"
    wanted = _digest(REQUIREMENTS)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    server.stop(place)
    _run(place, sys.executable, "-m", "venv", "--clear", str(place.environment))
    _run(
        place,
        *(place.program("python"), "-m", "pip", "install", "--disable-pip-version-check"),
        *("--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS)),
    )
    stamp.write_text(wanted, encoding="utf-8")


def init(place: Place) -> dict[str, Any]:
    """Make the company in a new database, unless it is there as this version makes it."""
    install(place)
    state = read_json(place.state)
    url = os.environ.get(SERVER) or state.get("server")
    database = database_of(place, url)
    digest = _digest(*FILLING)
    if (state.get("digest"), state.get("server")) == (digest, url) and database.has_template():
        return state
    server.stop(place)
    place.state.unlink(missing_ok=True)
    place.connection.unlink(missing_ok=True)
    state = {
        "digest": digest,
        "server": url,
        "uri": database.uri,
        "database": database.name,
        "connection": _fill(place, database),
    }
    database.keep_as_template()
    write_json(place.state, state)
    return state


def init_like(place: Place, model: Place) -> dict[str, Any]:
    """Make another of the Tryton at `model`: its environment, and a copy of its company."""
    with model.one_at_a_time():
        state = init(model)
        database = database_of(place, state["server"])
        copied = {**state, "uri": database.uri, "database": database.name}
        if read_json(place.state) == copied and database.has_template():
            return copied
        server.stop(place)
        place.connection.unlink(missing_ok=True)
        if not place.environment.exists():
            place.environment.symlink_to(model.environment)
        place.files.mkdir(exist_ok=True)
        database.take_template(model)
    database.restore()
    server.configure(place, database.uri)
    write_json(place.state, copied)
    return copied


def start(place: Place) -> dict[str, Any]:
    """Start Tryton and return its connection; it is made first if it is not there."""
    return server.start(place, init(place))


def reset(place: Place) -> dict[str, Any]:
    """Put back what `init` made and start again."""
    state = init(place)
    server.stop(place)
    database_of(place, state["server"]).restore()
    return server.start(place, state)


def status(place: Place) -> dict[str, Any]:
    """Return what is there, without secrets."""
    connection = read_json(place.connection)
    return {
        "installed": (place.environment / "installed").exists(),
        "initialised": place.state.exists(),
        "pid": server.running_pid(place),
        "url": connection.get("url"),
        "connection": str(place.connection),
    }


def _fill(place: Place, database: Database) -> dict[str, Any]:
    """Create the tables and the company; returns what a client needs to know of them."""
    place.files.mkdir(exist_ok=True)
    database.create()
    server.configure(place, database.uri)
    passwords = {name: secrets.token_urlsafe(18) for name in ("admin", "switchgear", "clerk")}
    password_file = place.root / "password"
    write_private(password_file, passwords["admin"])
    admin = (place.program("trytond-admin"), "-c", str(place.configuration), "-d", database.name)
    environment = {"TRYTONPASSFILE": str(password_file)}
    _run(place, *admin, "--email", "admin@example.com", "--all", environment=environment)
    _run(place, *admin, "--activate-dependencies", "-u", *MODULES)
    password_file.unlink()
    answer = _run(
        place,
        *(place.program("python"), str(HERE / "inside" / "company.py"), database.name),
        environment={"TRYTOND_CONFIG": str(place.configuration)},
        stdin=json.dumps(passwords),
    )
    made = json.loads(answer.splitlines()[-1])
    return {"user": "switchgear", "password": passwords["switchgear"], **made}


def _run(
    place: Place, *command: str, environment: dict[str, str] | None = None, stdin: str = ""
) -> str:
    """Return what a command printed; its complaints go to the log, whose end a failure shows."""
    with place.log.open("a", encoding="utf-8") as log:
        done = subprocess.run(
            command,
            env={**os.environ, **(environment or {})},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
        )
    if done.returncode:
        said = place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        raise SystemExit("\n".join([f"{Path(command[0]).name} failed", *said]))
    return done.stdout


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _how_to_point(connection: dict[str, Any], place: Place) -> str:
    settings = {
        "CRM_BACKEND": "tryton",
        "INVENTORY_BACKEND": "tryton",
        "ERP_BACKEND": "tryton",
        "TRYTON_URL": connection["url"],
        "TRYTON_USER": connection["user"],
        "TRYTON_PASSWORD": connection["password"],
        "TRYTON_KEY": connection["key"],
        "TRYTON_COMPANY": connection["company"],
    }
    lines = [f"export SWITCHGEAR_{name}={value}" for name, value in settings.items()]
    return "\n".join([f"Tryton answers ({place.connection}). To point Switchgear at it:", *lines])


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["install", "init", "start", "stop", "reset", "status"])
    parser.add_argument(
        "--like", metavar="FOLDER", help="for init: a SWITCHGEAR_BACKENDS whose Tryton is copied"
    )
    told = parser.parse_args()
    command = told.command
    if told.like and command != "init":
        parser.error("--like is for init")
    place = Place.named_by_environment()
    began_s = time.monotonic()
    with place.one_at_a_time():
        if command == "status":
            print(json.dumps(status(place), indent=2))
        elif command == "stop":
            print("stopped" if server.stop(place) else "was not running")
        elif command in {"start", "reset"}:
            print(_how_to_point((start if command == "start" else reset)(place), place))
        else:
            if told.like:
                init_like(place, Place.below(Path(told.like)))
            else:
                (install if command == "install" else init)(place)
            print(f"{command} took {time.monotonic() - began_s:.1f} s")


if __name__ == "__main__":
    main()
