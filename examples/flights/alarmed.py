"""What an alarm of the monitor `answers` starts: a report of what was asked and answered, kept as report:answers-closer."""

from __future__ import annotations

import features

import tenfold


@tenfold.step(cache=False)
def report(check: str) -> str:
    """Hold the newest answers with outcomes against the oldest; gives the address of the report."""
    from tenfold.reports import (
        BinaryClassification,
        ClassificationPreset,
        DataDefinition,
        DataDriftPreset,
        Dataset,
        Report,
    )

    rows = tenfold.predictions("delay").drop_nulls("outcome").sort("prediction_id")
    task = BinaryClassification(target="outcome", prediction_probas="probability", pos_label=1)
    columns = DataDefinition(classification=[task])
    kept = rows.select(*features.FEATURES, "outcome", "probability")
    newest, oldest = (Dataset(part, columns) for part in (kept.tail(20_000), kept.head(20_000)))
    whole = Report([DataDriftPreset(columns=features.FEATURES), ClassificationPreset()], title=f"After run:{check}")
    return tenfold.record_report(whole.run(newest, oldest), "answers-closer").address


@tenfold.pipeline
def look_closer(check: str = "") -> str:
    """Started by the monitor with the run of the check that raised the alarm."""
    return report(check)
