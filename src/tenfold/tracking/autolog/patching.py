"""Functions of libraries put aside and put back; modules wrapped when they are imported."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Watch = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""Called with (the function itself, positional arguments, keyword arguments) in place of the function."""

_MISSING = object()


class Patches:
    """Attributes that were replaced, to be given back together."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Set an attribute of a class or module, and remember what it was."""
        before = vars(owner).get(name, _MISSING)
        setattr(owner, name, new)
        self._done.append((owner, name, before, vars(owner)[name]))

    def wrap(self, owner: Any, name: str, watch: Watch) -> None:
        """Let `watch` stand before a function. What is no plain function, or is wrapped already, is left as it is."""
        original = vars(owner).get(name)
        if inspect.isfunction(original) and not hasattr(original, "__tenfold__"):
            self.replace(owner, name, _wrapped(original, watch))

    def wrap_subclasses(self, base: Any, name: str, watch: Watch) -> None:
        """The same for a method of every subclass that there is and that will be."""
        own = vars(base).get("__init_subclass__")

        def init_subclass(cls: Any, /, **given: Any) -> None:
            if own is not None:
                own.__get__(None, cls)(**given)
            else:
                super(base, cls).__init_subclass__(**given)
            self.wrap(cls, name, watch)

        self.replace(base, "__init_subclass__", classmethod(init_subclass))
        for cls in (base, *_below(base)):
            self.wrap(cls, name, watch)

    def undo(self) -> None:
        """Give everything back; what somebody else has wrapped since stays, and its inner part does nothing more."""
        for owner, name, before, ours in reversed(self._done):
            if vars(owner).get(name) is not ours:
                continue
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._done.clear()


class Waiting(MetaPathFinder):
    """Calls back after a module's import; at once when it is there."""

    def __init__(self) -> None:
        self._calls: dict[str, Callable[[], None]] = {}

    def when_imported(self, module: str, call: Callable[[], None]) -> None:
        """Call once the module is imported."""
        if module in sys.modules:
            call()
            return
        self._calls[module] = call
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def forget(self, module: str) -> None:
        """Wait for a module no more."""
        self._calls.pop(module, None)
        if not self._calls and self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders give, with a loader that calls back when it has run the module."""
        if fullname not in self._calls:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find is not None and finder is not self else None
            if spec is not None:
                self._listen(fullname, spec.loader)
                return spec  # type: ignore[no-any-return]
        return None

    def _listen(self, module: str, loader: Any) -> None:
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        @functools.wraps(execute)
        def exec_module(found: ModuleType) -> None:
            execute(found)
            call = self._calls.get(module)
            self.forget(module)
            if call is not None:
                call()

        loader.exec_module = exec_module


def arguments_of(
    function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> inspect.BoundArguments | None:
    """A call's arguments by name; None when the function cannot be called so, which it says best itself."""
    try:
        return inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return None


def _wrapped(original: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return watch(original, args, kwargs)

    wrapper.__dict__["__tenfold__"] = True
    return wrapper


def _below(base: type) -> Iterator[type]:
    cls: type
    for cls in type.__subclasses__(base):
        yield cls
        yield from _below(cls)
