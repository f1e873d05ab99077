"""A schema as text: YAML for people, JSON for programs. Reads either, also as written by earlier versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.monitoring.validation.schema import Schema

_LINE = 110


def encode_schema(schema: Schema) -> bytes:
    """Indented JSON, for programs."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def to_yaml(schema: Schema) -> str:
    """YAML for people and for git: a column a block, only what is checked. `decode_schema` gives an equal schema back."""
    import yaml

    plain: dict[str, Any] = msgspec.to_builtins(schema)
    plain.pop("features")
    head = {
        "environments": schema.environments,
        **{key: value for key, value in plain.items() if key != "environments"},
    }
    features = {name: msgspec.to_builtins(feature) for name, feature in schema.features.items()}
    parts = [
        yaml.dump(part, Dumper=_flat_lists(), sort_keys=False, allow_unicode=True, width=_LINE)
        for part in (head, {"features": features})
    ]
    return "\n".join(parts)


def decode_schema(data: bytes | str) -> Schema:
    """The schema of YAML or JSON.

    Raises:
        Invalid: It cannot be read, or has a field that schemas do not have; the message names where.
    """
    import yaml

    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    try:
        found = msgspec.json.decode(text) if text.lstrip().startswith("{") else yaml.load(text, _no_dates())
        if not isinstance(found, dict):
            raise Invalid("This is no schema: it holds no fields. Make one with: tenfold schema infer", field="schema")
        return msgspec.convert(_renewed(found), Schema, strict=True)
    except (msgspec.DecodeError, msgspec.ValidationError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise Invalid(f"This is no schema: {said}. Make one with: tenfold schema infer", field="schema") from error


def read_schema(path: str | Path) -> Schema:
    """The schema of a YAML or JSON file. Raises Invalid when there is none, or it is none."""
    try:
        return decode_schema(Path(path).read_bytes())
    except OSError as error:
        raise Invalid(
            f"There is no schema in {path}: {error.strerror}. Make one with: tenfold schema infer DATA > {path}",
            field="schema",
        ) from error


def _renewed(found: dict[str, Any]) -> dict[str, Any]:
    """What the first schemas called otherwise."""
    for feature in (found.get("features") or {}).values():
        if not isinstance(feature, dict):
            continue
        old = {
            "l_infinity": feature.pop("max_l_infinity", None),
            "jensen_shannon": feature.pop("max_jensen_shannon", None),
        }
        if given := {name: limit for name, limit in old.items() if limit is not None}:
            feature["drift"] = given
    if found.get("features", 0) is None:
        found["features"] = {}
    return found


def _flat_lists() -> Any:
    """YAML's safe dumper, with lists of plain values on one line."""
    import yaml

    class FlatLists(yaml.SafeDumper):
        pass

    def listed(dumper: Any, values: list[Any]) -> Any:
        flat = not any(isinstance(value, (dict, list)) for value in values)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flat)

    FlatLists.add_representer(list, listed)
    return FlatLists


def _no_dates() -> Any:
    """YAML's safe loader, but 2013-01-01 stays text: `earliest` is one."""
    import yaml

    class NoDates(yaml.SafeLoader):
        pass

    NoDates.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return NoDates
