"""What the real TFDV says of data and schemas: kept under tests/golden/tfdv, which our tests are held to.

Runs in an environment of its own (`make tfdv` makes .tfdv: tensorflow-data-validation 1.16.1, Python 3.11), where
nothing of Tenfold is. The cases stand in tests/golden/tfdv/cases.py, which both sides import.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "tests" / "golden" / "tfdv"
sys.path.insert(0, str(FOLDER))


def main() -> None:
    import tensorflow_data_validation as tfdv
    from cases import CASES
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    types = anomalies_pb2.AnomalyInfo.Type
    found = []
    schemas: dict[str, int] = {}
    for case in CASES:
        training = statistics(case["training"])
        schema = tfdv.infer_schema(training)
        inferred = text_format.MessageToString(schema)
        text_format.Merge(case.get("schema", ""), schema)
        for name, more in case.get("features", {}).items():
            text_format.Merge(more, tfdv.get_feature(schema, name))
        options: dict[str, Any] = {}
        if "environment" in case:
            options["environment"] = case["environment"]
        if "previous" in case:
            options["previous_statistics"] = statistics(case["previous"])
        if "serving" in case:
            options["serving_statistics"] = statistics(case["serving"])
        anomalies = tfdv.validate_statistics(statistics(case["current"]), schema, **options)
        pairs = [["", "DATA_MISSING"]] if anomalies.data_missing else []
        for path, info in anomalies.anomaly_info.items():
            pairs += [[path, types.Name(reason.type)] for reason in info.reason]
        pairs += [["", types.Name(reason.type)] for reason in anomalies.dataset_anomaly_info.reason if reason.type]
        keys = []
        for text in (inferred, text_format.MessageToString(schema)):
            schemas.setdefault(text, len(schemas))
            keys.append(schemas[text])
        unique = sorted({(path, kind) for path, kind in pairs})
        found.append({"name": case["name"], "inferred": keys[0], "schema": keys[1], "pairs": unique})
    lines = ",\n".join(json.dumps(case) for case in found)
    texts = ",\n".join(json.dumps(text) for text in schemas)
    kept = f'{{"tfdv": "{tfdv.__version__}", "cases": [\n{lines}\n], "schemas": [\n{texts}\n]}}\n'
    (FOLDER / "pairs.json").write_text(kept, "utf-8")
    print(f"{len(found)} cases of TFDV {tfdv.__version__}, {sum(len(case['pairs']) for case in found)} pairs")


def statistics(columns: dict[str, list[Any]]) -> Any:
    """Statistics of columns of values, None for missing and lists for several, as TFDV has them of TFRecords."""
    import pyarrow as pa
    from tensorflow_data_validation.statistics import stats_impl, stats_options

    arrays = {name: pa.array([_listed(value) for value in values], _type(values)) for name, values in columns.items()}
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), list(arrays))
    return stats_impl.generate_statistics_in_memory(batch, stats_options.StatsOptions())


def _listed(value: Any) -> Any:
    if value is None or isinstance(value, list):
        return value
    return [value]


def _type(values: list[Any]) -> Any:
    """Lists of what the values are: integers and booleans as integers, strings and bytes as bytes."""
    import pyarrow as pa

    flat = [one for value in values for one in (value if isinstance(value, list) else [value]) if one is not None]
    if not flat:
        return pa.null()
    if any(isinstance(one, (str, bytes)) for one in flat):
        return pa.list_(pa.binary())
    return pa.list_(pa.float32() if any(isinstance(one, float) for one in flat) else pa.int64())


if __name__ == "__main__":
    main()
