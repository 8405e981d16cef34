"""How long documents of each type are kept once they are settled."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from switchgear_documents.kinds import KINDS
from switchgear_shared.errors import InvalidRequestError

_PERIOD = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")
_MONTHS = 12
_LONGEST_YEARS = 200


@dataclass(frozen=True, slots=True)
class Period:
    """A span of calendar time: ten years end on the same day of the month as they began."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Return what an ISO 8601 duration of whole days or more says, such as P10Y.

        Raises:
            InvalidRequestError: it is none, is nothing, or is longer than 200 years.
        """
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise InvalidRequestError(f"{text!r} is no duration such as P10Y, P6M, P2W or P90D")
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        period = cls(years * _MONTHS + months, weeks * 7 + days)
        if not period.months and not period.days:
            raise InvalidRequestError(f"{text!r} is no time at all")
        if period.months > _LONGEST_YEARS * _MONTHS or period.days > _LONGEST_YEARS * 365:
            raise InvalidRequestError(f"{text!r} is longer than {_LONGEST_YEARS} years")
        return period

    def after(self, start: datetime) -> datetime:
        """Return when the span ends that begins at `start`."""
        months = start.year * _MONTHS + start.month - 1 + self.months
        year, month = divmod(months, _MONTHS)
        day = min(start.day, monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day) + timedelta(days=self.days)

    def least(self) -> timedelta:
        """Return a time that the span is never shorter than."""
        return timedelta(days=self.months * 28 + self.days)


@dataclass(frozen=True)
class RetentionRules:
    """The retention schedule: a type that has no period is kept for ever."""

    periods: Mapping[str, Period] = field(default_factory=dict[str, Period])
    said: Mapping[str, str] = field(default_factory=dict[str, str])
    """The periods as they were set."""

    @classmethod
    def of(cls, said: Mapping[str, str | int]) -> "RetentionRules":
        """Return the rules from what is set: ISO 8601 durations, or whole days, by type.

        Raises:
            InvalidRequestError: there is no such type, or it is no duration.
        """
        texts = {name: f"P{one}D" if isinstance(one, int) else one for name, one in said.items()}
        unknown = sorted(texts.keys() - KINDS.keys())
        if unknown:
            raise InvalidRequestError(
                f"document_retention: there is no document type {unknown[0]!r}",
                field="document_retention",
            )
        try:
            return cls({name: Period.parse(text) for name, text in texts.items()}, texts)
        except InvalidRequestError as error:
            raise InvalidRequestError(
                f"document_retention: {error.message}", field="document_retention"
            ) from error

    def due_at(self, document_type: str | None, settled_at: datetime | None) -> datetime | None:
        """Return when the document is to be disposed of; None for never, or not known yet."""
        period = self.periods.get(document_type or "other")
        return period.after(settled_at) if period and settled_at else None
