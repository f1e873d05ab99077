"""The single values of a Neptune run: what its `sys/` namespace says of the run, and all others as params."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = {
    "float": "float_value", "int": "int_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value",
}  # fmt: skip


class Attributes:
    """What one export says of one run.

    Attributes:
        system: The `sys/` values by their name without it; moments are UTC milliseconds.
        params: All others as a tree, `/` parting the keys.
        last_at_ms: The latest moment that anything was logged, or None.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.system: dict[str, Any] = {}
        self.params: dict[str, Any] = {}
        self.entry_point = ""
        for row in frame.filter(frame["attribute_type"].is_in(list(_COLUMNS))).iter_rows(named=True):
            if (value := _plain(row[_COLUMNS[row["attribute_type"]]])) is not None:
                self._put(str(row["attribute_path"]), value)
        moments = [frame["timestamp"].max(), self.system.get("modification_time"), self.system.get("ping_time")]
        times = [_plain(moment) for moment in moments if moment is not None]
        self.last_at_ms: int | None = max(times) if times else None

    def _put(self, path: str, value: Any) -> None:
        if path.startswith("sys/"):
            self.system[path.removeprefix("sys/")] = value
        elif path == "source_code/entrypoint":
            self.entry_point = str(value)
        elif not path.startswith("monitoring/"):
            tree = self.params
            *above, last = path.split("/")
            for key in above:
                inner = tree.setdefault(key, {})
                if not isinstance(inner, dict):  # a value and a namespace of one name
                    tree, last = self.params, path
                    break
                tree = inner
            tree[last] = value


def _plain(value: Any) -> Any:
    return int(value.timestamp() * 1000) if isinstance(value, datetime) else value
