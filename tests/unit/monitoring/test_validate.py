"""Schemas and the anomalies of data that break them."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.monitoring import Feature, Limits, Schema, decode_schema, encode_schema, infer_schema, validate
from tenfold.profiles import profile

TRAINING = pl.DataFrame(
    {
        "carrier": ["UA", "DL", "AA", "UA"],
        "seats": [100, 120, 150, 180],
        "delay": [1.0, 2.5, -3.0, 4.0],
        "gate": ["A1", None, "B2", "A1"],
        "jet": [0, 1, 1, 0],
        "flag": ["true", "false", "true", "true"],
        "late": [True, False, False, True],
    }
)
SCHEMA = infer_schema(profile(TRAINING), labels=["late"], ranges=True)


def _types(frame: pl.DataFrame, schema: Schema = SCHEMA, **options: object) -> dict[str, str]:
    return {a.column: a.type for a in validate(profile(frame), schema, **options)}  # type: ignore[arg-type]


def test_the_data_a_schema_was_inferred_from_have_no_anomaly() -> None:
    assert validate(profile(TRAINING), SCHEMA, environment="training") == []


def test_what_is_inferred_is_types_presence_domains_and_booleans() -> None:
    features = SCHEMA.features
    assert features["carrier"].domain == ["AA", "DL", "UA"]
    assert (features["carrier"].min_fraction, features["gate"].min_fraction) == (1.0, None)
    assert features["jet"].is_bool
    assert features["flag"].is_bool
    assert (features["seats"].min, features["seats"].max) == (100, 180)
    assert infer_schema(profile(TRAINING)).features["seats"].max is None


@pytest.mark.parametrize(
    ("change", "anomaly"),
    [
        (pl.lit("ZZ").alias("carrier"), "ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
        (pl.lit(500).alias("seats"), "INT_TYPE_BIG_INT"),
        (pl.lit(5).alias("seats"), "INT_TYPE_SMALL_INT"),
        (pl.lit(99.5).alias("delay"), "FLOAT_TYPE_BIG_FLOAT"),
        (pl.lit(-99.5).alias("delay"), "FLOAT_TYPE_SMALL_FLOAT"),
        (pl.Series("delay", [1.0, 2.0, float("nan"), 0.0]), "FLOAT_TYPE_HAS_NAN"),
        (pl.Series("delay", [1.0, 2.0, float("inf"), 0.0]), "FLOAT_TYPE_HAS_INF"),
        (pl.lit(1.5).alias("seats"), "UNEXPECTED_DATA_TYPE"),
        (pl.Series("carrier", ["UA", None, "DL", "AA"]), "FEATURE_TYPE_LOW_FRACTION_PRESENT"),
        (pl.lit(None, pl.String).alias("carrier"), "FEATURE_TYPE_NOT_PRESENT"),
        (pl.lit(2).alias("jet"), "BOOL_TYPE_BIG_INT"),
        (pl.lit(-1).alias("jet"), "BOOL_TYPE_SMALL_INT"),
        (pl.lit("perhaps").alias("flag"), "BOOL_TYPE_UNEXPECTED_STRING"),
        (pl.lit(1).alias("extra"), "SCHEMA_NEW_COLUMN"),
    ],
)
def test_each_break_has_its_name(change: pl.Expr | pl.Series, anomaly: str) -> None:
    assert list(_types(TRAINING.with_columns(change)).values()) == [anomaly]


def test_words_where_numbers_should_be_are_said_to_be_no_numbers() -> None:
    found = validate(TRAINING.with_columns(seats=pl.lit("many")), SCHEMA)
    assert [a.type for a in found] == ["UNEXPECTED_DATA_TYPE", "INT_TYPE_NOT_INT_STRING"]


def test_a_column_that_is_gone_is_an_anomaly() -> None:
    assert _types(TRAINING.drop("carrier")) == {"carrier": "SCHEMA_MISSING_COLUMN"}


def test_a_label_is_expected_in_training_and_not_in_serving() -> None:
    unlabelled = TRAINING.drop("late")
    assert _types(unlabelled, environment="serving") == {}
    assert _types(unlabelled, environment="training") == {"late": "SCHEMA_MISSING_COLUMN"}
    with pytest.raises(Invalid, match="no environment 'moon'"):
        validate(profile(TRAINING), SCHEMA, environment="moon")


def test_integers_with_a_missing_value_can_be_let_stay_integers() -> None:
    schema = infer_schema(profile({"n": [1, 2, None]}))
    [anomaly] = validate({"n": [1.0, None, 3.0]}, schema)
    assert anomaly.type == "UNEXPECTED_DATA_TYPE"  # as in TFDV, but it says what to do
    assert "widen: true" in anomaly.long
    assert validate({"n": [1.0, None, 3.0]}, msgspec.structs.replace(schema, widen=True)) == []
    assert validate({"n": [1.5, None, 3.0]}, msgspec.structs.replace(schema, widen=True))


def test_unexpected_strings_are_found_in_a_column_of_many() -> None:
    words = [f"w{i}" for i in range(1000)]
    [anomaly] = validate(profile({"carrier": words}), Schema({"carrier": Feature(type="string", domain=["w1"])}))
    assert anomaly.type == "ENUM_TYPE_UNEXPECTED_STRING_VALUES"


def test_a_share_of_strangers_can_be_allowed() -> None:
    schema = Schema({"c": Feature(type="string", domain=["a"], min_domain_mass=0.9)})
    assert validate(profile({"c": ["a"] * 95 + ["b"] * 5}), schema) == []
    assert [a.type for a in validate(profile({"c": ["a"] * 80 + ["b"] * 20}), schema)] == [
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
    ]


def test_comparisons_with_the_previous_data() -> None:
    before = profile({"c": ["a"] * 50 + ["b"] * 50, "x": np.linspace(0, 1, 100)})
    after = profile({"c": ["a"] * 45 + ["b"] * 5, "x": np.linspace(0, 1, 50) ** 4})
    schema = Schema(
        {"c": Feature(type="string", drift=Limits(l_infinity=0.3)), "x": Feature(type="float", drift=Limits(jensen_shannon=0.05))},
        min_rows_of_previous=0.9, min_rows=60,
    )  # fmt: skip
    found = validate(after, schema, previous=before)
    assert [(a.column, a.type) for a in found] == [
        ("c", "COMPARATOR_L_INFTY_HIGH"), ("x", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"),
        ("", "DATASET_LOW_NUM_EXAMPLES"), ("", "COMPARATOR_LOW_NUM_EXAMPLES"),
    ]  # fmt: skip
    assert "is 0.4, above 0.3; 'b' differs most" in found[0].long


def test_a_schema_that_contradicts_itself_is_said_to() -> None:
    schema = Schema({"x": Feature(type="float", min=2, max=1)})
    assert validate(profile({"x": [1.0]}), schema)[0].type == "INVALID_SCHEMA_SPECIFICATION"


def test_a_feature_can_only_warn() -> None:
    feature = msgspec.structs.replace(SCHEMA.features["carrier"], severity="warning")
    schema = msgspec.structs.replace(SCHEMA, features={"carrier": feature})
    [anomaly] = validate(profile(TRAINING.select(carrier=pl.lit("ZZ"))), schema)
    assert anomaly.severity == "warning"


def test_a_schema_goes_to_json_and_back_and_other_json_is_refused() -> None:
    assert decode_schema(encode_schema(SCHEMA)) == SCHEMA
    with pytest.raises(Invalid, match="This is no schema"):
        decode_schema(b'{"features": {"x": {"type": "colour"}}}')
