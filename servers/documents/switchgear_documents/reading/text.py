"""Bytes into characters: the encodings that plain text arrives in."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_CONTROLS = 0.02


def decode(data: bytes) -> str | None:
    """Return the text, by its mark, as UTF-8 or as Western European; None if it is not text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(data.decode(encoding, errors="replace"))
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    controls = sum(character < " " and character not in "\t\n\r\f\x1a\x1b" for character in text)
    return _lines(text) if controls <= len(text) * _MOST_CONTROLS else None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
