"""What the records of a `.wandb` file say. Field numbers are those of wandb/proto/wandb_internal.proto."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tenfold.base import protobuf

HISTORY, SUMMARY, OUTPUT, CONFIG, STATS, ARTIFACT = 2, 3, 4, 5, 7, 8
OUTPUT_RAW, RUN, EXIT, ENVIRONMENT = 13, 17, 18, 26
UNPLACED = {9: "TensorBoard links", 10: "alerts", 12: "metric definitions", 24: "artifact links", 25: "artifacts used"}
"""Records that have no place here, and what to call them."""

Message = dict[int, list[protobuf.Value]]


def items(data: Iterable[bytes]) -> list[tuple[list[str], Any]]:
    """(path of keys, value) of config, summary, history or stats items. A value that is no JSON is None."""
    found = []
    for each in data:
        said = protobuf.message(each)
        path = protobuf.texts(said, 2) or [protobuf.text(said, 1)]
        found.append((path, _value(protobuf.text(said, 16))))
    return found


def put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a value in a tree, making the mappings on the way."""
    for key in path[:-1]:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            inner = tree[key] = {}
        tree = inner
    tree[path[-1]] = value


def drop(tree: dict[str, Any], path: list[str]) -> None:
    """Remove a value from a tree, if it is there."""
    for key in path[:-1]:
        inner = tree.get(key)
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.pop(path[-1], None)


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """(key, value) with nested keys joined by dots, as W&B shows them; media, which have a `_type`, stay whole."""
    for key, value in tree.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict) and "_type" not in value:
            yield from flat(value, name)
        else:
            yield name, value


def number(value: Any) -> float | None:
    """A value as a metric's number; W&B writes what is not finite as words too."""
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return None
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    return None


def time_ms(data: bytes) -> int:
    """UTC milliseconds of a google.protobuf.Timestamp."""
    said = protobuf.message(data)
    return protobuf.integer(said, 1) * 1000 + protobuf.integer(said, 2) // 1_000_000


def _value(text: str) -> Any:
    try:
        return json.loads(text)  # the standard reader takes NaN and Infinity, which W&B writes
    except ValueError:
        return None
