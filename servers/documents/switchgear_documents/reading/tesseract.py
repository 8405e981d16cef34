"""Words by tesseract, through its library: no other process and no file once it is loaded."""

import re
from pathlib import Path

from PIL.Image import Image
from tesserocr import PSM, PyTessBaseAPI

from switchgear_documents.reading.engines import EngineName
from switchgear_documents.reading.pictures import turned
from switchgear_documents.reading.words import Box, Word

_DPI = 200
_WORD_LEVEL = "5"
_LEAST_CONFIDENCE = 15.0
_POOR = 0.6
_FEW_WORDS = 8
_STOPWORDS = {
    "deu": "und der die das mit für von den bei nicht auf rechnung betrag datum bitte wir sie",
    "fra": "et les des du une pour avec sur votre vous nous est facture montant date par dans",
    "spa": "los las del una por con para que factura fecha importe cliente su total y",
    "ita": "il della di per con che non fattura importo totale data cliente dal alla",
    "nld": "het een van voor met niet factuur bedrag datum en wij uw op te zijn",
    "eng": "the of and to for in is this invoice total date amount by on with please",
}
_WORDS = {language: frozenset(words.split()) for language, words in _STOPWORDS.items()}
_CLEARLY = 1.5


class Tesseract:
    """See Engine. English first; again in the language that the words turn out to be in."""

    name: EngineName = "tesseract"

    def __init__(self, folder: str) -> None:
        installed = {path.stem for path in Path(folder).glob("*.traineddata")}
        self._apis = {
            language: PyTessBaseAPI(path=folder, lang=language, psm=PSM.SINGLE_BLOCK)
            for language in ("eng", *(set(_WORDS) & installed - {"eng"}))
        }
        self._orientation = (
            PyTessBaseAPI(path=folder, lang="osd", psm=PSM.OSD_ONLY) if "osd" in installed else None
        )

    def read(self, picture: Image) -> tuple[tuple[Word, ...], float]:
        """See Engine."""
        words = self._words("eng", picture)
        if _is_poor(words):
            quarters = self._quarters(picture)
            if quarters:
                other = turned(picture, quarters)
                again = self._words("eng", other)
                if _worth(again) > _worth(words):
                    picture, words = other, again
        language = _language(words)
        if language != "eng" and language in self._apis:
            words = self._words(language, picture)
        return words, picture.width / picture.height

    def _words(self, language: str, picture: Image) -> tuple[Word, ...]:
        api = self._apis[language]
        api.SetImage(picture)
        api.SetSourceResolution(_DPI)
        try:
            return tuple(_parse(api.GetTSVText(0), *picture.size))
        finally:
            api.Clear()

    def _quarters(self, picture: Image) -> int:
        """Return by how many quarters to turn the picture clockwise for it to be upright."""
        if self._orientation is None:
            return 0
        self._orientation.SetImage(picture)
        self._orientation.SetSourceResolution(_DPI)
        try:
            found = self._orientation.DetectOrientationScript()
        finally:
            self._orientation.Clear()
        return -int(found["orient_deg"]) // 90 % 4 if found else 0


def _parse(table: str, width: int, height: int) -> list[Word]:
    words: list[Word] = []
    for row in table.splitlines():
        columns = row.split("\t")
        if len(columns) < 12 or columns[0] != _WORD_LEVEL:  # noqa: PLR2004 - of tesseract's table
            continue
        text, confidence = columns[11].strip(), float(columns[10])
        if not text or confidence < _LEAST_CONFIDENCE or re.fullmatch(r"[|_~\-\u2014.,'\"]+", text):
            continue
        left, top, wide, high = (int(column) for column in columns[6:10])
        box = Box(left / width, top / height, (left + wide) / width, (top + high) / height)
        words.append(Word(text, box, round(confidence / 100, 3)))
    return words


def _is_poor(words: tuple[Word, ...]) -> bool:
    return len(words) < _FEW_WORDS or _mean(words) < _POOR


def _mean(words: tuple[Word, ...]) -> float:
    return sum(word.confidence for word in words) / max(len(words), 1)


def _worth(words: tuple[Word, ...]) -> float:
    """Weigh a reading: letters in words of three or more that were read with confidence."""
    return sum(len(w.text) * w.confidence for w in words if len(w.text) > 2 and w.text.isalnum())  # noqa: PLR2004 - noise is shorter


def _language(words: tuple[Word, ...]) -> str:
    seen = [word.text.lower().strip(".,:;()") for word in words]
    counts = {language: sum(map(known.__contains__, seen)) for language, known in _WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] > _CLEARLY * counts["eng"] else "eng"
