"""Schemas beyond TFDV's: rules on rows, times, freshness, changes that are accepted, YAML, awkward data."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import polars as pl
import pytest

from tenfold.base.errors import Invalid
from tenfold.doors.tfdv import from_pbtxt, read_statistics, to_pbtxt, unchecked, write_statistics
from tenfold.monitoring import (
    Feature,
    Freshness,
    Limits,
    Rule,
    Schema,
    accept,
    decode_schema,
    differences,
    infer_schema,
    to_yaml,
    validate,
)  # fmt: skip
from tenfold.monitoring.validation import chosen
from tenfold.profiles import profile

sys.path.insert(0, str(Path(__file__).parents[2] / "golden" / "tfdv"))
from cases import CASES
from test_as_tfdv import KEPT, frame

FLIGHTS = pl.DataFrame(
    {
        "tail": ["N101", "N102", "X7", "N101", None],
        "off": [1, 2, 3, 4, 5],
        "on": [2, 3, 1, 9, 5],
        "day": [datetime(2013, 1, d, tzinfo=UTC) for d in (1, 2, 3, 4, 5)],
        "legs": [[1, 2], [3], [], [4, 99], [5]],
    }
)


def _found(data: Any, schema: Schema, **options: Any) -> list[tuple[str, str, list[tuple[int, str]]]]:
    return [(a.column, a.type, [(e.row, e.value) for e in a.examples]) for a in validate(data, schema, **options)]


def test_rows_that_break_a_rule_are_named() -> None:
    schema = Schema(
        {
            "tail": Feature(type="string", regex="N[0-9]+", unique=True, min_fraction=1.0),
            "off": Feature(type="int", max=4),
            "on": Feature(type="int"),
            "day": Feature(type="time", earliest="2013-01-02", latest="2013-01-04"),
            "legs": Feature(type="int", min_values=1, max=9),
        },
        rules=[Rule(name="lands after it starts", where='"on" >= off'), Rule(name="mostly", where="off < 3", min_share=0.3)],
        fresh=Freshness(column="day", max_age_hours=24),
    )  # fmt: skip
    now = datetime(2013, 1, 7, tzinfo=UTC).timestamp() * 1000
    for data in (FLIGHTS, FLIGHTS.lazy()):
        assert _found(data, schema, at_ms=int(now)) == [
            ("tail", "FEATURE_TYPE_LOW_FRACTION_PRESENT", [(4, "")]),
            ("tail", "FEATURE_TYPE_LOW_UNIQUE", [(0, "N101"), (3, "N101")]),
            ("tail", "STRING_TYPE_NO_MATCH", [(2, "X7")]),
            ("off", "INT_TYPE_BIG_INT", [(4, "5")]),
            ("day", "TIME_TYPE_EARLY", [(0, "2013-01-01T00:00:00")]),
            ("day", "TIME_TYPE_LATE", [(4, "2013-01-05T00:00:00")]),
            ("legs", "FEATURE_TYPE_LOW_NUMBER_VALUES", [(2, "[]")]),
            ("legs", "INT_TYPE_BIG_INT", [(3, "[4, 99]")]),
            ("", "DATASET_STALE", []),
            ("", "CUSTOM_VALIDATION", [(2, "on=1, off=3")]),
        ]


def test_a_rule_that_cannot_be_evaluated_is_no_pass_and_reaches_no_file() -> None:
    for where in ("nowhere > 1", "off >", "read_csv('/etc/passwd') > 1", "(SELECT 1) = off", "off || 'x'", "1 = 1"):
        [anomaly] = validate(
            FLIGHTS, Schema({}, rules=[Rule(name="r", where=where)], severities={"SCHEMA_NEW_COLUMN": "ignore"})
        )
        assert anomaly.type == "INVALID_SCHEMA_SPECIFICATION", where
    schema = Schema({"tail": Feature(type="string", regex="(")})
    assert "INVALID_SCHEMA_SPECIFICATION" in [a.type for a in validate(FLIGHTS, schema)]


def test_a_profile_says_what_it_cannot_answer() -> None:
    schema = Schema({"tail": Feature(type="string", regex="N.*")}, rules=[Rule(name="r", where="tail = 'a'")])
    assert [a.type for a in validate(profile({"tail": ["N1"]}), schema)] == ["NOT_CHECKED", "NOT_CHECKED"]


def test_dates_written_as_strings_are_times() -> None:
    data = {"day": ["2013-01-01", "2013-02-28"], "made": ["2013-01-01T10:00", "2013-01-02T11:30:05"]}
    schema = infer_schema(data, ranges=True)
    assert (schema.features["day"].type, schema.features["day"].latest) == ("time", "2013-02-28T00:00:00")
    assert validate(data, schema) == []
    late = {**data, "day": ["2013-01-01", "2014-01-01"]}
    assert _found(late, schema) == [("day", "TIME_TYPE_LATE", [(1, "2014-01-01")])]
    assert _found({**data, "day": ["2013-01-01", "soon"]}, schema)[0][1] == "UNEXPECTED_DATA_TYPE"


def test_what_is_accepted_is_no_anomaly_any_more() -> None:
    for case in CASES:
        schema = from_pbtxt(KEPT[case["name"]]["schema"])
        data, options = frame(case["current"]), {"environment": case.get("environment")}
        controls = {side: frame(case[side]) for side in ("previous", "serving") if side in case}
        for _ in range(2):  # a type that is accepted can bring a domain's anomaly to light
            schema = accept(schema, validate(data, schema, **options, **controls))
        left = [a for a in validate(data, schema, **options, **controls) if a.change is not None]
        assert left == [], case["name"]


def test_one_anomaly_is_accepted_by_name() -> None:
    schema = infer_schema({"c": ["a", "b"], "n": [1, 2]})
    found = validate({"c": ["a", "z"], "n": [1, None], "x": [1, 2]}, schema)
    after = accept(schema, chosen(found, ["c", "SCHEMA_NEW_COLUMN"]))
    assert next((d.column, d.field, d.after) for d in differences(schema, after)) == ("c", "domain", ["a", "b", "z"])
    assert [a.column for a in validate({"c": ["a", "z"], "n": [1, None], "x": [1, 2]}, after)] == ["n"]
    with pytest.raises(Invalid, match=r"no anomaly 'q'\. Anomalies: c:ENUM"):
        chosen(found, ["q"])


def test_yaml_gives_the_same_schema_back_and_refuses_what_it_does_not_know() -> None:
    odd = {"yes": Feature(type="int", severity="info"), "a: b": Feature(type="string", domain=["no", "1", "", "é\n", "2013-01-01"]),
           "null": Feature(type="float", drift=Limits(jensen_shannon=0.1), note="über"), "": Feature(type="any")}  # fmt: skip
    every = [
        Schema(odd, min_rows=3, rules=[Rule(name="r", where="a > 1")], fresh=Freshness(column="t", max_age_hours=1)),
        Schema({}),
    ]
    for schema in [*every, *(from_pbtxt(case["schema"]) for case in KEPT.values())]:
        assert decode_schema(to_yaml(schema)) == schema
    old = decode_schema('{"features": {"x": {"type": "float", "max_jensen_shannon": 0.5}}}')
    assert old.features["x"].drift == Limits(jensen_shannon=0.5)
    for bad in (
        "features: {x: {type: int, min_fracton: 1}}",
        "features: [",
        "- 1",
        "",
        "features: {x: {type: colour}}",
    ):
        with pytest.raises(Invalid, match="no schema"):
            decode_schema(bad)


def test_severities_are_chosen_by_column_then_by_type() -> None:
    schema = Schema({"a": Feature(type="int", severity="info"), "b": Feature(type="int", min_count=1, severity="ignore")},
                    severities={"SCHEMA_NEW_COLUMN": "warning"})  # fmt: skip
    found = validate({"a": ["x"], "new": [1]}, schema)
    assert [(a.column, a.severity) for a in found] == [("a", "info"), ("new", "warning")]


def test_awkward_data_give_an_answer() -> None:
    schema = infer_schema({"a": [1, 2], "b": ["x", "y"]})
    assert [a.type for a in validate({"a": [], "b": []}, schema)] == ["DATA_MISSING"]
    assert validate({"a": [1], "b": ["x"]}, schema) == []
    assert [a.type for a in validate({"a": [None], "b": [None]}, schema)] == ["FEATURE_TYPE_NOT_PRESENT"] * 2
    mixed = pd.DataFrame({"a": [1, "two"], "b": ["x", 3.5]})
    assert [a.type for a in validate(mixed, schema)] == ["UNEXPECTED_DATA_TYPE", "ENUM_TYPE_UNEXPECTED_STRING_VALUES"]
    with pytest.raises(Invalid, match="same name: 'a'"):
        validate(pd.DataFrame([[1, 2]], columns=["a", "a"]), schema)
    wide = {f"c{i}": [i, i + 1] for i in range(10_000)}
    assert validate(wide, infer_schema(wide)) == []
    many = pl.select(c=pl.int_range(0, 200_000).cast(pl.String)).to_series().to_frame()
    [anomaly] = validate(many, Schema({"c": Feature(type="string", domain=["1"])}))
    assert anomaly.change is not None
    assert anomaly.change.fields["domain"] is None  # too many to list: the domain is given up
    assert infer_schema(many).features["c"].domain is None
    far = pl.DataFrame({"t": pl.Series([2**62, -(2**62)]).cast(pl.Datetime("ms"))})
    assert [a.type for a in validate(far, Schema({"t": Feature(type="time", latest="2100-01-01")}))] == [
        "TIME_TYPE_LATE"
    ]


def test_statistics_of_tfdv_and_a_profile_written_as_such_say_the_same(tmp_path: Path) -> None:
    data = {"c": ["a", "b", None, "z"], "n": [1, 2, 3, 40], "f": [0.5, float("inf"), 2.0, 1.0]}
    schema = Schema({"c": Feature(type="string", domain=["a", "b"], min_fraction=1.0), "n": Feature(type="int", max=9),
                     "f": Feature(type="float", disallow_inf=True), "gone": Feature(type="int", min_count=1)})  # fmt: skip
    known = profile(pl.DataFrame(data))
    expected = [(a.column, a.type) for a in validate(known, schema)]
    assert len(expected) == 5
    for name in ("stats.tfrecord", "stats.pbtxt", "stats.pb"):
        write_statistics(known, tmp_path / name)
        assert [(a.column, a.type) for a in validate(read_statistics(tmp_path / name), schema)] == expected
    damaged = bytearray((tmp_path / "stats.tfrecord").read_bytes())
    damaged[40] ^= 1
    (tmp_path / "stats.tfrecord").write_bytes(damaged)
    with pytest.raises(Invalid, match="damaged in record 1"):
        read_statistics(tmp_path / "stats.tfrecord")


def test_what_a_schema_of_tfdv_has_beyond_ours_is_kept_and_named() -> None:
    text = """feature { name: "photo" type: BYTES image_domain { minimum_supported_image_fraction: 0.5 } annotation { tag: "pii" } }
    feature { name: "n" type: INT int_domain { min: 1 is_categorical: true } }
    sparse_feature { name: "s" } default_environment: "TRAINING" """
    schema = from_pbtxt(text)
    assert unchecked(schema) == ["photo: image_domain", "n: int_domain", "table: sparse_feature"]
    raised = msgspec.structs.replace(schema.features["n"], min=5)
    changed = msgspec.structs.replace(schema, features={**schema.features, "n": raised})
    back, lost = to_pbtxt(changed)
    assert lost == []
    for kept in (
        "minimum_supported_image_fraction: 0.5",
        'tag: "pii"',
        "is_categorical: true",
        "min: 5",
        "sparse_feature",
    ):
        assert kept in back
    with pytest.raises(Invalid, match='no field named "colour"'):
        from_pbtxt('feature { colour: "red" }')
    assert to_pbtxt(Schema({"t": Feature(type="time", latest="2013-01-01")}, widen=True))[1] == [
        "t: latest",
        "table: widen",
    ]


@pytest.mark.parametrize("page", ["validation.md", "from-tfdv.md"])
def test_the_examples_print_what_the_page_says(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_text("utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, page, "exec"), {})
        said = [line.removeprefix("# ") for line in block.splitlines() if line.startswith("# ")]
        assert capsys.readouterr().out.splitlines() == said
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        assert decode_schema(block).features
