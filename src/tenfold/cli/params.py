"""Params of a pipeline from the command line: `--config` files, one over the other, and `--param` over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tenfold.base.errors import Invalid

if TYPE_CHECKING:
    from tenfold.pipelines.authoring.definition import Pipeline

param_option = click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the pipeline; may be repeated, model.depth=3 sets a part of one",
)
config_option = click.option(
    "--config",
    "configs",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Params in a YAML, TOML or JSON file; may be repeated, the later wins, --param wins over all",
)


def given_params(pipeline: Pipeline[..., Any], configs: tuple[Path, ...], pairs: tuple[str, ...]) -> dict[str, Any]:
    """The params that were given, checked by the pipeline's signature; defaults are not among them.

    Raises:
        Invalid: A file that cannot be read, a pair without a name, or what `Pipeline.bind` refuses.
    """
    from tenfold.pipelines.authoring.params import layered, put_in, read_config, read_text

    found: dict[str, Any] = {}
    for file in configs:
        held = read_config(file)
        if unknown := [name for name in held if name not in pipeline.signature.parameters]:
            takes = ", ".join(pipeline.signature.parameters) or "none"
            raise Invalid(
                f"{file} has {unknown[0]!r}, which pipeline {pipeline.name!r} does not take. Its params: {takes}",
                field="config",
            )
        found = layered(found, held)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Invalid(f"The parameter {pair!r} has no name and value. Write it like --param lr=0.1", field="param")
        names = name.split(".") if name not in pipeline.signature.parameters else [name]
        hint = pipeline.hints.get(name) if len(names) == 1 else None
        found = put_in(found, names, read_text(hint, text))
    checked = pipeline.bind((), found, lax=True)
    return {name: checked[name] for name in found}


def read_params(pairs: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE pairs; a value is read as JSON when it is JSON, else taken as text."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Invalid(f"The parameter {pair!r} has no name and value. Write it like --param lr=0.1", field="param")
        try:
            given[name] = msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            given[name] = text
    return given
