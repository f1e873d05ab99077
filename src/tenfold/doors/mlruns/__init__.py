"""Reads what MLflow left on a disk: an `mlruns` folder of any age, or the SQLite database of its server.

No MLflow package is needed. Not here: MLflow's REST API (doors/mlflow).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tenfold.base.errors import Invalid
from tenfold.doors.mlruns import database, folder
from tenfold.workspace.imported import ImportedModel, ImportedRun


def read(path: Path, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs, parents first, then registered models.

    Args:
        path: An mlruns folder, a folder that holds one or an mlflow.db, or the database itself.
        unplaced: Counts what has no place here.

    Raises:
        Invalid: There is neither at this path.
    """
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
