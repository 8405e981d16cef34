"""The database that Tryton keeps its records in, and the template that a reset copies."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from place import HERE, Place

SERVER = "SWITCHGEAR_TEST_DATABASE_URL"


class Database(Protocol):
    """A database with a template beside it."""

    @property
    def name(self) -> str:
        """What Tryton calls the database."""
        ...

    @property
    def uri(self) -> str:
        """Where Tryton finds it."""
        ...

    def create(self) -> None:
        """Make it empty; what was there is lost."""
        ...

    def keep_as_template(self) -> None:
        """Remember what it holds; Tryton must not be running."""
        ...

    def restore(self) -> None:
        """Make it what the template holds; Tryton must not be running."""
        ...

    def take_template(self, source: Place) -> None:
        """Remember what another place's template holds, on the same kind of database."""
        ...

    def has_template(self) -> bool:
        """Tell whether there is something to restore."""
        ...


def database_of(place: Place, url: str | None) -> Database:
    """Return the place's database on the PostgreSQL at `url`, or without one on SQLite."""
    return Postgresql(place, url) if url else Sqlite(place)


@dataclass(frozen=True, slots=True)
class Sqlite:
    """One file."""

    place: Place
    name: str = "erp"
    uri: str = "sqlite://"

    @property
    def _file(self) -> Path:
        return self.place.files / f"{self.name}.sqlite"

    @property
    def template(self) -> Path:
        """The copy beside it."""
        return self.place.root / "template.sqlite"

    def create(self) -> None:
        """See Database."""
        self.template.unlink(missing_ok=True)
        self._remove()
        self._file.touch(mode=0o600)

    def keep_as_template(self) -> None:
        """See Database."""
        shutil.copyfile(self._file, self.template)

    def restore(self) -> None:
        """See Database."""
        self._remove()
        shutil.copyfile(self.template, self._file)

    def take_template(self, source: Place) -> None:
        """See Database."""
        shutil.copyfile(Sqlite(source).template, self.template)

    def has_template(self) -> bool:
        """See Database."""
        return self.template.exists()

    def _remove(self) -> None:
        for file in self.place.files.glob(f"{self._file.name}*"):
            file.unlink()


@dataclass(frozen=True, slots=True)
class Postgresql:
    """Two databases on a server, named after the place so that several get along."""

    place: Place
    url: str

    @property
    def name(self) -> str:
        """See Database."""
        return f"tryton_{hashlib.sha256(str(self.place.root).encode()).hexdigest()[:12]}"

    @property
    def uri(self) -> str:
        """See Database."""
        return urlunsplit(("postgresql", urlsplit(self.url).netloc, "/", "", ""))

    @property
    def template(self) -> str:
        """The name of the copy beside it."""
        return f"{self.name}_template"

    def create(self) -> None:
        """See Database."""
        self._ask("drop", self.template)
        self._ask("create", self.name, "template0")

    def keep_as_template(self) -> None:
        """See Database."""
        self._ask("create", self.template, self.name)

    def restore(self) -> None:
        """See Database."""
        self._ask("create", self.name, self.template)

    def take_template(self, source: Place) -> None:
        """See Database."""
        self._ask("create", self.template, Postgresql(source, self.url).template)

    def has_template(self) -> bool:
        """See Database."""
        return self._ask("exists", self.template) == "yes"

    def _ask(self, *arguments: str) -> str:
        answer = subprocess.run(
            [self.place.program("python"), HERE / "inside" / "postgresql.py", *arguments],
            env={**os.environ, SERVER: self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            raise SystemExit(f"PostgreSQL refuses: {answer.stderr.strip().splitlines()[-1]}")
        return answer.stdout.strip()
