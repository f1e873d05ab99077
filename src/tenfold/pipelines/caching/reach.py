"""What running a function may reach of the user's project, walked by the names that its code reads."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import sys
import types
from pathlib import Path
from typing import Any

from tenfold.base.hashing import digest, json_digest
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.caching.names import (
    annotated_names,
    blind_spots,
    bytecode,
    imports_in,
    names_of,
    read_names,
    step_decorators,
)
from tenfold.pipelines.caching.project import file_digest, is_own, is_own_code, is_own_file, own_module
from tenfold.pipelines.caching.source import bindings_of, class_definition, definition_of, normal, text_of
from tenfold.pipelines.values.skeleton import encode, module_name

_VOLATILE = {"cache_token", "dispatch_cache"}
"""What functools.singledispatch remembers of its calls."""


class Reach:
    """Walks from a function over what it names.

    `pieces` maps each thing reached to what stands for it in the digest, `sources` to its text for people, and `blind`
    says what was seen whose code cannot be known before it runs.
    """

    def __init__(self, function: Any) -> None:
        self.pieces: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.blind: list[str] = []
        self._seen: set[Any] = set()
        self._alive: list[Any] = []
        self._opaque = False
        self.function(function)

    # Functions

    def function(self, given: Any) -> None:
        """A function's own text, what it closes over, and what it names."""
        function = _unwrapped(given)
        if not isinstance(function, types.FunctionType) or self._was_seen(function):
            return
        code = function.__code__
        place = module_name(str(function.__globals__.get("__name__", "")))
        name = self._free(f"{place}:{code.co_qualname}")
        node = definition_of(code) if is_own_code(code) else None
        if node is not None:
            self.pieces[name] = normal(node, drop_decorators=step_decorators(node, function.__globals__))
            self.sources[name] = text_of(code.co_filename, node)
        else:
            self.pieces[name] = bytecode(code) if is_own_code(code) else "installed"
        self._held(name, function)
        if is_own_code(code):
            self._named(code, function.__globals__, node)

    def _held(self, name: str, function: types.FunctionType) -> None:
        """Default values, closures, attributes, and the function it wraps."""
        for position, value in enumerate(function.__defaults__ or ()):
            self.value(f"{name}(default {position})", value)
        for key, value in sorted((function.__kwdefaults__ or {}).items()):
            self.value(f"{name}(default {key})", value)
        for key, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                if isinstance(cell.cell_contents, types.FunctionType):
                    self.function(cell.cell_contents)
                elif key not in _VOLATILE:
                    self.value(f"{name}(closure {key})", cell.cell_contents)
            except ValueError:  # an empty cell: the name is not bound yet
                self.pieces[f"{name}(closure {key})"] = "unbound"
        for key, value in sorted(vars(function).items()):
            if key == "__wrapped__":
                self.function(value)
            elif not key.startswith("__"):
                self.value(f"{name}.{key}", value)

    def _named(self, code: types.CodeType, scope: dict[str, Any], node: Any) -> None:
        """Follow the global names a code object reads, its inner functions' too, and the modules it imports."""
        used = names_of(code)
        if node is not None:
            used |= annotated_names(node)
        for name in sorted(used):
            if name in scope:
                self.global_name(scope, name, used)
        if node is None:
            return
        self.blind += blind_spots(node, module_name(scope.get("__name__", "")))
        for name, attributes in imports_in(node):
            module = own_module(name, scope.get("__package__") or "")
            if module is not None:
                self.module(module, used | attributes)

    def _free(self, name: str) -> str:
        """The name, with a number when another thing has it: lambdas, and functions that a decorator makes, share one."""
        found = name
        for number in range(2, len(self.pieces) + 3):
            if found not in self.pieces:
                break
            found = f"{name} {number}"
        return found

    # Names and values

    def global_name(self, scope: dict[str, Any], name: str, used: frozenset[str] = frozenset()) -> None:
        """What a module's name stands for. What has no content of its own counts by the statements that bind it."""
        value = scope[name]
        known = f"{module_name(scope.get('__name__', ''))}:{name}"
        if isinstance(value, types.ModuleType):
            self.value(known, value, used)
            return
        if ("name", id(scope), name) in self._seen:
            return
        self._seen.add(("name", id(scope), name))
        before, self._opaque = self._opaque, False
        self.value(known, value, used)
        if self._opaque:
            self._binding(scope, name)
        self._opaque = before

    def _binding(self, scope: dict[str, Any], name: str) -> None:
        file = str(scope.get("__file__") or "")
        if not file or not is_own_file(file):
            return
        known = f"{module_name(scope.get('__name__', ''))}:{name}(bound)"
        if known in self.pieces:
            return
        found = [node for node in bindings_of(file, name) if not isinstance(node, ast.Import)]
        self.pieces[known] = "\n".join(normal(node) for node in found)
        self.sources[known] = "\n".join(text_of(file, node) for node in found)
        for node in found:
            if isinstance(node, ast.ImportFrom):
                module = own_module("." * node.level + (node.module or ""), scope.get("__package__") or "")
                for alias in node.names:
                    if module is not None and (alias.asname or alias.name) == name:
                        self._binding(vars(module), alias.name)
                continue
            used = read_names(node)
            for other in sorted(used & scope.keys() - {name}):
                self.global_name(scope, other, used)

    def value(self, name: str, value: Any, used: frozenset[str] = frozenset()) -> None:
        """A value that a name, a default or a closure holds."""
        if isinstance(value, Step):
            self.pieces[f"{name} is"] = _called(value.function)
            if is_own(sys.modules.get(value.function.__module__)):
                self.function(value.function)
        elif isinstance(value, types.ModuleType):
            self.pieces[name] = f"module {module_name(value.__name__)}"
            self.module(value, used)
        elif isinstance(value, type):
            self.pieces[f"{name} is"] = _called(value)
            self.klass(value)
        elif isinstance(value, functools.partial):
            self.value(f"{name}(of)", value.func, used)
            self.pieces[f"{name}(arguments)"] = self._content([list(value.args), dict(value.keywords)])
        elif isinstance(value, types.MethodType):
            self.value(name, value.__func__, used)
            if not isinstance(value.__self__, type):
                self.pieces[f"{name}(of)"] = self._content(value.__self__)
        elif _is_callable(value):
            self.pieces[f"{name} is"] = _called(value)
            self._callable(name, value)
        else:
            self.pieces[name] = self._content(value)
            self.sources.setdefault(name, f"{name.rpartition(':')[2]} = {_shown(value)}")

    def _callable(self, name: str, value: Any) -> None:
        module = sys.modules.get(getattr(value, "__module__", None) or "")
        if isinstance(_unwrapped(value), types.FunctionType):
            if is_own(module) or is_own(sys.modules.get(_unwrapped(value).__module__)):
                self.function(value)
        elif is_own(module):  # compiled: its file stands for it
            self.pieces[name] = f"{_called(value)} {file_digest(getattr(module, '__file__', None) or '')}"

    def module(self, module: types.ModuleType, used: frozenset[str]) -> None:
        """Those of a module's names that are used; again for other names."""
        if not is_own(module) or ("module", id(module), used) in self._seen:
            return
        self._seen.add(("module", id(module), used))
        scope = vars(module)
        if "__getattr__" in scope:  # a lazy module: its names are there once asked for
            for name in used - scope.keys():
                with contextlib.suppress(Exception):
                    scope.setdefault(name, getattr(module, name))
        for name in sorted(used & scope.keys()):
            if scope[name] is not module:
                self.global_name(scope, name, used)

    def klass(self, cls: type) -> None:
        """A class: its text, its bases, its attributes' values, and what its methods reach."""
        module = sys.modules.get(cls.__module__)
        if not is_own(module) or self._was_seen(cls):
            return
        name = self._free(f"{module_name(cls.__module__)}:{cls.__qualname__}")
        node = class_definition(cls)
        self.pieces[name] = normal(node) if node is not None else cls.__qualname__
        if node is not None:
            self.sources[name] = text_of(getattr(module, "__file__", None) or "", node)
            scope = vars(module)
            for other in sorted(read_names(node) & scope.keys()):
                self.global_name(scope, other)
        for base in (*cls.__bases__, type(cls)):
            self.klass(base)
        for key, member in sorted(vars(cls).items()):
            self._member(cls, f"{name}.{key}", key, member)

    def _member(self, cls: type, name: str, key: str, member: Any) -> None:
        inner = [getattr(member, part, None) for part in ("__func__", "fget", "fset", "fdel", "func")]
        functions = [_unwrapped(one) for one in (member, *inner) if isinstance(_unwrapped(one), types.FunctionType)]
        for function in functions:
            inside = function.__qualname__.startswith(f"{cls.__qualname__}.")
            if not inside:
                self.function(function)
            elif not self._was_seen(function) and is_own_code(function.__code__):
                self._held(name, function)
                self._named(function.__code__, function.__globals__, definition_of(function.__code__))
        slot = isinstance(member, (types.MemberDescriptorType, types.GetSetDescriptorType))
        if not functions and not slot and not key.startswith("_abc_") and not (key[:2] == key[-2:] == "__"):
            self.value(name, member)

    def _content(self, value: Any) -> str:
        """What stands for a constant: its content, through containers and objects of the project's classes.

        Of other objects only the type counts here; `opaque` is set, so that the text which binds them counts.
        """

        def by_content(part: Any) -> Any:
            if hasattr(part, "dtype") and hasattr(part, "tobytes"):
                return [str(part.dtype), list(getattr(part, "shape", ())), digest(part.tobytes())]
            if isinstance(part, Path):
                return str(part)
            if isinstance(part, re.Pattern):
                return [str(part.pattern), int(part.flags)]
            kind = type(part)
            if isinstance(part, (type, types.ModuleType, functools.partial, types.MethodType, Step)):
                self.value(f"in {_called(part)}", part)
                return _called(part)
            if _is_callable(part):
                self._callable(f"in {_called(part)}", part)
                return _called(part)
            self.klass(kind)
            if is_own(sys.modules.get(kind.__module__)) and not isinstance(part, (list, set)):
                return [_called(kind), self._state(part, by_content)]
            self._opaque = True
            return _called(kind)

        try:
            found = json_digest(_sorted(encode(value, by_content)))
        except Exception:  # a value's own attributes and properties may raise anything
            self._opaque = True
            found = _called(type(value))
        self.klass(type(value))
        return found

    def _state(self, part: Any, by_content: Any) -> Any:
        if self._was_seen(part):
            return "seen"
        slots = [name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(part, name)]
        state = {**getattr(part, "__dict__", {}), **{name: getattr(part, name) for name in slots if name != "__dict__"}}
        held = [[key, dict.get(part, key)] for key in part] if isinstance(part, dict) else []
        return encode([state, held], by_content)

    def _was_seen(self, thing: Any) -> bool:
        if id(thing) in self._seen:
            return True
        self._seen.add(id(thing))
        self._alive.append(thing)  # so that its id is not given to another
        return False


