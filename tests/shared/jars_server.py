"""A server as small as one can be, whole: money jars, for the tests of what stands round servers.

One tool bears the name that the shipped rule for money speaks of.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Integer, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import ExactDecimal, Money, TenantId, new_id
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.part import Context, Part
from switchgear_shared.storage.database import Database
from switchgear_shared.toolset import ResourceBody, Toolset

JarId = Annotated[str, Field(max_length=64, description="`id` from jars_find_jars.")]
Coins = Annotated[int, Field(ge=1, le=10**9, description="How many.")]


class Base(DeclarativeBase):
    """The tables of the jars."""


class JarRow(Base):
    """A jar and the coins in it."""

    __tablename__ = "jars"
    __table_args__ = (UniqueConstraint("tenant", "name", name="uq_jars_name"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    coins: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)


class DropRow(Base):
    """One time that coins were put in: what tests count effects by."""

    __tablename__ = "drops"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    jar_id: Mapped[str] = mapped_column(String(64))
    coins: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(String(128))
    correlation_id: Mapped[str] = mapped_column(String(64))
    traceparent: Mapped[str] = mapped_column(String(64))


class Jar(Contract):
    """A jar as it is read."""

    id: str
    name: str
    coins: int
    version: str


class Jars(Contract):
    """Some jars."""

    items: tuple[Jar, ...]


class Label(Contract):
    """What is written on a drop."""

    text: str
    color: str | None = None


class SqlJars:
    """The backend; `outage` is run before every answer and may raise what a system would."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outage: Callable[[], Awaitable[None]] | None = None
        self.asked = 0

    async def get(self, tenant: TenantId, jar_id: str) -> Jar:
        """Return a jar."""
        await self._may_fail()
        async with self.database.reading() as session:
            return _jar(await _found(session, tenant, jar_id))

    async def find(self, tenant: TenantId, name: str | None, limit: int) -> Jars:
        """Return jars by name."""
        await self._may_fail()
        query = select(JarRow).where(JarRow.tenant == tenant).order_by(JarRow.name).limit(limit)
        if name is not None:
            query = query.where(JarRow.name.contains(name, autoescape=True))
        async with self.database.reading() as session:
            return Jars(items=tuple(_jar(row) for row in await session.scalars(query)))

    async def open(self, tenant: TenantId, name: str) -> WriteResult:
        """Add an empty jar."""
        async with self.database.writing() as session:
            row = JarRow(tenant=tenant, id=new_id("jar"), name=name, coins=0, version=1)
            session.add(row)
            await session.flush()
            return _result(row)

    async def put(
        self, caller: Caller, jar_id: str, coins: int, expected: str | None
    ) -> WriteResult:
        """Put coins in, then fail where an outage is on: the transaction must take them back."""
        async with self.database.writing() as session:
            row = await _found(session, caller.tenant, jar_id)
            if expected is not None and expected != str(row.version):
                raise ConflictError(f"jar {jar_id} is at version {row.version}")
            row.coins += coins
            row.version += 1
            drop = DropRow(
                tenant=caller.tenant,
                id=new_id("drop"),
                jar_id=jar_id,
                coins=coins,
                by=caller.requested_by,
                correlation_id=caller.correlation_id,
                traceparent=caller.traceparent or "",
            )
            session.add(drop)
            await session.flush()
            await self._may_fail()
            return _result(row)

    async def _may_fail(self) -> None:
        self.asked += 1
        if self.outage is not None:
            await self.outage()


async def _found(session: AsyncSession, tenant: TenantId, jar_id: str) -> JarRow:
    row = await session.get(JarRow, (tenant, jar_id))
    if row is None:
        raise NotFoundError(f"jar {jar_id} does not exist")
    return row


def _jar(row: JarRow) -> Jar:
    return Jar(id=row.id, name=row.name, coins=row.coins, version=str(row.version))


def _result(row: JarRow) -> WriteResult:
    return WriteResult(id=row.id, ref=row.name, state="open", version=str(row.version))


