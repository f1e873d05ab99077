"""What a flow's parameters are given, checked by their declared types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.user import user_name
from tenfold.doors.metaflow.flow import FlowSpec
from tenfold.doors.metaflow.parameters import Config, IncludeFile, JSONTypeClass, Parameter, plain

_TRUE, _FALSE = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off")


def params_of(flow: type[FlowSpec], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values by attribute of the flow, defaults filled in, configs too.

    Args:
        given: By the parameter's own name; texts are read by its type.

    Raises:
        Invalid: One there is not, that is missing, or whose value does not fit.
    """
    declared = declared_in(flow)
    names = {one.name: attribute for attribute, one in declared.items() if not isinstance(one, Config)}
    if unknown := sorted(given.keys() - names.keys()):
        raise Invalid(f"Flow {flow.__name__} has no parameter {unknown[0]!r}. It has: {', '.join(names) or 'none'}")
    made = {}
    for attribute, one in declared.items():
        if isinstance(one, Config):
            made[attribute] = one.value if one.options.get("plain") else plain(one.value)
        elif one.name in given:
            made[attribute] = _typed(one, given[one.name])
        else:
            made[attribute] = _default(flow, one)
    return made


def declared_in(flow: type[FlowSpec]) -> dict[str, Parameter]:
    """Parameters and configs by attribute."""
    return {name: getattr(flow, name) for name in dir(flow) if isinstance(getattr(flow, name), Parameter)}


def is_flag(one: Parameter) -> bool:
    """It is given without a value."""
    return bool(one.options.get("is_flag"))


def _default(flow: type[FlowSpec], one: Parameter) -> Any:
    default = one.options.get("default")
    if one.options.get("required") and (default is None or isinstance(one, IncludeFile)):
        raise Invalid(f"Flow {flow.__name__}: parameter {one.name!r} is required. Give --param {one.name}=VALUE")
    if callable(default):
        context = SimpleNamespace(flow_name=flow.__name__, parameter_name=one.name, user_name=user_name(), configs={})
        default = default(context)
    return None if default is None else _typed(one, default)


def _typed(one: Parameter, value: Any) -> Any:
    if isinstance(one, IncludeFile):
        return one.read(str(value))
    kind, default = one.options.get("type"), one.options.get("default")
    if kind is None:
        kind = str if default is None or callable(default) else type(default)
    try:
        if isinstance(kind, JSONTypeClass) or kind in (dict, list):
            return json.loads(value) if isinstance(value, str) else value
        if kind is bool:
            text = str(value).strip().lower()
            if text not in (*_TRUE, *_FALSE):
                raise ValueError(text)
            return text in _TRUE
        if kind is int and isinstance(value, float):
            raise ValueError(value)
        made = kind(value)
    except (ValueError, TypeError) as error:
        name = getattr(kind, "__name__", "JSON")
        raise Invalid(f"Parameter {one.name!r} takes {name}, not {value!r}", field=one.name) from error
    separator = one.options.get("separator")
    return made.split(separator) if separator and made and isinstance(made, str) else made