def _unwrapped(given: Any) -> Any:
    """The Python function under what a decorator of the standard library or a compiler made of it."""
    for _ in range(20):
        if isinstance(given, (types.FunctionType, type)):
            return given
        inner = (
            getattr(given, "__func__", None) or getattr(given, "__wrapped__", None) or getattr(given, "py_func", None)
        )
        if inner is None or not callable(inner):
            return given
        given = inner
    return given


def _is_callable(value: Any) -> bool:
    """True for functions and what stands for one; an object of the project's class with `__call__` is an object."""
    plain = (types.FunctionType, types.BuiltinFunctionType, types.MethodWrapperType, types.WrapperDescriptorType)
    return isinstance(value, plain) or (callable(value) and hasattr(value, "__qualname__"))


def _called(value: Any) -> str:
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{module_name(getattr(named, '__module__', None) or '')}.{getattr(named, '__qualname__', '')}"


def _sorted(given: Any) -> Any:
    """A skeleton whose dicts do not tell the order of their keys."""
    if isinstance(given, list):
        return [_sorted(item) for item in given]
    if not isinstance(given, dict):
        return given
    plain = {name: _sorted(item) for name, item in given.items()}
    if plain.get("$") == "dict" and isinstance(plain.get("v"), list):
        plain["v"] = sorted(plain["v"], key=json_digest)
    return plain


def _shown(value: Any) -> str:
    try:
        said = repr(value)
    except Exception:  # a repr of the user's own may raise anything
        return f"<{type(value).__qualname__}>"
    said = re.sub(r" at 0x[0-9a-f]+", "", said)
    return said if len(said) <= 500 else f"{said[:500]} …"
