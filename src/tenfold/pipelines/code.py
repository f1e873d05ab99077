"""The digest of a step's code: its own syntax tree and that of everything of the project it reaches.

Followed: functions, classes and their bases, steps, modules' attributes, constants, closures, default values, imports
inside the body. Not followed: the standard library, installed distributions, Tenfold itself. Comments, formatting and
docstrings do not count, nor the options of `@step`.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from tenfold.base.errors import TenfoldError
from tenfold.base.hashing import canonical_json, digest, json_digest
from tenfold.pipelines.programs.definition import program_digest, program_source
from tenfold.pipelines.steps import Step
from tenfold.pipelines.values.skeleton import encode, module_name

_FOREIGN = tuple(
    f"{os.path.realpath(path)}{os.sep}" for path in {*sysconfig.get_paths().values(), str(Path(__file__).parents[1])}
)


def code_digest(step: Step[..., Any]) -> str:
    """Content id of all code that running the step may reach."""
    if step.program:
        return program_digest(step.program)
    return digest(canonical_json(sorted(_Reach(step).pieces.items())))


def step_source(step: Step[..., Any]) -> str:
    """The step's own source as it stands in its file, or '' when there is none to read."""
    if step.program:
        return program_source(step.program)
    code = _code_of(step.function)
    lines = _lines(code.co_filename) if code else []
    node = _definition(code) if code else None
    return "\n".join(lines[_first_line(node) - 1 : node.end_lineno]) if node is not None else ""


class _Reach:
    """Walks from a step over what it names; `pieces` maps each thing reached to what stands for it in the digest."""

    def __init__(self, step: Step[..., Any]) -> None:
        self.pieces: dict[str, str] = {}
        self.seen: set[int] = set()
        self.function(step.function, is_step=True)

    def function(self, function: Any, *, is_step: bool = False) -> None:
        function = (
            getattr(function, "__wrapped__", function) if not isinstance(function, types.FunctionType) else function
        )
        if not isinstance(function, types.FunctionType) or id(function) in self.seen:
            return
        self.seen.add(id(function))
        name = f"{module_name(function.__module__)}:{function.__qualname__}"
        self.pieces[name] = _code_text(function.__code__, drop_step=is_step)
        for position, value in enumerate(function.__defaults__ or ()):
            self.value(f"{name}(default {position})", value)
        for key, value in sorted((function.__kwdefaults__ or {}).items()):
            self.value(f"{name}(default {key})", value)
        for key, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                self.value(f"{name}(closure {key})", cell.cell_contents)
            except ValueError:  # an empty cell: the name is not bound yet
                self.pieces[f"{name}(closure {key})"] = "unbound"
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self.function(wrapped)
        self.names(function.__code__, function.__globals__)

    def names(self, code: types.CodeType, scope: dict[str, Any]) -> None:
        """Follow the global names a code object reads, its inner functions' too, and the modules it imports."""
        used = _names(code)
        for name in sorted(used):
            if name in scope:
                self.value(f"{module_name(scope.get('__name__', ''))}:{name}", scope[name], used)
        node = _definition(code)
        for module, attributes in _imports(node, scope) if node is not None else ():
            self.module(module, used | attributes)

    def value(self, name: str, value: Any, used: frozenset[str] = frozenset()) -> None:
        if isinstance(value, Step):
            if is_own(sys.modules.get(value.function.__module__)):
                self.function(value.function, is_step=True)
        elif isinstance(value, types.ModuleType):
            self.module(value, used)
        elif isinstance(value, type):
            self.klass(value)
        elif callable(value) and hasattr(value, "__module__"):
            if isinstance(value, functools.partial):
                self.value(f"{name}(of)", value.func, used)
                self.value(f"{name}(arguments)", [list(value.args), dict(value.keywords)])
            elif is_own(sys.modules.get(value.__module__ or "")):
                self.function(getattr(value, "__func__", value))
                self.klass(type(value))
            else:
                self.pieces[name] = f"{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)}"
        else:
            self.pieces[name] = _constant(value)
            self.klass(type(value))

    def module(self, module: types.ModuleType, used: frozenset[str]) -> None:
        if not is_own(module):
            return
        for name in sorted(used & vars(module).keys()):
            value = vars(module)[name]
            if value is not module and id(value) not in self.seen:
                if isinstance(value, types.ModuleType):
                    self.seen.add(id(value))
                self.value(f"{module_name(module.__name__)}:{name}", value, used)

    def klass(self, cls: type) -> None:
        if id(cls) in self.seen or not is_own(sys.modules.get(cls.__module__)):
            return
        self.seen.add(id(cls))
        name = f"{module_name(cls.__module__)}:{cls.__qualname__}"
        self.pieces[name] = _class_text(cls)
        for base in cls.__bases__:
            self.klass(base)
        for member in vars(cls).values():
            inner = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(inner, types.FunctionType):
                self.names(inner.__code__, inner.__globals__)


def is_own(module: types.ModuleType | None) -> bool:
    """True for a module of the user's project: it has a file, outside the standard library and installed packages."""
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return module is not None and module.__name__ == "__main__"
    return _is_own_file(file)


@functools.cache
def _is_own_file(file: str) -> bool:
    return not os.path.realpath(file).startswith(_FOREIGN)


def own_sources() -> list[tuple[str, int, int]]:
    """(file, modification time in ns, size) of the project's modules that this process has imported, sorted."""
    found = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and _is_own_file(file):
            with contextlib.suppress(OSError):
                found.append((file, *_stamp(file)))
    return sorted(found)


