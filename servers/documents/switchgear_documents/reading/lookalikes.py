"""Words and numbers as engines that read pictures may take them for each other."""

import re

_CONFUSED = str.maketrans("015628l", "oisgzbi")
"""A nought and O, a one and I or l, five and S, and so on; of two digits none is the other."""
_SUFFIX = re.compile(
    r"(?P<stem>.*\d.*?)(?:[/._\s-]\s?(?:\d{1,2}|[a-z])|(?<=\d)[a-z])", re.IGNORECASE
)


def letters(value: str) -> str:
    """Return the letters and digits of a value, in small letters."""
    return re.sub(r"[\W_]", "", value).casefold()


def alike(value: str) -> str:
    """Return what two readings share that differ in signs which engines take for each other."""
    return letters(value).translate(_CONFUSED)


def is_same_but_suffix(one: str, other: str) -> bool:
    """Tell whether two numbers differ only at their end, as those of pages of one paper do."""
    found = _SUFFIX.fullmatch(one), _SUFFIX.fullmatch(other)
    stems = {alike(match["stem"]) for match in found if match is not None}
    bare = {alike(number) for number, match in zip((one, other), found, strict=True) if not match}
    return len(stems | bare) == 1 and bool(stems)
