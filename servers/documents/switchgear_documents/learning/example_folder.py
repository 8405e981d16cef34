"""Examples that an operator chose for training: one text a document, and their manifest."""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from switchgear_documents.evaluation.manifest import NAME
from switchgear_documents.reading.reading import DocumentType

_LOCK = ".lock"


class ExampleFolder:
    """A folder that `documents train` reads as any other; each document is in it once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to learn from."""
        return not (self._root / NAME).is_file()

    def add(self, document_id: str, document_type: DocumentType, text: str, source: str) -> Path:
        """Keep the text as an example of the type, in place of an earlier one of the document."""
        file = self._file(document_id)
        with self._locked():
            _replace(file, text)
            rows = [row for row in self._rows() if row["path"] != file.name]
            entry = {"path": file.name, "class": document_type, "format": "txt", "source": source}
            self._write([*rows, entry])
        return file

    def remove(self, document_id: str) -> bool:
        """Take the document out; returns False where it was not in."""
        file = self._file(document_id)
        if not self._root.is_dir():
            return False
        with self._locked():
            rows = self._rows()
            left = [row for row in rows if row["path"] != file.name]
            if len(left) != len(rows):
                self._write(left)
            file.unlink(missing_ok=True)
            return len(left) != len(rows)

    def _file(self, document_id: str) -> Path:
        return self._root / f"{document_id}.txt"

    def _rows(self) -> list[dict[str, Any]]:
        manifest = self._root / NAME
        return json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else []

    def _write(self, rows: list[dict[str, Any]]) -> None:
        manifest = self._root / NAME
        if rows:
            _replace(manifest, json.dumps(rows, indent=1, ensure_ascii=False))
        else:
            manifest.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Generator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(file: Path, text: str) -> None:
    """Write the file whole or not at all."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
