"""Who has lately read text of unknown origin; it holds on every connection of that party.

A model reads over one server's connection and writes over another's, so no session bounds it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.governance.lru import Lru
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import TaintRow
from switchgear_shared.storage.database import Database

_CACHED = 4096
_REFRESHED_AFTER = 0.05
"""The part of a taint's time that may pass before a further reading prolongs it again."""


_LASTING = select(TaintRow.source).where(
    TaintRow.tenant == bindparam("tenant"),
    TaintRow.principal_id == bindparam("principal"),
    TaintRow.until > bindparam("now"),
)


class Taints:
    """The taints of agents and people, in the database called governance.

    A taint lasts `kept` from the last reading, give or take a twentieth. Services have none here:
    they say for each call whether it follows from what a stranger wrote.
    """

    def __init__(
        self, database: Database, kept: timedelta, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._kept = kept
        self._now = now
        self._marked: Lru[tuple[str, str, str], datetime] = Lru(_CACHED)

    async def mark(self, principal: Principal, source: str) -> None:
        """Note that the party is about to be given text of unknown origin by `source`."""
        if principal.kind == "service":
            return
        key = (principal.tenant, principal.id, source)
        now = self._now()
        marked_at = self._marked.get(key)
        if marked_at is not None and now - marked_at < self._kept * _REFRESHED_AFTER:
            return
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        until = now + self._kept
        row = insert(TaintRow).values(
            tenant=principal.tenant, principal_id=principal.id, source=source, until=until
        )
        async with self._database.writing() as session:
            await session.execute(
                row.on_conflict_do_update(
                    index_elements=["tenant", "principal_id", "source"], set_={"until": until}
                )
            )
        self._marked.put(key, now)

    async def of(self, principal: Principal) -> frozenset[str]:
        """Return the servers whose untrusted text the party has lately been given."""
        if principal.kind == "service":
            return frozenset()
        async with self._database.reading() as session:
            found = await session.scalars(
                _LASTING,
                {"tenant": principal.tenant, "principal": principal.id, "now": self._now()},
            )
            return frozenset(found)
