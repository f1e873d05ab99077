"""YAML 1.2 as DVC reads and writes it: `yes` is a word, `1e5` is a number, an empty value is null.

Files are written to the byte as DVC's own library (ruamel.yaml) writes them; tests hold the two side by side.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import yaml

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.base.files import write_atomic

_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WIDTH = 80
_COMMON = re.compile(r"[ !#-&(-~]*")
"""Printable ASCII without quotes."""

_FORMS = [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)"
        r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("int", r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+", "-+0123456789"),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    (
        "timestamp",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{2}?-[0-9]{2}?(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
        r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
        "0123456789",
    ),
    ("value", r"=", "="),
]
"""What a plain scalar may mean in YAML 1.2 (chapter 10.3), with the forms DVC's library takes beside it."""


class _Loader(_Fast):  # type: ignore[misc]
    """Safe, with the words of YAML 1.2."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _name, _form, _first in _FORMS:
        _starts = [*_first, ""] if _name == "null" else list(_first)
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_form})$"), _starts)


def _read_int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
    return sign * int(digits[2:] if base != 10 else digits, base)


def _read_float(loader: Any, node: Any) -> float:
    text = loader.construct_scalar(node).replace("_", "").lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _write_none(dumper: Any, value: None) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:null", "")


def _write_float(dumper: Any, value: float) -> Any:
    text = repr(value).lower()
    special = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}
    return dumper.represent_scalar("tag:yaml.org,2002:float", special.get(text, text))


_Loader.add_constructor("tag:yaml.org,2002:int", _read_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _read_float)
_Dumper.add_representer(type(None), _write_none)
_Dumper.add_representer(float, _write_float)


def load(text: str, name: str = "the text") -> Any:
    """The value of a YAML 1.2 document; None for an empty one. Raises Invalid naming file, line and column."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or "it is not YAML"
        raise Invalid(f"{name}{where}: {what}. Mend it and try again") from error


def read(path: Path) -> Any:
    """The value of a YAML file; None for an empty one. Raises Invalid naming file, line and column."""
    try:
        return load(path.read_text("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise Invalid(f"{path} is not UTF-8: {error}. Mend it and try again") from error


def dump(value: Any) -> str:
    """A value as DVC writes it: block style, keys in the order given, lines folded at 80 columns.

    Raises:
        MissingExtra: It has a text that only ruamel.yaml writes as DVC does (quotes, several lines), and that is not installed.
    """
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
    if all(len(line) <= _WIDTH for line in text.splitlines()) and _is_common(value):
        return text
    return _emit(_editor(), value)


def write(path: Path, value: Any) -> bool:
    """Write a value, keeping the comments of the file that is there; False when it says that already.

    Raises:
        MissingExtra: The file has comments or a layout of its own, and ruamel.yaml, which keeps them, is not installed.
    """
    old = path.read_text("utf-8") if path.exists() else None
    if old is None:
        text = dump(value)
    else:
        before = load(old, str(path))
        if before == value and list(before) == list(value):
            return False
        text = dump(value) if dump(before) == old else _keeping_layout(old, value)
    if text == old:
        return False
    write_atomic(path, text.encode("utf-8"), durable=False)
    return True


def _keeping_layout(old: str, value: Any) -> str:
    editor = _editor()
    kept = editor.load(old)
    _apply(value, kept)
    return _emit(editor, kept)


def _editor() -> Any:
    ruamel = require("ruamel.yaml", extra="dvc", why="write this YAML file to the byte as DVC does")
    editor = ruamel.YAML()
    editor.default_flow_style = False
    return editor


def _emit(editor: Any, value: Any) -> str:
    stream = io.StringIO()
    editor.dump(value, stream)
    return stream.getvalue()


def _is_common(value: Any) -> bool:
    """True when PyYAML and ruamel.yaml write it alike; 40 times quicker, and true of nearly every .dvc file."""
    if isinstance(value, str):
        return _COMMON.fullmatch(value) is not None
    if isinstance(value, dict):
        return all(key != "" and _is_common(key) and _is_common(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(inner is not None and _is_common(inner) for inner in value)
    return True


def _apply(wanted: Any, kept: Any) -> None:
    """Make `kept`, which carries comments, equal to `wanted`, touching only what differs."""
    if isinstance(wanted, dict):
        for key in [key for key in kept if key not in wanted]:
            del kept[key]
        pairs: list[tuple[Any, Any]] = list(wanted.items())
    else:
        if len(kept) != len(wanted):
            kept[:] = wanted
            return
        pairs = list(enumerate(wanted))
    for key, value in pairs:
        old = kept[key] if not isinstance(wanted, dict) else kept.get(key)
        if isinstance(value, (dict, list)) and type(value) in type(old).__mro__:
            _apply(value, old)
        elif old != value or (isinstance(wanted, dict) and key not in kept):
            kept[key] = value
