"""Reads what MLflow keeps: an `mlruns` folder of any age, the database of its server, or a running server.

No MLflow package is needed. Not here: being an MLflow server (doors/mlflow).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tenfold.base.errors import Invalid
from tenfold.doors.mlruns import database, folder, server
from tenfold.workspace.imported import ImportedModel, ImportedRun


def read(source: Path | str, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs, parents first, then registered models.

    Args:
        source: An mlruns folder, a folder that holds one or an mlflow.db, or the database itself; or where another is:
            `http://…` of a running server, `postgresql://…` or `mysql://…` of its database.
        unplaced: Counts what has no place here.

    Raises:
        Invalid: There is no such thing.
        Unavailable: A server or database does not answer.
    """
    if isinstance(source, str) and "://" in source:
        if source.startswith(("http://", "https://")):
            return server.read(source, unplaced)
        return database.read(source, unplaced)
    path = Path(source)
    if path.is_file():
        return database.read(path, unplaced)
    if (path / folder.META).is_file():
        raise Invalid(f"{path} is one experiment or run of an mlruns folder. Name the whole folder", field="path")
    for inside in (path, path / "mlruns"):
        if folder.is_store(inside):
            return folder.read(inside, unplaced)
    if (path / "mlflow.db").is_file():
        return database.read(path / "mlflow.db", unplaced)
    raise Invalid(f"{path} holds no mlruns folder and no mlflow.db. Name the one or the other", field="path")
