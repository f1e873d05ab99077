"""The MLflow door: MLflow's REST API over Tenfold's stores, for the unmodified `mlflow` client. It holds no state.

An experiment is a project, a run is a run, a registered model is an artifact of kind `model`; what has no noun of its own
is a version of kind `project` (an experiment's id and tags), `registered-model` or `logged-model`. See docs/from-mlflow.md.
"""

from __future__ import annotations

from tenfold.doors.mlflow.routes import routes

__all__ = ["routes"]
