"""Which function answers what of MLflow's API, and which parts of it this door does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.doors.mlflow import (
    artifacts,
    datasets,
    experiments,
    history,
    inputs,
    logged_models,
    registry,
    runs,
    values,
    versions,
)
from tenfold.doors.mlflow.calls import Call

Handler = Callable[[Call], dict[str, Any]]

HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "experiments/create"): experiments.create,
    ("POST", "experiments/search"): experiments.search,
    ("GET", "experiments/search"): experiments.search,
    ("GET", "experiments/get"): experiments.get,
    ("GET", "experiments/get-by-name"): experiments.get_by_name,
    ("POST", "experiments/delete"): experiments.delete,
    ("POST", "experiments/restore"): experiments.restore,
    ("POST", "experiments/update"): experiments.update,
    ("POST", "experiments/set-experiment-tag"): experiments.set_tag,
    ("POST", "experiments/delete-experiment-tag"): experiments.delete_tag,
    ("POST", "runs/create"): runs.create,
    ("GET", "runs/get"): runs.get,
    ("POST", "runs/update"): runs.update,
    ("POST", "runs/delete"): runs.delete,
    ("POST", "runs/restore"): runs.restore,
    ("POST", "runs/search"): runs.search,
    ("POST", "runs/log-metric"): values.log_metric,
    ("POST", "runs/log-parameter"): values.log_param,
    ("POST", "runs/log-batch"): values.log_batch,
    ("POST", "runs/set-tag"): values.set_tag,
    ("POST", "runs/delete-tag"): values.delete_tag,
    ("POST", "runs/log-model"): values.log_model,
    ("POST", "runs/log-inputs"): inputs.log_inputs,
    ("POST", "runs/outputs"): inputs.log_outputs,
    ("GET", "metrics/get-history"): history.get,
    ("GET", "metrics/get-history-bulk"): history.bulk,
    ("GET", "metrics/get-history-bulk-interval"): history.bulk_interval,
    ("POST", "experiments/search-datasets"): datasets.search,
    ("GET", "artifacts/list"): artifacts.list_of_run,
    ("POST", "logged-models"): logged_models.create,
    ("POST", "logged-models/search"): logged_models.search,
    ("GET", "logged-models/{model_id}"): logged_models.get,
    ("PATCH", "logged-models/{model_id}"): logged_models.finalize,
    ("DELETE", "logged-models/{model_id}"): logged_models.delete,
    ("PATCH", "logged-models/{model_id}/tags"): logged_models.set_tags,
    ("DELETE", "logged-models/{model_id}/tags/{tag_key}"): logged_models.delete_tag,
    ("POST", "logged-models/{model_id}/params"): logged_models.log_params,
    ("GET", "logged-models/{model_id}/artifacts/directories"): artifacts.list_of_model,
    ("POST", "registered-models/create"): registry.create,
    ("GET", "registered-models/get"): registry.get,
    ("PATCH", "registered-models/update"): registry.update,
    ("POST", "registered-models/rename"): registry.rename,
    ("DELETE", "registered-models/delete"): registry.delete,
    ("GET", "registered-models/search"): registry.search,
    ("POST", "registered-models/get-latest-versions"): registry.latest,
    ("GET", "registered-models/get-latest-versions"): registry.latest,
    ("POST", "registered-models/set-tag"): registry.set_tag,
    ("DELETE", "registered-models/delete-tag"): registry.delete_tag,
    ("POST", "registered-models/alias"): registry.set_alias,
    ("GET", "registered-models/alias"): registry.get_by_alias,
    ("DELETE", "registered-models/alias"): registry.delete_alias,
    ("POST", "model-versions/create"): versions.create,
    ("GET", "model-versions/get"): versions.get,
    ("PATCH", "model-versions/update"): versions.update,
    ("DELETE", "model-versions/delete"): versions.delete,
    ("GET", "model-versions/search"): versions.search,
    ("GET", "model-versions/get-download-uri"): versions.download_uri,
    ("POST", "model-versions/transition-stage"): versions.transition,
    ("POST", "model-versions/set-tag"): versions.set_tag,
    ("DELETE", "model-versions/delete-tag"): versions.delete_tag,
}
"""By method and path below `…/mlflow/`."""

NOT_HERE = (
    "traces", "scorers", "datasets", "issues", "label-schemas", "review-queues", "prompt-optimization", "gateway",
    "webhooks", "mcp-servers", "skills", "workspaces", "assessments", "jobs", "artifacts/presigned", "secrets",
)  # fmt: skip
"""Beginnings of paths of MLflow that this door does not have."""
