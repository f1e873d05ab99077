"""Reusable steps, in the roles of TFX's components: each is a `@step`, so a plain function outside of a pipeline.

    ingest, split                        a table from files, a dataset or a database; its rows divided by a hash
    statistics, infer_schema, validate   what the data are, what they should be, where they differ
    transform, apply_transform           preprocessing fitted on training data, kept as one object
    tune, train, predict                 a model that has the transform in it, so that it takes raw rows
    champion, evaluate, bless, push      held against what serves now, by slices; then the alias moves

They put engines together, so this room stands above them; `tenfold.pipelines.components` is another name for it.
"""

from __future__ import annotations

from tenfold.components.analyzers import (
    Column,
    bucketize,
    exp,
    fill_missing,
    fit_with,
    log,
    log1p,
    one_hot,
    scale_by_min_max,
    scale_to_0_1,
    scale_to_z_score,
    sqrt,
    vocabulary,
)
from tenfold.components.describing import infer_schema, statistics, validate
from tenfold.components.ingesting import ingest, split
from tenfold.components.judging import bless, champion, evaluate, push
from tenfold.components.training import predict, train, tune
from tenfold.components.transforming import apply_transform, transform

__all__ = [
    "Column", "apply_transform", "bless", "bucketize", "champion", "evaluate", "exp", "fill_missing", "fit_with", "infer_schema",
    "ingest", "log", "log1p", "one_hot", "predict", "push", "scale_by_min_max", "scale_to_0_1", "scale_to_z_score", "split", "sqrt",
    "statistics", "train", "transform", "tune", "validate", "vocabulary",
]  # fmt: skip
