"""What the boosters of different libraries have in common: importances, and a model file in their own format."""

from __future__ import annotations

from typing import Any

from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.native import native_of

MOST_FEATURES = 1000


def log_booster(fit: Fit, booster: Any, importances: dict[str, tuple[float, float]]) -> None:
    """Keep the importances, {feature: (total gain, splits)}, and the model."""
    ranked = sorted(importances.items(), key=lambda item: (-item[1][0], item[0]))[:MOST_FEATURES]
    rows = [{"feature": name, "gain": gain, "splits": splits} for name, (gain, splits) in ranked]
    if rows:
        fit.run.log_table(fit.key("feature_importance"), rows)
    native = native_of(booster) if fit.options.save_model is not None else None
    if native is not None:
        fit.keep("model", lambda: native)
