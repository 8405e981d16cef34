"""The engines that find words in pictures: what each promises, and which there are."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from switchgear_documents.reading.words import Word

if TYPE_CHECKING:
    from PIL.Image import Image

EngineName = Literal["tesseract", "rapidocr"]
ENGINES: tuple[EngineName, ...] = ("tesseract", "rapidocr")
"""In the order in which they are tried: the second is better and ten times slower."""

_VERSIONS = Path("/usr/share/tesseract-ocr")
_TESSDATA = (
    "/usr/share/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
_NO_TESSERACT = "tesseract is not installed here (apt install tesseract-ocr)"
_ENGLISH = "eng.traineddata"


class Engine(Protocol):
    """Finds words; made once, with all it will ever open, and then used for one picture a time."""

    name: EngineName

    def read(self, picture: "Image") -> tuple[tuple[Word, ...], float]:
        """Return the words in an upright grey picture, and its width by its height as read.

        The engine turns a picture that lies on its side or its head; the boxes are those of the
        picture as turned.
        """
        ...


class MissingEngineError(Exception):
    """An engine that is not installed; its text says so and how to install it."""


def tessdata() -> str | None:
    """Return the folder of tesseract's language data, None where no English is installed."""
    named = os.environ.get("TESSDATA_PREFIX")
    versions = sorted(_VERSIONS.glob("*/tessdata"), reverse=True)
    folders = [*([Path(named)] if named else []), *versions, *map(Path, _TESSDATA)]
    return next((str(folder) for folder in folders if (folder / _ENGLISH).is_file()), None)


def missing_reason(name: EngineName) -> str | None:
    """Return why an engine cannot be used here and how to change that, None if it can."""
    if name == "tesseract":
        return _NO_TESSERACT if tessdata() is None else None
    if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
        return "RapidOCR is not installed here (pip install 'switchgear-documents[rapidocr]')"
    return None


def engine_findings() -> tuple[tuple[str, str], ...]:
    """Return a line for each engine: that it is there, or that it is not and what then happens."""
    missing: dict[EngineName, str | None] = {name: missing_reason(name) for name in ENGINES}
    return tuple(
        (f"scans by {name}", "ok" if reason is None else f"missing: {reason}; {_without(missing)}")
        for name, reason in missing.items()
    )


def _without(missing: dict[EngineName, str | None]) -> str:
    left = [name for name, reason in missing.items() if reason is None]
    return f"scans are read by {left[0]} alone" if left else "every scan goes to a person"


def load_engine(name: EngineName, folder: str | None) -> Engine:
    """Return an engine with its models in memory; `folder` is where tesseract's data lies.

    Raises MissingEngineError where it is not installed.
    """
    if name == "tesseract" and folder is None:
        raise MissingEngineError(_NO_TESSERACT)
    if name == "rapidocr" and (reason := missing_reason(name)) is not None:
        raise MissingEngineError(reason)
    if name == "tesseract":
        from switchgear_documents.reading.tesseract import Tesseract  # noqa: PLC0415 - heavy

        return Tesseract(folder or "")
    from switchgear_documents.reading.rapid import Rapid  # noqa: PLC0415 - heavy

    return Rapid()
