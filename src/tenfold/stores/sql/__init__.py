"""The stores in a database: SQLAlchemy Core on SQLite (embedded) and PostgreSQL (teams), one file a record family.

Here: `open_sql`, the tables, the migrations. Not here: bytes (stores/blobs) and the packing of points (stores/series).
"""

from tenfold.stores.sql.database import Database
from tenfold.stores.sql.open import SqlStores, open_sql

__all__ = ["Database", "SqlStores", "open_sql"]