def _names(code: types.CodeType) -> frozenset[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return frozenset(found)


def _imports(node: ast.AST, scope: dict[str, Any]) -> Iterator[tuple[types.ModuleType, frozenset[str]]]:
    """Modules of the project that a body imports, each with the names it takes from it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            wanted = [(alias.name, frozenset[str]()) for alias in inner.names]
        elif isinstance(inner, ast.ImportFrom):
            package = "." * inner.level + (inner.module or "")
            wanted = [(package, frozenset(alias.name for alias in inner.names))]
        else:
            continue
        for name, attributes in wanted:
            module = _own_module(name, scope.get("__package__") or "")
            if module is not None:
                yield module, attributes


def _own_module(name: str, package: str) -> types.ModuleType | None:
    try:
        full = importlib.util.resolve_name(name, package or None)
        # first the outermost package: looking for `sklearn.metrics` itself would import sklearn, which takes seconds
        for name in (full.partition(".")[0], full):
            if name not in sys.modules and not _is_own_spec(importlib.util.find_spec(name)):
                return None
        module = importlib.import_module(full)
    except (ImportError, ValueError):
        return None
    return module if is_own(module) else None


def _is_own_spec(spec: ModuleSpec | None) -> bool:
    if spec is None:
        return False
    places = [spec.origin] if spec.origin is not None else list(spec.submodule_search_locations or ())
    return any(_is_own_file(place) for place in places)


def _constant(value: Any) -> str:
    """What stands for a constant: its content when it has one that can be written, else only its type."""

    def by_content(part: Any) -> Any:
        if hasattr(part, "dtype") and hasattr(part, "tobytes"):
            return [str(part.dtype), list(getattr(part, "shape", ())), digest(part.tobytes())]
        if isinstance(part, Path):
            return str(part)
        return f"{type(part).__module__}.{type(part).__qualname__}"

    try:
        return json_digest(encode(value, by_content))
    except (TenfoldError, TypeError, ValueError):
        return f"{type(value).__module__}.{type(value).__qualname__}"


def _code_text(code: types.CodeType, *, drop_step: bool) -> str:
    node = _definition(code)
    return _bytecode(code) if node is None else _normal(node, drop_step=drop_step)


def _bytecode(code: types.CodeType) -> str:
    inner = [_bytecode(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return json_digest([code.co_code.hex(), list(code.co_names), inner])


def _class_text(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    wanted = cls.__qualname__.rpartition("<locals>.")[2].split(".")
    found: ast.AST | None = _tree(getattr(module, "__file__", None) or "")
    if found is not None and "<locals>" in cls.__qualname__:
        found = next((n for n in ast.walk(found) if isinstance(n, ast.ClassDef) and n.name == wanted[0]), None)
        wanted = wanted[1:]
    for name in wanted:
        inside = getattr(found, "body", [])
        found = next((n for n in inside if isinstance(n, ast.ClassDef) and n.name == name), None)
    return _normal(found, drop_step=False) if isinstance(found, ast.ClassDef) else cls.__qualname__


def _normal(node: ast.AST, *, drop_step: bool) -> str:
    """The syntax tree as text, without places, docstrings and (for a step) its own decorator."""
    dropped: dict[int, list[Any]] = {}
    for inner in ast.walk(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if ast.get_docstring(inner, clean=False) is None:
                continue
            dropped[id(inner)] = inner.body
            inner.body = inner.body[1:]
    decorators = getattr(node, "decorator_list", [])
    if drop_step and decorators:
        node.decorator_list = [d for d in decorators if not _is_step(d)]  # type: ignore[attr-defined]
    try:
        return ast.dump(node)
    finally:  # the tree is shared with later questions
        for inner in ast.walk(node):
            if id(inner) in dropped:
                inner.body = dropped[id(inner)]  # type: ignore[attr-defined]
        if drop_step and decorators:
            node.decorator_list = decorators  # type: ignore[attr-defined]


def _is_step(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(target, "attr", getattr(target, "id", "")) == "step"


def _definition(code: types.CodeType) -> Any:
    """The node that defines a function in its file, or None for lambdas and code without a file."""
    tree = _tree(code.co_filename)
    return (
        None
        if tree is None
        else _by_place(code.co_filename, *_stamp(code.co_filename)).get((code.co_name, code.co_firstlineno))
    )


def _code_of(function: Any) -> types.CodeType | None:
    code = getattr(function, "__code__", None)
    return code if isinstance(code, types.CodeType) else None


def _first_line(node: Any) -> int:
    lines: list[int] = [node.lineno, *(d.lineno for d in node.decorator_list)]
    return min(lines)


def _stamp(file: str) -> tuple[int, int]:
    found = Path(file).stat()
    return found.st_mtime_ns, found.st_size


def _tree(file: str) -> ast.Module | None:
    try:
        return _parsed(file, *_stamp(file))
    except (OSError, SyntaxError, ValueError):
        return None


@functools.lru_cache(256)
def _parsed(file: str, mtime_ns: int, size_bytes: int) -> ast.Module:
    return ast.parse(Path(file).read_bytes())


@functools.lru_cache(256)
def _by_place(file: str, mtime_ns: int, size_bytes: int) -> dict[tuple[str, int], ast.AST]:
    tree = _parsed(file, mtime_ns, size_bytes)
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {(node.name, _first_line(node)): node for node in functions}


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
