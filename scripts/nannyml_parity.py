"""Write tests/golden/nannyml/estimates.json: what the real NannyML 0.13.1 estimates for the predictions of samples.py.

Run by `make nannyml`, in an environment of its own. Nothing of Tenfold is imported. Of every estimate the value and its
sampling error, and the realised value, so that it can be seen how far off an estimate is by itself.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "true"
import nannyml
import numpy as np
import pandas as pd
from nannyml.chunk import SizeBasedChunker

GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "nannyml"
sys.path.insert(0, str(GOLDEN))
import samples  # noqa: E402

CLASSES = ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc", "average_precision"]
NUMBERS = ["mae", "mse", "rmse", "mape", "msle", "rmsle"]


def main() -> None:
    """Make the file anew."""
    warnings.simplefilter("ignore")
    made = {
        "classified": {name: _classified(*parts) for name, parts in samples.classified().items()},
        "regressed": {name: _regressed(*parts) for name, parts in samples.regressed().items()},
    }
    text = json.dumps(made, indent=0, sort_keys=True, default=float).replace("NaN", "null")
    (GOLDEN / "estimates.json").write_text(text + "\n")
    print(f"estimates: {len(text):,} bytes by NannyML {nannyml.__version__}")


def _classified(labels: list[Any], reference: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    several = len(labels) > 2
    chances: Any = {label: f"score_{label}" for label in labels} if several else "score"

    def frame(side: dict[str, Any]) -> pd.DataFrame:
        scores = {f"score_{label}": side["score"][:, i] for i, label in enumerate(labels)} if several else {"score": side["score"]}  # fmt: skip
        return pd.DataFrame({**scores, "predicted": side["predicted"], "truth": side["truth"]}).dropna().reset_index(drop=True)  # fmt: skip

    before, after = frame(reference), frame(current)
    made = nannyml.CBPE(
        y_pred_proba=chances, y_pred="predicted", y_true="truth", metrics=CLASSES,
        problem_type="classification_multiclass" if several else "classification_binary",
        chunker=SizeBasedChunker(len(after), incomplete="keep"),
    )  # fmt: skip
    made.fit(before)
    return _said(made.estimate(after.drop(columns="truth")), CLASSES)


def _regressed(reference: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    def frame(side: dict[str, Any]) -> pd.DataFrame:
        return pd.DataFrame({**side["columns"], "predicted": side["predicted"], "truth": side["truth"]})

    before, after = frame(reference), frame(current)
    positive = min(before[name].min() for name in ("predicted", "truth")) >= 0
    metrics = NUMBERS if positive else [name for name in NUMBERS if "sle" not in name]
    made = nannyml.DLE(
        feature_column_names=list(reference["columns"]), y_pred="predicted", y_true="truth", metrics=metrics,
        chunker=SizeBasedChunker(len(after), incomplete="keep"),
    )  # fmt: skip
    made.fit(before)
    return _said(made.estimate(after.drop(columns="truth")), metrics)


def _said(result: Any, metrics: list[str]) -> dict[str, Any]:
    rows = result.filter(period="analysis").to_df()
    assert len(rows) == 1, len(rows)
    return {
        name: {"value": float(rows[(name, "value")].iloc[0]), "error": float(rows[(name, "sampling_error")].iloc[0])}
        for name in metrics
        if np.isfinite(rows[(name, "value")].iloc[0])
    }


if __name__ == "__main__":
    main()
