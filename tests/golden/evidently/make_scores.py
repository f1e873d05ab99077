"""Write scores.json: what Evidently 0.7.23 says about every column of columns.py, by every method that takes it.

Run in an environment of its own (Evidently 0.7 needs pandas < 3, which the project's does not have):

    uv venv /tmp/evidently && uv pip install --python /tmp/evidently/bin/python evidently==0.7.23 "pandas<3"
    /tmp/evidently/bin/python tests/golden/evidently/make_scores.py
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from columns import cases
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType

HERE = Path(__file__).parent
NUMERIC = [
    "ks",
    "wasserstein",
    "psi",
    "jensenshannon",
    "kl_div",
    "hellinger",
    "anderson",
    "cramer_von_mises",
    "mannw",
    "t_test",
    "es",
    "ed",
]
CATEGORICAL = ["psi", "jensenshannon", "kl_div", "hellinger", "chisquare", "z", "fisher_exact", "g_test", "TVD"]


def main() -> None:
    """Judge and write."""
    warnings.simplefilter("ignore")
    found: dict[str, dict[str, object]] = {}
    for name, (kind, reference, current) in cases().items():
        kind_of = ColumnType.Numerical if kind == "num" else ColumnType.Categorical
        before, after = (pd.Series(side).replace([-np.inf, np.inf], np.nan).dropna() for side in (reference, current))
        found[name] = {}
        for method in [None, *(NUMERIC if kind == "num" else CATEGORICAL)]:
            if method == "TVD" and len(before) > 1000:
                continue  # minutes
            test = get_stattest(before, after, kind_of, method)
            try:
                outcome = test(before.copy(), after.copy(), kind_of, test.default_threshold)
            except Exception as error:
                found[name][method or "default"] = {"error": f"{type(error).__name__}: {error}"[:100]}
                continue
            score = float(outcome.drift_score)
            found[name][method or "default"] = {
                "method": test.name, "score": score if np.isfinite(score) else None, "drifted": bool(outcome.drifted),
                "threshold": outcome.actual_threshold,
            }  # fmt: skip
    (HERE / "scores.json").write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
