"""Template fields: Jinja with the task's context, in texts wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold.base.extras import require
from tenfold.doors.airflow.dags.xcom_args import Given, resolved


class Literal:
    """`literal(value)`: a text that is no template."""

    def __init__(self, value: Any) -> None:
        self.value = value


def render_fields(operator: Any, context: Mapping[str, Any], fields: Any = None) -> None:
    """Render an operator's template fields, or these of them, in place."""
    environment = environment_of(operator.dag)
    for name in dict.fromkeys(operator.template_fields if fields is None else fields):
        if getattr(operator, name, None):
            setattr(operator, name, render(getattr(operator, name), context, environment, tuple(operator.template_ext)))


def render(value: Any, context: Mapping[str, Any], environment: Any, files: tuple[str, ...]) -> Any:
    """A value with its templates rendered; a text that ends like a file's name is the file's."""
    if isinstance(value, str):
        if files and value.endswith(files):
            return environment.get_template(value).render(context)
        return environment.from_string(value).render(context) if "{" in value else value
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Given) or hasattr(value, "iter_references"):
        return resolved(value, context)
    if type(value) in (list, tuple, set):
        return type(value)(render(one, context, environment, files) for one in value)
    if isinstance(value, dict):
        return {key: render(one, context, environment, files) for key, one in value.items()}
    return value


def environment_of(dag: Any) -> Any:
    """The Jinja environment of a DAG."""
    jinja2 = require("jinja2", extra="airflow", why="render templates")
    kind = jinja2.Environment
    if dag.render_template_as_native_obj:
        kind = require("jinja2.nativetypes", extra="airflow", why="render templates").NativeEnvironment
    options = {
        "loader": jinja2.FileSystemLoader([str(Path(dag.fileloc).parent), *(dag.template_searchpath or [])]),
        "undefined": dag.template_undefined or jinja2.StrictUndefined, "extensions": ["jinja2.ext.do"],
        **dag.jinja_environment_kwargs,
    }  # fmt: skip
    made = kind(cache_size=0, **{name: value for name, value in options.items() if name != "cache_size"})
    made.globals.update(dag.user_defined_macros)
    made.filters.update(
        ds=lambda date: date.strftime("%Y-%m-%d"), ds_nodash=lambda date: date.strftime("%Y%m%d"),
        ts=lambda date: date.isoformat(), ts_nodash=lambda date: date.strftime("%Y%m%dT%H%M%S"),
        ts_nodash_with_tz=lambda date: date.isoformat().replace("-", "").replace(":", ""),
    )  # fmt: skip
    made.filters.update(dag.user_defined_filters)
    return made
