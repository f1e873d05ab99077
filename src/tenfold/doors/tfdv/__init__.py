"""TensorFlow Data Validation's files: `schema.pbtxt` and statistics, in and out. Needs `pip install 'tenfold[tfdv]'`.

    read_schema(path) -> Schema            write_schema(schema, path)
    read_statistics(path) -> TableFacts    write_statistics(profile, path)

Neither TensorFlow nor TFDV is needed: the messages come from tensorflow-metadata (pure Python; 8 MB with protobuf).
"""

from tenfold.doors.tfdv.schemas import from_pbtxt, read_schema, unchecked
from tenfold.doors.tfdv.statistics import read_statistics, write_statistics
from tenfold.doors.tfdv.writing import to_pbtxt, write_schema

__all__ = [
    "from_pbtxt", "read_schema", "read_statistics", "to_pbtxt", "unchecked", "write_schema", "write_statistics",
]  # fmt: skip
