"""How a title is set: as written, in capitals, or spaced out."""

from switchgear_documents.generating.voice import Voice

_LONGEST_SPACED = 16


def shown(voice: Voice, title: str) -> str:
    """Return the title as this page shows it."""
    if voice.chance(0.3):
        title = title.upper()
    if len(title) <= _LONGEST_SPACED and title.isupper() and voice.chance(0.12):
        return " ".join(title)
    return title
