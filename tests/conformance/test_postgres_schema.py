from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tenfold.stores.sql import SqlStores, open_sql
from tenfold.stores.sql.tables import metadata


def test_the_migrations_make_the_tables_of_the_code_on_postgresql(postgres_sql: SqlStores) -> None:
    found = postgres_sql.database.read(lambda tx: compare_metadata(MigrationContext.configure(tx), metadata))
    assert found == []


def test_opening_a_postgresql_store_again_changes_nothing(postgres_sql: SqlStores, postgres_url: str) -> None:
    again = open_sql(postgres_url)
    count = text("SELECT count(*) FROM alembic_version")
    assert again.database.read(lambda tx: tx.execute(count).scalar()) == 1
    again.database.close()
