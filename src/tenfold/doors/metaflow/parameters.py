"""What a flow's class declares to be given: `Parameter`, `IncludeFile`, `Config`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid

_given: ContextVar[Mapping[str, str]] = ContextVar("tenfold_metaflow_configs", default={})  # noqa: B039 - never changed


@contextmanager
def with_configs(texts: Mapping[str, str]) -> Iterator[None]:
    """`Config`s declared inside have these contents, by name."""
    token = _given.set(texts)
    try:
        yield
    finally:
        _given.reset(token)


class JSONTypeClass:
    """Type of a parameter that is given as JSON: `JSONType`."""


JSONType = JSONTypeClass()


class Parameter:
    """A parameter of a flow, as its class declares it."""

    KNOWN = frozenset({"default", "type", "required", "help", "show_default", "is_flag", "separator", "multiple"})

    def __init__(self, name: str, **options: Any) -> None:
        unknown = options.keys() - self.KNOWN
        if unknown or options.get("multiple"):
            odd = min(unknown, default="multiple")
            raise Invalid(f"{type(self).__name__} {name!r}: its option {odd!r} is not taken over. Leave it out")
        self.name, self.options = name, options

    def __getitem__(self, key: Any) -> Any:
        """Never called: in a step the attribute is the value."""


class IncludeFile(Parameter):
    """A parameter that names a file; steps see what is in it."""

    KNOWN = frozenset({"default", "is_text", "encoding", "required", "help", "show_default", "parser"})

    def read(self, path: str) -> Any:
        """What is in the file. Raises Invalid when it cannot be read."""
        options = self.options
        try:
            content: Any = Path(path).expanduser().read_bytes()
            if options.get("is_text") in (None, True):
                content = content.decode(options.get("encoding") or "utf-8")
        except (OSError, UnicodeError) as error:
            raise Invalid(f"Parameter {self.name!r}: {path} cannot be read: {error}", field=self.name) from error
        return parsed(options["parser"], content) if options.get("parser") else content


class ConfigValue(dict[str, Any]):
    """A configuration whose items are attributes too. It cannot be changed."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({key: _wrapped(value) for key, value in data.items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("ConfigValue is immutable")

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError("ConfigValue is immutable")

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        made: dict[str, Any] = plain(self)
        return made


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return ConfigValue(value)
    return [_wrapped(item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """A configuration as dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class Config(Parameter):
    """A configuration: known while the class is made, so that decorators may read it."""

    KNOWN = frozenset({"default", "default_value", "required", "help", "parser", "show_default", "plain"})

    def __init__(self, name: str, default: Any = None, default_value: Any = None, **options: Any) -> None:
        super().__init__(name, default=default, default_value=default_value, **options)
        self.value = self._found()

    def _found(self) -> Any:
        options, content = self.options, _given.get().get(self.name)
        if content is None and options["default"] is not None:
            default = options["default"](None) if callable(options["default"]) else options["default"]
            path = Path(default)
            if not path.is_file() and options["default_value"] is None:
                raise Invalid(f"Config {self.name!r}: there is no file {path}. Give --config {self.name}=FILE")
            content = path.read_text() if path.is_file() else None
        if content is None:
            content = options["default_value"]
            content = content(None) if callable(content) else content
        if content is None:
            if options.get("required"):
                raise Invalid(f"Config {self.name!r} is required. Give --config {self.name}=FILE", field="config")
            return None
        if isinstance(content, str):
            content = self._read(content)
        return content if options.get("plain") else _wrapped(content)

    def _read(self, text: str) -> Any:
        if self.options.get("parser"):
            return parsed(self.options["parser"], text)
        try:
            return json.loads(text)
        except ValueError as error:
            raise Invalid(f"Config {self.name!r} is no JSON: {error}. Give it a parser", field="config") from error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "value":
            raise AttributeError(name)
        return getattr(self.value, name)

    def __getitem__(self, key: Any) -> Any:
        return self.value[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def keys(self) -> Any:
        """So that `**config` works."""
        return self.value.keys()


class Delayed:
    """An expression over configs that a decorator of the flow's class asks for, before they are declared."""

    def __init__(self, expression: str, scope: dict[str, Any]) -> None:
        self.expression, self.scope = expression, scope

    def value(self, flow: type) -> Any:
        """What it gives for a flow. Raises Invalid."""
        try:
            return eval(self.expression, {**self.scope, **vars(flow)})
        except Exception as error:
            raise Invalid(f"config_expr({self.expression!r}) failed: {type(error).__name__}: {error}") from error


def config_expr(expression: str) -> Any:
    """The value of an expression over the configs declared so far in the class's body; before it, when it is known."""
    frame = sys._getframe(1)
    made = Delayed(expression, {**frame.f_globals, **frame.f_locals})
    if "__qualname__" in frame.f_locals:
        return made.value(type("_", (), {}))
    return made


def parsed(parser: str | Callable[[Any], Any], content: Any) -> Any:
    """What a parser, or the one of a dotted name, makes of a file's content."""
    if isinstance(parser, str):
        module, _, name = parser.rpartition(".")
        if not module or parser.startswith("."):
            raise Invalid(
                f"The parser {parser!r} is no package.module.function. Name one like that, or pass a function"
            )
        parser = getattr(importlib.import_module(module), name)
    return parser(content)  # type: ignore[operator]
