"""Whether a picture of a page shows anything."""

from PIL import Image

_LIGHT = 200
_MOST_INK = 0.00002
"""Of all dots: a speck or two of a clean sheet, and less than a short word."""


def is_nearly_white(picture: Image.Image) -> bool:
    """Tell whether hardly a dot of it is darker than light grey."""
    counts = picture.convert("L").histogram()
    return sum(counts[:_LIGHT]) <= _MOST_INK * picture.width * picture.height
