"""`${…}` in dvc.yaml: variables out of params files and `vars`, put into texts as DVC puts them."""

from __future__ import annotations

import ast
import copy
import json
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.dvc.files import yaml12

DEFAULT_PARAMS = "params.yaml"

_EXPRESSION = re.compile(r"(?<!\\)\$\{(?P<inner>.*?)\}")
_WORDS = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[[^.\[\]]+\])*")

Values = dict[str, Any]


def load_params(path: Path) -> Values:
    """The values of a params file: YAML, JSON, TOML or Python, told by its suffix. Raises Invalid."""
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".json":
            found = json.loads(text)
        elif path.suffix == ".toml":
            found = tomllib.loads(text)
        elif path.suffix == ".py":
            found = _of_python(ast.parse(text).body)
        else:
            found = yaml12.load(text, str(path))
    except (ValueError, SyntaxError, OSError) as error:
        raise Invalid(f"{path} cannot be read: {error}. Mend it and try again") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Invalid(f"{path} holds {type(found).__name__}, not names with values. Mend it and try again")
    return found


def _of_python(body: list[ast.stmt]) -> Values:
    found: Values = {}
    for node in body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = _of_python(node.body)
            continue
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            found |= _of_python(node.body)
            continue
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        for target in targets:
            name = (
                target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
            )
            if name and value is not None:
                try:
                    found[name] = ast.literal_eval(value)
                except ValueError:
                    continue  # computed at run time: DVC passes it over, too
    return found


def gather(folder: Path, given: list[Any], before: Values | None = None) -> Values:
    """The variables for a dvc.yaml (or a stage, on top of `before`): `vars` entries are files, `file:key,key` or mappings.

    Args:
        before: None stands for the top level, where `params.yaml` of the folder comes first.

    Raises:
        Invalid: A file is not there, has no such key, or two sources give one name different values.
    """
    values = copy.deepcopy(before) if before is not None else {}
    if before is None and (folder / DEFAULT_PARAMS).exists():
        _merge(values, load_params(folder / DEFAULT_PARAMS), DEFAULT_PARAMS)
    for entry in given:
        if isinstance(entry, dict):
            _merge(values, entry, "vars")
            continue
        name, _, keys = str(entry).partition(":")
        path = folder / name
        if not path.is_file():
            raise Invalid(f"{path}, named under vars, is not there. Make it or take it out of dvc.yaml")
        found = load_params(path)
        if name == DEFAULT_PARAMS and before is None and not keys:
            continue
        wanted = [key for key in keys.split(",") if key]
        if missing := [key for key in wanted if key not in found]:
            raise Invalid(f"{path} has no {', '.join(missing)}, named under vars. Correct the name in dvc.yaml")
        _merge(values, {key: found[key] for key in wanted} if wanted else found, name)
    return values


def _merge(into: Values, new: Mapping[str, Any], source: str) -> None:
    for key, value in new.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping):
            _merge(old, value, source)
        elif key in into and old != value:
            raise Invalid(
                f"{key!r} is given twice, the second time in {source}. Give it once in dvc.yaml's vars and params"
            )
        else:
            into[key] = copy.deepcopy(value)


def resolve(value: Any, values: Values, where: str) -> Any:
    """A value with its `${…}` filled in, in keys too. A text that is nothing but one gives the value itself.

    Raises:
        Invalid: A name is not there, or a list or mapping stands where text is wanted; names the place.
    """
    if isinstance(value, dict):
        return {resolve(key, values, where): resolve(inner, values, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, values, where) for inner in value]
    return resolve_text(value, values, where) if isinstance(value, str) else value


def resolve_text(text: str, values: Values, where: str, *, is_command: bool = False) -> Any:
    """As `resolve`, of one text. In a command a mapping becomes options: `--key value`."""
    found = list(_EXPRESSION.finditer(text))
    if len(found) == 1 and found[0].group(0) == text and not is_command:
        return copy.deepcopy(select(values, found[0]["inner"], where))
    made, at = "", 0
    for match in found:
        value = select(values, match["inner"], where)
        if isinstance(value, (dict, list)) and not (is_command and isinstance(value, dict)):
            raise Invalid(
                f"{where}: {match.group(0)} is a {type(value).__name__}; only texts and numbers go into a text"
            )
        made += text[at : match.start()] + as_text(value)
        at = match.end()
    return (made + text[at:]).replace(r"\${", "${")


def resolve_command(cmd: Any, values: Values, where: str) -> Any:
    """The command lines of a stage, filled in."""
    if isinstance(cmd, list):
        return [resolve_command(line, values, where) for line in cmd]
    return resolve_text(cmd, values, where, is_command=True) if isinstance(cmd, str) else cmd


def select(values: Any, expression: str, where: str) -> Any:
    """What `a.b[0]` names. Raises Invalid."""
    if not _WORDS.fullmatch(expression):
        raise Invalid(f"{where}: ${{{expression}}} cannot be read. Write it like ${{a.b}} or ${{a[0]}}")
    found = pick(values, expression.replace("[", ".").replace("]", ""))
    if found is MISSING:
        raise Invalid(f"{where}: there is no {expression!r} among the variables. Add it to params.yaml or vars")
    return found


MISSING: Any = object()


def pick(values: Any, dotted: str) -> Any:
    """The value at a dotted key, digits counting into lists; MISSING when there is none."""
    for word in dotted.split("."):
        if isinstance(values, list) and word.lstrip("-").isdigit() and -len(values) <= int(word) < len(values):
            values = values[int(word)]
        elif isinstance(values, dict) and word in values:
            values = values[word]
        elif isinstance(values, dict) and word.isdigit() and int(word) in values:
            values = values[int(word)]
        else:
            return MISSING
    return values


def as_text(value: Any) -> str:
    """A value as it stands in a text: `true` and `false`, mappings as options of a command."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return " ".join(option for key, inner in _flat(value) for option in _options(key, inner))
    return str(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, inner in value.items():
        found += _flat(inner, f"{prefix}{key}.") if isinstance(inner, dict) else [(f"{prefix}{key}", inner)]
    return found


def _options(key: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{key}"] if value else []
    if isinstance(value, str):
        return [f"--{key} {shlex.quote(value)}"]
    if isinstance(value, list):
        words = [shlex.quote(item) if isinstance(item, str) else str(item) for item in value]
        return [f"--{key} {' '.join(words)}"]
    return [f"--{key} {value}"]
