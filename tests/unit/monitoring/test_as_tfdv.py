"""The same (column, anomaly type) pairs as the real TFDV on the same data and schema; see scripts/tfdv_parity.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tenfold.doors.tfdv import from_pbtxt, to_pbtxt
from tenfold.monitoring import infer_schema, validate

FOLDER = Path(__file__).parents[2] / "golden" / "tfdv"
sys.path.insert(0, str(FOLDER))
from cases import CASES  # noqa: E402

_FOUND = json.loads((FOLDER / "pairs.json").read_text("utf-8"))
KEPT = {
    case["name"]: {**case, "schema": _FOUND["schemas"][case["schema"]], "inferred": _FOUND["schemas"][case["inferred"]]}
    for case in _FOUND["cases"]
}


def frame(columns: dict[str, list[Any]]) -> pl.DataFrame:
    """The columns with the types that TFDV was given them with: floats of 32 bits, strings as bytes."""
    return pl.DataFrame([_series(name, values) for name, values in columns.items()])


def _series(name: str, values: list[Any]) -> pl.Series:
    flat = [one for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]
    if not flat:
        return pl.Series(name, values, pl.Null)
    inner: Any = pl.Int64
    if any(isinstance(one, (str, bytes)) for one in flat):
        inner = pl.Binary if any(isinstance(one, bytes) for one in flat) else pl.String
    elif any(isinstance(one, float) for one in flat):
        inner = pl.Float32
    if not any(isinstance(value, list) for value in values):
        as_given = [one.encode() if inner == pl.Binary and isinstance(one, str) else one for one in values]
        return pl.Series(name, as_given, inner, strict=False)
    return pl.Series(
        name,
        [value if value is None or isinstance(value, list) else [value] for value in values],
        pl.List(inner),
        strict=False,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_same_anomalies_as_tfdv(case: dict[str, Any]) -> None:
    schema = from_pbtxt(KEPT[case["name"]]["schema"])
    controls = {side: frame(case[side]) for side in ("previous", "serving") if side in case}
    found = validate(frame(case["current"]), schema, environment=case.get("environment"), **controls)
    pairs = {(anomaly.column, anomaly.type) for anomaly in found if anomaly.type != "NOT_CHECKED"}
    assert sorted(pairs) == sorted(tuple(pair) for pair in KEPT[case["name"]]["pairs"])


def test_by_its_rules_the_same_schemas_are_inferred_as_by_tfdv() -> None:
    for case in CASES:
        ours = infer_schema(frame(case["training"]), rules="tfdv")
        theirs = from_pbtxt(KEPT[case["name"]]["inferred"])
        for name, feature in theirs.features.items():
            assert _plain(ours.features[name]) == _plain(feature), (case["name"], name)


def _plain(feature: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(feature, tfdv="")


def test_a_schema_of_tfdv_comes_back_as_it_was() -> None:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    for case in KEPT.values():
        before = text_format.Parse(case["schema"], schema_pb2.Schema())
        text, lost = to_pbtxt(from_pbtxt(case["schema"]))
        assert text_format.Parse(text, schema_pb2.Schema()) == before, case["name"]
        assert lost == []
