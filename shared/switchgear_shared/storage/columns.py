"""Column types that keep exact values on every database."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_SCALE = 6


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store UTC; SQLite keeps it without the offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the moment aware again."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactNumber(TypeDecorator[Decimal]):
    """A decimal of up to 12 digits before and 6 after the point, kept as an integer of millionths.

    SQLite has no exact decimals of its own; sums and comparisons in SQL stay exact this way.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Store millionths."""
        if value is None:
            return None
        return int(Decimal(value).scaleb(_SCALE).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the decimal, without trailing zeros."""
        if value is None:
            return None
        return plain(Decimal(int(value)).scaleb(-_SCALE))


def plain(value: Decimal) -> Decimal:
    """Return `value` without an exponent: 1E+2 becomes 100."""
    return value.quantize(Decimal(1)) if value == value.to_integral() else value.normalize()
