"""What a model version came to in figures: metrics, columns of its signature, pinned requirements. Read off records."""

from __future__ import annotations

from typing import Any

from tenfold.records import Run, Version


def metrics_of(version: Version, run: Run | None = None, evaluation: Version | None = None) -> dict[str, float]:
    """Those of its evaluation, else those saved with it, else the last values of the run that made it."""
    for source in (evaluation.metadata if evaluation else {}, version.metadata):
        if found := _numbers(source.get("metrics")):
            return found
    if run is None:
        return {}
    return {key: summary.last for key, summary in run.metrics.items() if not key.startswith("system/")}


def columns_of(version: Version) -> dict[str, str]:
    """{'inputs.hour': 'long', 'outputs.prediction': 'double'} of its signature; empty when it has none."""
    signature = version.metadata.get("signature")
    found = {}
    for side in ("inputs", "outputs"):
        columns = signature.get(side) if isinstance(signature, dict) else None
        for column in columns if isinstance(columns, list) else []:
            if isinstance(column, dict) and "name" in column:
                found[f"{side}.{column['name']}"] = str(column.get("type", ""))
    return found


def requirements_of(version: Version) -> dict[str, str]:
    """{package: version} of its pinned requirements."""
    pins = version.metadata.get("requirements")
    return dict(
        pin.split("==", 1) for pin in (pins if isinstance(pins, list) else []) if isinstance(pin, str) and "==" in pin
    )


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        return {}
    return {
        str(key): number
        for key, number in value.items()
        if isinstance(number, int | float) and not isinstance(number, bool)
    }