def toolset() -> Toolset[SqlJars]:
    """Return the tools; a fresh set for every host."""
    jars = Toolset[SqlJars]()

    async def value(backend: SqlJars, caller: Caller, args: Mapping[str, Any]) -> dict[str, Any]:
        jar = await backend.get(caller.tenant, args["jar_id"])
        return {
            "amount_company_minor": jar.coins,
            "company_currency": "EUR",
            "state": "emptied" if jar.coins == 0 else "full",
        }

    @jars.read(permission="jars.jar.read")
    async def jars_get_jar(backend: SqlJars, caller: Caller, jar_id: JarId) -> Jar:
        """Get one jar.

        Use for its coins. Fails with not_found.
        """
        return await backend.get(caller.tenant, jar_id)

    @jars.read(permission="jars.jar.read", untrusted=True)
    async def jars_find_jars(
        backend: SqlJars,
        caller: Caller,
        name: Annotated[str | None, Field(max_length=64, description="A part of it.")] = None,
        limit: Annotated[int, Field(ge=1, le=50, description="Most jars.")] = 10,
        weights: Annotated[
            dict[str, Any] | None, Field(description="Anything, as deep as one likes.")
        ] = None,
    ) -> Jars:
        """Find jars by name.

        Use to start. Never fails.
        """
        del weights
        return await backend.find(caller.tenant, name, limit)

    @jars.write(permission="jars.jar.open", idempotent=False)
    async def jars_open_jar(
        backend: SqlJars,
        caller: Caller,
        name: Annotated[str, Field(min_length=1, max_length=64, description="What to call it.")],
    ) -> WriteResult:
        """Open a jar.

        Use for a new purpose. Fails with conflict where the name is taken.
        """
        return await backend.open(caller.tenant, name)

    @jars.write(permission="jars.coin.put", idempotent=False, cost="heavy")
    async def jars_put_coins(
        backend: SqlJars,
        caller: Caller,
        jar_id: JarId,
        coins: Coins,
        expected_version: Annotated[str | None, Field(description="`version` as read.")] = None,
        labels: Annotated[tuple[Label, ...] | None, Field(description="Stickers.")] = None,
    ) -> WriteResult:
        """Put coins into a jar.

        Use to save. Fails with not_found, conflict.
        """
        del labels
        return await backend.put(caller, jar_id, coins, expected_version)

    @jars.write(permission="jars.coin.pay", idempotent=False, destructive=True, facts=value)
    async def erp_record_payment(
        backend: SqlJars,
        caller: Caller,
        jar_id: JarId,
        amount: Annotated[Money | None, Field(description="All of it without.")] = None,
        ratio: Annotated[ExactDecimal | None, Field(description="A part.")] = None,
    ) -> WriteResult:
        """Pay with what a jar holds.

        Use to spend. Fails with not_found.
        """
        del amount, ratio
        jar = await backend.get(caller.tenant, jar_id)
        return await backend.put(caller, jar_id, -jar.coins, None)

    @jars.resource(
        "jars://jars/{jar_id}", permission="jars.jar.read", mime_type="text/plain", name="jars_jar"
    )
    async def jar_text(backend: SqlJars, caller: Caller, jar_id: JarId) -> ResourceBody:
        """Read a jar as text."""
        jar = await backend.get(caller.tenant, jar_id)
        return ResourceBody(text=f"{jar.name}: {jar.coins}")

    @jars.prompt("save_up")
    def save_up(goal: Annotated[str, Field(description="What for.")]) -> str:
        """Plan how to save for a goal."""
        return f"Plan how to save for {goal}."

    @jars.complete("jar_id")
    async def jar_ids(backend: SqlJars, caller: Caller, typed: str) -> list[str]:
        found = await backend.find(caller.tenant, None, 50)
        return [jar.id for jar in found.items if jar.id.startswith(typed)]

    _ = (
        jars_get_jar,
        jars_find_jars,
        jars_open_jar,
        jars_put_coins,
        erp_record_payment,
        jar_text,
        save_up,
        jar_ids,
    )
    return jars


def build(context: Context) -> Part:
    """Return the server."""
    database = context.database("jars")
    return Part(
        name="jars",
        title="Jars",
        instructions="Money jars.",
        toolset=toolset(),
        backend=SqlJars(database),
        database=database,
        migrations=(Path(__file__).parent / "jars_migrations",),
    )
