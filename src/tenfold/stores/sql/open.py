"""Open all stores of a database."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.stores.sql.database import Database
from tenfold.stores.sql.events import SqlEvents
from tenfold.stores.sql.lineage import SqlLineage
from tenfold.stores.sql.migrate import migrate
from tenfold.stores.sql.refs import SqlRefs
from tenfold.stores.sql.runs import SqlRuns
from tenfold.stores.sql.series import SqlSeries
from tenfold.stores.sql.tasks import SqlTasks
from tenfold.stores.sql.versions import SqlVersions


@dataclass(frozen=True, slots=True)
class SqlStores:
    """The stores of one database. A bundle: each does its own work on the database they share."""

    database: Database
    runs: SqlRuns
    series: SqlSeries
    versions: SqlVersions
    refs: SqlRefs
    lineage: SqlLineage
    tasks: SqlTasks
    events: SqlEvents


def open_sql(url: str) -> SqlStores:
    """The stores of `sqlite:///path/to/file.db` or `postgresql://…`, made or brought up to date when need be.

    Raises:
        Unavailable: The database cannot be reached.
        Conflict: A newer Tenfold made it.
    """
    database = Database(url)
    migrate(database)
    return SqlStores(
        database=database,
        runs=SqlRuns(database),
        series=SqlSeries(database),
        versions=SqlVersions(database),
        refs=SqlRefs(database),
        lineage=SqlLineage(database),
        tasks=SqlTasks(database),
        events=SqlEvents(database),
    )
