"""Schemas, and data held to them: TensorFlow Data Validation's job, without TensorFlow.

    infer_schema(data) -> Schema         validate(data, schema) -> [Anomaly]       to_yaml / decode_schema
    accept(schema, anomalies) -> Schema  differences(before, after) -> [Difference]

`facts` are what is known of the data: from rows (`measuring`), from a profile, or from TFDV's statistics (the tfdv door).
`columns`, `domains`, `comparing` and `rows` hold them to a schema. Nothing here stores anything.
"""

from tenfold.monitoring.validation.changing import Difference, accept, changed, chosen, differences, without
from tenfold.monitoring.validation.comparing import jensen_shannon, l_infinity
from tenfold.monitoring.validation.facts import ColumnFacts, TableFacts
from tenfold.monitoring.validation.inferring import infer_schema
from tenfold.monitoring.validation.measuring import facts_of_table
from tenfold.monitoring.validation.schema import Feature, Freshness, Limits, Rule, Schema
from tenfold.monitoring.validation.validating import validate
from tenfold.monitoring.validation.written import decode_schema, encode_schema, read_schema, to_yaml

__all__ = [
    "ColumnFacts", "Difference", "Feature", "Freshness", "Limits", "Rule", "Schema", "TableFacts", "accept", "changed",
    "chosen", "decode_schema", "differences", "encode_schema", "facts_of_table", "infer_schema", "jensen_shannon",
    "l_infinity", "read_schema", "to_yaml", "validate", "without",
]  # fmt: skip
