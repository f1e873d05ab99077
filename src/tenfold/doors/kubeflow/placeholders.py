"""Placeholders of a task's command line, filled from its executor input. Imports nothing but Python's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{\{\$\.(.*?)\}\}")
_PARTS = re.compile(r"[^.\[\]']+")


def filled_words(words: list[Any], told: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """A command line with its placeholders filled.

    Args:
        told: The executor input.
        names: What stands for `{{$.NAME}}`: those of the pipeline and the task.
    """
    made: list[str] = []
    for word in words:
        given = _struct(json.loads(word), told) if word.startswith(('{"Concat": ', '{"IfPresent": ')) else word
        made += [filled(one, told, names) for one in (given if isinstance(given, list) else [given]) if one is not None]
    return made


def filled(text: str, told: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A text with its placeholders filled; values that are no text stand as JSON."""
    text = text.replace("{{$}}", json.dumps(told))
    return _PLACE.sub(lambda found: _spelled(_looked_up(found[1], told, names)), text)


def _looked_up(place: str, told: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    if place in names:
        return names[place]
    if place in ("outputs.output_file", "outputMetadataUri"):
        return told["outputs"]["outputFile"]
    side, kind, name, *rest = _PARTS.findall(place)
    if kind == "parameters" and side == "inputs":
        return told[side]["parameterValues"].get(name)
    if kind == "parameters":
        return told[side][kind][name]["outputFile"]
    artifact = told[side][kind][name]["artifacts"][0]
    key = "uri" if rest[0] == "path" else rest[0]
    return artifact[key] if len(rest) == 1 else artifact[key].get(rest[1])


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _struct(given: Any, told: Mapping[str, Any]) -> Any:
    """Words of Concat and IfPresent: a text, several, or None."""
    if isinstance(given, str) or given is None:
        return given
    if isinstance(given, list):
        return [one for inner in given for one in _flat(_struct(inner, told))]
    if "Concat" in given:
        return "".join(one for inner in given["Concat"] for one in _flat(_struct(inner, told)))
    asked = given["IfPresent"]
    inputs = told["inputs"]
    is_there = (
        inputs["parameterValues"].get(asked["InputName"]) is not None or asked["InputName"] in inputs["artifacts"]
    )
    return _struct(asked["Then"] if is_there else asked.get("Else"), told)


def _flat(given: Any) -> list[str]:
    return [] if given is None else given if isinstance(given, list) else [given]
