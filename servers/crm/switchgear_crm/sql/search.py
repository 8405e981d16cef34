"""Finding accounts, contacts and opportunities by what people write, in one keyset listing."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.models import AccountId, Match, MatchPage, RecordKind
from switchgear_crm.tables import AccountRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.spelling import CLOSE_ENOUGH, closeness, fold

_LAST_RANK = 3
_LISTING = "crm.search"
_MOST_GUESSED = 20_000
"""Records whose spelling is compared where nothing matches as written."""

_Entries = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Search:
    """One search of one tenant."""

    tenant: TenantId
    query: str
    kind: RecordKind | None

    @property
    def folded(self) -> str:
        """The query as it is compared."""
        return fold(self.query)

    @property
    def words(self) -> list[str]:
        """The words that must all stand in a record."""
        return self.folded.split()


async def find(
    session: AsyncSession, search: Search, *, limit: int, cursor: str | None
) -> MatchPage:
    """See CrmBackend.search."""
    if not search.words:
        return MatchPage(items=(), total=0, approximate=False)
    entries = _entries(search).subquery("entries")
    own, whole = entries.c.own_text, entries.c.whole_text
    keys = (_rank(search, entries.c), entries.c.place, entries.c.search_name, entries.c.id)
    matching = and_(*(whole.contains(word, autoescape=True) for word in search.words))
    statement = select(entries, keys[0].label("rank")).where(matching)
    total = await session.scalar(select(func.count()).select_from(entries).where(matching)) or 0
    if total == 0:
        return await _guess(session, search, select(entries, own.label("text")), limit)
    if cursor is not None:
        statement = statement.where(_beyond(keys, cursor))
    rows = (await session.execute(statement.order_by(*keys).limit(limit + 1))).all()
    shown, has_more = rows[:limit], len(rows) > limit
    next_cursor = None
    if has_more:
        last = shown[-1]
        next_cursor = encode_cursor(_LISTING, [last.rank, last.place, last.search_name, last.id])
    return MatchPage(
        items=tuple(_match(row) for row in shown),
        total=total,
        next_cursor=next_cursor,
        truncated=has_more,
        approximate=False,
    )


async def _guess(
    session: AsyncSession, search: Search, statement: Select[*tuple[Any, ...]], limit: int
) -> MatchPage:
    rows = (await session.execute(statement.limit(_MOST_GUESSED))).all()
    words = search.words
    scored = [(closeness(words, row.text), row) for row in rows]
    close = [(score, row) for score, row in scored if score >= CLOSE_ENOUGH]
    close.sort(key=lambda pair: (-pair[0], pair[1].place, pair[1].search_name, pair[1].id))
    items = tuple(_match(row) for _, row in close[:limit])
    return MatchPage(items=items, total=len(items), approximate=bool(items))


def _entries(search: Search) -> _Entries:
    selects = {
        "account": _accounts(search.tenant),
        "contact": _contacts(search.tenant),
        "opportunity": _opportunities(search.tenant),
    }
    return union_all(*selects.values()) if search.kind is None else selects[search.kind]


def _accounts(tenant: TenantId) -> Select[*tuple[Any, ...]]:
    return select(
        *_entry(AccountRow, "account", 1),
        AccountRow.ref.label("ref"),
        AccountRow.name.label("name"),
        AccountRow.city.label("detail"),
        AccountRow.email.label("email"),
        AccountRow.search_text.label("whole_text"),
    ).where(AccountRow.tenant == tenant)


def _contacts(tenant: TenantId) -> Select[*tuple[Any, ...]]:
    return _of_account(
        ContactRow,
        select(
            *_entry(ContactRow, "contact", 2),
            cast(null(), String).label("ref"),
            (ContactRow.first_name + " " + ContactRow.last_name).label("name"),
            ContactRow.job_title.label("detail"),
            ContactRow.email.label("email"),
            (ContactRow.search_text + " " + AccountRow.search_name).label("whole_text"),
        ),
        tenant,
    )


def _opportunities(tenant: TenantId) -> Select[*tuple[Any, ...]]:
    return _of_account(
        OpportunityRow,
        select(
            *_entry(OpportunityRow, "opportunity", 3),
            OpportunityRow.ref.label("ref"),
            OpportunityRow.name.label("name"),
            OpportunityRow.stage.label("detail"),
            cast(null(), String).label("email"),
            (OpportunityRow.search_text + " " + AccountRow.search_name).label("whole_text"),
        ),
        tenant,
    )


def _entry(
    table: type[AccountRow | ContactRow | OpportunityRow], kind: RecordKind, place: int
) -> tuple[ColumnElement[Any], ...]:
    return (
        literal(kind, String).label("kind"),
        literal(place, Integer).label("place"),
        table.id.label("id"),
        AccountRow.id.label("account_id"),
        AccountRow.name.label("account_name"),
        table.search_name.label("search_name"),
        table.search_text.label("own_text"),
    )


def _of_account(
    table: type[ContactRow | OpportunityRow],
    statement: Select[*tuple[Any, ...]],
    tenant: TenantId,
) -> Select[*tuple[Any, ...]]:
    same = and_(AccountRow.tenant == table.tenant, AccountRow.id == table.account_id)
    return statement.select_from(table).join(AccountRow, same).where(table.tenant == tenant)


def _rank(search: Search, columns: Any) -> ColumnElement[int]:
    folded = search.folded
    return case(
        (
            or_(
                columns.id == folded,
                func.lower(columns.ref) == folded,
                func.lower(columns.email) == folded,
            ),
            0,
        ),
        (columns.search_name.startswith(folded, autoescape=True), 1),
        (and_(*(columns.own_text.contains(word, autoescape=True) for word in search.words)), 2),
        else_=_LAST_RANK,
    )


def _beyond(columns: tuple[ColumnElement[Any], ...], cursor: str) -> ColumnElement[bool]:
    keys = decode_cursor(_LISTING, cursor, int, int, str, str)
    if not all(0 <= rank <= _LAST_RANK for rank in keys[:2]):
        raise InvalidRequestError("the cursor is not one of ours", field="cursor")
    condition = columns[-1] > keys[-1]
    for column, key in zip(reversed(columns[:-1]), reversed(keys[:-1]), strict=True):
        condition = or_(column > key, and_(column == key, condition))
    return condition


def _match(row: Row[*tuple[Any, ...]]) -> Match:
    return Match(
        kind=row.kind,
        id=row.id,
        ref=row.ref,
        name=row.name.strip(),
        detail=row.detail,
        email=row.email,
        account_id=AccountId(row.account_id),
        account_name=row.account_name,
    )
