"""What a SQL query of any database answers, read in batches through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tenfold.base.errors import Invalid
from tenfold.profiles.names import refuse_doubles

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import CursorResult


_READ_ONLY: dict[str, dict[str, Any]] = {"postgresql": {"postgresql_readonly": True}}


@dataclass(frozen=True)
class Query:
    """A query to profile: `tenfold.profile(Query("postgresql://host/shop", "select * from orders"))`.

    It runs once for each pass over it, rows stream from the server. SQLite and PostgreSQL refuse
    one that writes; of others it is rolled back. Types are those of the values that
    come, batch by batch, so a column of SQLite that holds numbers and words is "mixed".

    Args:
        url: A database's address as SQLAlchemy takes it; its driver must be installed.
        sql: A query that gives rows.
    """

    url: str = field(repr=False)  # may hold a password
    sql: str

    def names(self) -> list[str]:
        """The columns of the answer, in order.

        Raises:
            Invalid: The database cannot be reached, it refuses the query, or two columns have the same name.
        """
        with self._answer() as answer:
            names = list(answer.keys())
        refuse_doubles(names, "Name one otherwise: … AS other", field="sql")
        return names

    def batches(self, rows: int) -> Iterator[pl.DataFrame]:
        """The answer in frames of `rows` rows, the last one of fewer. Raises Invalid as `names` does."""
        import polars as pl

        with self._answer() as answer:
            names = list(answer.keys())
            for part in answer.partitions(rows):
                columns = zip(*part, strict=True)
                yield pl.DataFrame([_column(name, values) for name, values in zip(names, columns, strict=True)])

    @contextmanager
    def _answer(self) -> Iterator[CursorResult[Any]]:
        from sqlalchemy import create_engine, text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            engine = create_engine(self.url)
        except (SQLAlchemyError, ImportError) as error:
            raise Invalid(f"This database cannot be opened: {error}. Write it like sqlite:///flights.db") from error
        if engine.dialect.name == "sqlite" and engine.url.database:
            _check_file(engine.url.database)
        try:
            with engine.connect().execution_options(
                stream_results=True, **_READ_ONLY.get(engine.dialect.name, {})
            ) as connection:
                if engine.dialect.name == "sqlite":  # whose driver runs a DROP outside of any transaction
                    connection.exec_driver_sql("PRAGMA query_only = ON")
                answer = connection.execute(text(self.sql))
                if not answer.returns_rows:
                    raise Invalid("The query gives no rows. Give one that does: SELECT …", field="sql")
                with closing(answer):  # the server holds its rows until then
                    yield answer
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise Invalid(f"The database refuses the query: {said}", field="sql") from error
        finally:
            engine.dispose()


def _check_file(place: str) -> None:
    """SQLite would make the file that is not there."""
    from pathlib import Path

    if place != ":memory:" and not place.startswith("file:") and not Path(place).exists():
        raise Invalid(f"There is no database {place}. Four slashes begin an absolute path: sqlite:////data/flights.db")


def _column(name: str, values: tuple[Any, ...]) -> pl.Series:
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    try:
        if kinds <= {int, float}:
            return pl.Series(name, values, pl.Float64 if float in kinds else None, strict=False)
        if len(kinds) == 1:
            return pl.Series(name, values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        pass  # of a type that Polars has not: as text, like objects of several types
    return pl.Series(name, [None if value is None else str(value) for value in values], pl.String)
